//! Lists of links: plain text, one on each line.

use super::ImportError;
use super::entry::{Entry, entry_of_link};

/// Most entries of a file.
pub(super) const MAX_ENTRIES: usize = 20_000;

/// The lines that aren't blank or comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The entry of each line, good or not.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, ImportError> {
    let entries: Vec<_> = lines(text).take(MAX_ENTRIES + 1).map(|line| entry_of_link(line, "", "")).collect();
    if entries.len() > MAX_ENTRIES { Err(ImportError::TooMuch) } else { Ok(entries) }
}
