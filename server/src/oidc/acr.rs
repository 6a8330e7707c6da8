//! Authentication context class references: what a sign-in has proven, by a name that relying parties can ask for.

use crate::store::sign_ins::{Method, SignIn};

/// What a sign-in has proven, the strongest first. Each holds wherever one before it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Acr {
    /// Approved on a phone that has checked its person: two factors.
    TwoFactor,
    /// Approved on a phone.
    Phone,
    /// Approved on a phone or by a one-time code.
    OneFactor,
}

impl Acr {
    /// All of them, the strongest first.
    pub(crate) const ALL: [Self; 3] = [Self::TwoFactor, Self::Phone, Self::OneFactor];

    /// Its name, as tokens have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TwoFactor => "urn:countersign:acr:two-factor",
            Self::Phone => "urn:countersign:acr:phone",
            Self::OneFactor => "urn:countersign:acr:one-factor",
        }
    }

    /// The one of this name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.as_str() == text)
    }

    /// The strongest that an approved sign-in fulfils.
    pub(crate) fn of(sign_in: &SignIn) -> Self {
        if sign_in.method != Some(Method::Push) {
            return Self::OneFactor;
        }
        let is_checked = sign_in.amr.as_deref().is_some_and(|amr| amr.split(' ').any(|one| one == "mfa"));
        if is_checked { Self::TwoFactor } else { Self::Phone }
    }

    /// Whether what was proven is enough for this.
    pub(crate) fn is_met_by(self, proven: Self) -> bool {
        proven <= self
    }

    /// Whether a one-time code is enough for this.
    pub(crate) const fn takes_code(self) -> bool {
        matches!(self, Self::OneFactor)
    }
}
