//! How apps mark what is in their trash.

use percent_encoding::percent_decode_str;

use super::json::Json;
use super::names::parameter;

/// Whether the item is in the other app's trash, by any of the marks that apps use.
pub(super) fn is_deleted(item: &Json) -> bool {
    ["deleted", "isDeleted", "is_deleted", "trashed", "deletedDate", "deletedAt", "deleted_at"]
        .into_iter()
        .any(|name| match item.get(name) {
            Some(Json::Bool(is_deleted)) => *is_deleted,
            Some(Json::Number(at)) => *at > 0,
            Some(Json::Text(at)) => !matches!(at.as_str(), "" | "0" | "false"),
            _ => false,
        })
}

/// Whether Ente Auth has the link's account in its trash: it appends what it shows of an account as JSON.
pub(super) fn is_trashed(link: &str) -> bool {
    let Some(display) = parameter(link, "codeDisplay") else { return false };
    // Ente escapes commas once more.
    let display = percent_decode_str(display).decode_utf8_lossy().replace("%2C", ",");
    Json::parse(display.as_bytes()).is_ok_and(|display| is_deleted(&display))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entes_trash_is_told_by_its_mark_and_by_nothing_like_it() {
        let link = |display: &str| format!("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&codeDisplay={display}");
        for trashed in [
            "%7B%22trashed%22%3Atrue%7D",
            "%7B%22pinned%22%3Afalse%2C%22trashed%22%3Atrue%2C%22note%22%3A%22%22%7D",
            "{\"pinned\":false%252C\"trashed\":true}",
        ] {
            assert!(is_trashed(&link(trashed)), "{trashed}");
        }
        for kept in ["", "%7B%22trashed%22%3Afalse%7D", "%7B%22note%22%3A%22trashed%3Atrue%22%7D", "%7B"] {
            assert!(!is_trashed(&link(kept)), "{kept}");
        }
    }
}
