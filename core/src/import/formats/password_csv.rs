//! The CSV that password managers export: Bitwarden (`login_totp`) and KeePassXC (`TOTP`), told by the heading.

use super::bitwarden::entry_of_totp;
use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::Secret;
use crate::import::csv;

pub(super) struct PasswordCsv;

/// For each manager: the columns of codes, title and user name.
const LAYOUTS: [[&str; 3]; 2] = [["login_totp", "name", "login_username"], ["TOTP", "Title", "Username"]];

impl Format for PasswordCsv {
    fn name(&self) -> ImportFormat {
        ImportFormat::PasswordCsv
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        matches!(source, Source::Text(text) if layout(text).is_some())
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let Source::Text(text) = source else { return Err(ImportError::Damaged) };
        let [totp, title, user] = layout(text).ok_or(ImportError::Damaged)?;
        let mut entries = Vec::new();
        for row in csv::rows(text)?.iter().skip(1) {
            let field = |index: usize| row.get(index).map(|field| field.as_str()).unwrap_or_default();
            // Logins without codes aren't entries.
            if !field(totp).trim().is_empty() {
                entries.push(entry_of_totp(field(totp), field(title), field(user)));
            }
        }
        Ok(entries)
    }
}

/// Where the columns are.
fn layout(text: &str) -> Option<[usize; 3]> {
    let heading = csv::rows(text.lines().next()?).ok()?;
    let heading = heading.first()?;
    let column = |name: &str| heading.iter().position(|field| field.as_str() == name);
    LAYOUTS.iter().find_map(|[totp, title, user]| Some([column(totp)?, column(title)?, column(user)?]))
}
