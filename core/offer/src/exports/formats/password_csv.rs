//! The CSV that password managers export, told by the heading: a column of codes (a link, or the secret alone), and
//! those of titles and user names as far as they are there.
//!
//! | app | codes | title | user name |
//! |---|---|---|---|
//! | Bitwarden | `login_totp` | `name` | `login_username` |
//! | Bitwarden Authenticator | `login_totp` | `name` | none; its rows have more fields than its heading |
//! | KeePassXC, Strongbox | `TOTP` | `Title` | `Username` |
//! | Proton Pass, LastPass | `totp` | `name` | `username` |
//! | 1Password, Apple Passwords | `OTPAuth` | `Title` | `Username` |
//! | Dashlane | `otpUrl`, before `otpSecret` | `title` | `username` |
//!
//! Tolerated: columns in any order and case, missing ones but that of the codes, rows that are shorter or longer than the
//! heading, commas, semicolons or tabs, and the line `sep=;` that spreadsheets begin with.

use super::bitwarden::entry_of_totp;
use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::exports::csv::{self, DELIMITERS, Row};
use crate::exports::entry::Place;
use countersign_otp::Secret;

pub(super) struct PasswordCsv;

const CODES: &[&str] = &["login_totp", "totp", "otpauth", "otpurl", "otpsecret"];
const TITLES: &[&str] = &["name", "title"];
const USERS: &[&str] = &["login_username", "username", "email"];
const GROUPS: &[&str] = &["group"];
/// KeePassXC exports its trash with everything else.
const TRASH: &str = "recycle bin";

impl Format for PasswordCsv {
    fn name(&self) -> ImportFormat {
        ImportFormat::PasswordCsv
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        matches!(source, Source::Text(text) if Layout::of(text).is_some())
    }

    fn read(&self, source: &Source<'_>, _: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let Source::Text(text) = source else { return Err(ImportError::Damaged) };
        let layout = Layout::of(text).ok_or(ImportError::Damaged)?;
        let rows = csv::rows(text, layout.delimiter)?;
        let rows = rows.iter().skip_while(|row| row.line <= layout.heading);
        Ok(rows.filter_map(|row| layout.entry(row)).collect())
    }
}

/// Where the columns are.
struct Layout {
    /// The line of the heading, from 1.
    heading: usize,
    delimiter: u8,
    codes: usize,
    title: Option<usize>,
    user: Option<usize>,
    group: Option<usize>,
}

impl Layout {
    fn of(text: &str) -> Option<Self> {
        let is_heading = |(_, line): &(usize, &str)| !is_separator(line) && !line.trim().is_empty();
        let (heading, line) = (1..).zip(text.lines()).take(3).find(is_heading)?;
        DELIMITERS.into_iter().find_map(|delimiter| {
            let rows = csv::rows(line, delimiter).ok()?;
            let columns: Vec<String> =
                rows.first()?.fields.iter().map(|field| field.trim().to_ascii_lowercase()).collect();
            let column = |names: &[&str]| {
                names.iter().find_map(|name| columns.iter().position(|column| column == name))
            };
            let (codes, title, user) = (column(CODES)?, column(TITLES), column(USERS));
            // A line that happens to be one of the words is no heading.
            title.or(user)?;
            Some(Self { heading, delimiter, codes, title, user, group: column(GROUPS) })
        })
    }

    /// Logins without codes aren't entries.
    fn entry(&self, row: &Row) -> Option<Entry> {
        let field = |index: Option<usize>| {
            index.and_then(|index| row.fields.get(index)).map(|field| field.trim()).unwrap_or_default()
        };
        let codes = Some(field(Some(self.codes))).filter(|codes| !codes.is_empty())?;
        let is_deleted = field(self.group).split('/').any(|group| group.eq_ignore_ascii_case(TRASH));
        let entry = entry_of_totp(codes, field(self.title), field(self.user));
        Some(entry.at(Place::Line(row.line)).deleted_if(is_deleted))
    }
}

/// `sep=;`
fn is_separator(line: &str) -> bool {
    line.trim().trim_matches('"').get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="))
}
