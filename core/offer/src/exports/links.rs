//! The entries of lists of links.

use super::entry::{Entry, Place, entry_of_link};
use super::list::Listed;
use super::{ImportError, list};

pub(super) use super::list::MAX_ENTRIES;

/// The entry of each link of a list that is whole, good or not.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, ImportError> {
    let entry = |link: Listed<'_>| entry_of_link(link.text, "", "").at(Place::Line(link.line));
    let entries: Vec<_> = list::links(text).take(MAX_ENTRIES + 1).map(entry).collect();
    if entries.len() > MAX_ENTRIES { Err(ImportError::TooMuch) } else { Ok(entries) }
}
