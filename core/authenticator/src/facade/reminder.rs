//! The passphrase, asked for at growing intervals, so that it is known on the day that nothing else opens the vault.

use countersign_protocol::Id;

use super::Authenticator;
use crate::vault::proof::SlotProof;
use crate::vault::{SlotKind, VaultError};
use crate::{Error, Secret};

/// When the person is to be asked for the passphrase, while something else still opens the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassphraseReminder {
    /// Whether it is time to ask.
    pub is_due: bool,
    /// When it was last typed rightly, Unix seconds; `None` if that isn't known.
    pub typed_at: Option<u64>,
    /// When it is time to ask, Unix seconds; `None` if it was never typed, which is now.
    pub due_at: Option<u64>,
}

/// Days until the next reminder, after so many that were answered rightly.
const INTERVALS_DAYS: [u64; 7] = [1, 3, 7, 14, 30, 60, 90];
const DAY: u64 = 86_400;

impl Authenticator {
    /// When the person is to be asked for the passphrase; `None` if the vault has none. A shell asks when it is due and the
    /// person has a moment, and never insists.
    ///
    /// # Errors
    ///
    /// [`Error::Vault`].
    pub fn passphrase_reminder(&self) -> Result<Option<PassphraseReminder>, Error> {
        let mut proofs = Vec::new();
        for slot in self.parts.vault.slots()? {
            if slot.kind == SlotKind::Passphrase && !slot.damaged {
                proofs.push(self.parts.vault.get::<SlotProof>(slot.id)?.unwrap_or_default());
            }
        }
        let newest = proofs.into_iter().max_by_key(|proof| proof.typed_at);
        Ok(newest.map(|proof| reminder(&proof, self.now_seconds())))
    }

    /// Checks the passphrase that the person typed. Right and due, the time until the next reminder grows.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongKey`] in [`Error::Vault`]: reminders begin anew. The vault stays open, so let the person make
    /// another passphrase now ([`Vault::replace_slot`](crate::vault::Vault::replace_slot)), once the platform has checked
    /// that it is them. [`VaultError::NoSuchSlot`], [`VaultError::Locked`].
    pub fn check_passphrase(&self, passphrase: &Secret) -> Result<PassphraseReminder, Error> {
        match self.parts.vault.check_passphrase(passphrase) {
            Ok(slot) => Ok(self.note_typed(slot)?),
            Err(VaultError::WrongKey) => {
                self.begin_reminders_anew()?;
                Err(VaultError::WrongKey.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts the passphrase that unlocked the vault as typed.
    pub(super) fn note_unlocking(&self) {
        let typed = self.parts.vault.typed().filter(|slot| slot.kind == SlotKind::Passphrase);
        let Some(slot) = typed else { return };
        if let Err(error) = self.note_typed(slot.id) {
            tracing::warn!(code = error.code(), "that the passphrase was typed could not be noted");
        }
    }

    fn note_typed(&self, slot: Id) -> Result<PassphraseReminder, VaultError> {
        let now = self.now_seconds();
        let known = self.parts.vault.get::<SlotProof>(slot)?.unwrap_or_default();
        let typed = typed(known, now);
        if typed != known {
            self.parts.vault.transaction(|tx| tx.put(slot, &typed))?;
        }
        Ok(reminder(&typed, now))
    }

    fn begin_reminders_anew(&self) -> Result<(), VaultError> {
        self.parts.vault.transaction(|tx| {
            for (slot, proof) in tx.list::<SlotProof>()?.items {
                if proof.reminders > 0 {
                    tx.update(slot, &SlotProof { reminders: 0, ..proof })?;
                }
            }
            Ok(())
        })
    }
}

fn reminder(proof: &SlotProof, now: u64) -> PassphraseReminder {
    let days = INTERVALS_DAYS.get(usize::from(proof.reminders)).or(INTERVALS_DAYS.last()).copied();
    let due_at = proof.typed_at.map(|typed| typed.saturating_add(days.unwrap_or(1) * DAY));
    PassphraseReminder { is_due: due_at.is_none_or(|due| due <= now), typed_at: proof.typed_at, due_at }
}

/// After the passphrase was typed rightly. Typed before it was due, it proves less: the interval stays as it is, and is
/// counted from then on once a day has gone by, so that not every unlocking writes.
fn typed(known: SlotProof, now: u64) -> SlotProof {
    let longest = u8::try_from(INTERVALS_DAYS.len() - 1).unwrap_or(u8::MAX);
    match known.typed_at {
        None => SlotProof { typed_at: Some(now), ..known },
        Some(_) if reminder(&known, now).is_due => {
            SlotProof { typed_at: Some(now), reminders: known.reminders.saturating_add(1).min(longest) }
        }
        Some(typed) if now.saturating_sub(typed) >= DAY => SlotProof { typed_at: Some(now), ..known },
        Some(_) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_that_is_known_is_asked_for_ever_less_often() {
        let mut now = 1_000_000;
        let mut proof = typed(SlotProof::default(), now);
        for days in [1, 3, 7, 14, 30, 60, 90, 90, 90] {
            let next = reminder(&proof, now);
            assert_eq!((next.is_due, next.due_at), (false, Some(now + days * DAY)));
            now += days * DAY;
            assert!(reminder(&proof, now).is_due);
            proof = typed(proof, now);
        }
    }

    #[test]
    fn a_passphrase_that_is_typed_every_morning_is_not_asked_for_and_grows_nothing() {
        let mut proof = typed(SlotProof::default(), 0);
        proof = typed(proof, DAY);
        assert_eq!(proof.reminders, 1);
        for day in 2..20 {
            let now = day * DAY;
            assert!(!reminder(&proof, now).is_due);
            proof = typed(proof, now);
        }
        assert_eq!(proof.reminders, 1);
        assert_eq!(typed(proof, 19 * DAY + 60), proof, "no write for each unlocking");
    }

    #[test]
    fn a_passphrase_that_was_never_typed_is_asked_for_at_once() {
        assert_eq!(
            reminder(&SlotProof::default(), 5),
            PassphraseReminder { is_due: true, typed_at: None, due_at: None }
        );
    }

    #[test]
    fn records_of_a_later_version_or_a_turned_clock_are_borne() {
        let proof = SlotProof { typed_at: Some(u64::MAX), reminders: 200 };
        assert!(!reminder(&proof, 5).is_due);
        assert_eq!(typed(proof, 5), proof);
    }
}
