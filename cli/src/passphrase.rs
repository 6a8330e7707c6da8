//! Passphrases and passwords as they are used: UTF-8 in Unicode's NFC, whatever form a keyboard or an editor gave.

use countersign_authenticator::Secret;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A typed or read passphrase in NFC.
pub(crate) fn composed(text: &str) -> Secret {
    normalised(text, text.nfc())
}

/// Opens something with a passphrase in NFC. Where that is the wrong one it tries the decomposed form, which other
/// programs may have used, and this one in the past.
pub(crate) fn open<T, E>(
    passphrase: &Secret,
    is_wrong: impl Fn(&E) -> bool,
    mut open: impl FnMut(&Secret) -> Result<T, E>,
) -> Result<T, E> {
    let opened = open(passphrase);
    match (&opened, decomposed(passphrase)) {
        (Err(error), Some(other)) if is_wrong(error) => open(&other),
        _ => opened,
    }
}

/// The decomposed form, where it differs.
fn decomposed(passphrase: &Secret) -> Option<Secret> {
    let text = str::from_utf8(passphrase.expose()).ok()?;
    let other = normalised(text, text.nfd());
    (other != *passphrase).then_some(other)
}

fn normalised(text: &str, characters: impl Iterator<Item = char>) -> Secret {
    // Never moved in memory while it grows: no form is more than three times as long.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    normal.extend(characters);
    Secret::from(normal.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Latin with one and two marks, a decomposed Hangul syllable, the Angstrom sign, and a mark that stays apart.
    const FORMS: [(&str, &str); 5] = [
        ("Zürich", "Zu\u{308}rich"),
        ("Việt", "Vie\u{323}\u{302}t"),
        ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ("\u{c5}", "\u{212b}"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"),
    ];

    #[test]
    fn every_form_of_a_passphrase_is_one() {
        for (one, other) in FORMS {
            assert!(composed(one) == composed(other), "{one}");
        }
        assert_eq!(composed("correct horse").expose(), b"correct horse");
        assert!(composed("ﬁ") != composed("fi"), "what merely looks alike stays apart");
    }

    #[test]
    fn what_was_made_with_the_decomposed_form_opens_too() {
        let try_with = |key: &[u8], typed: &str| {
            let mut tries = 0;
            let opened = open(
                &composed(typed),
                |wrong: &bool| *wrong,
                |secret| {
                    tries += 1;
                    if secret.expose() == key { Ok(()) } else { Err(true) }
                },
            );
            (opened.is_ok(), tries)
        };
        assert_eq!(try_with("Zürich".as_bytes(), "Zu\u{308}rich"), (true, 1));
        assert_eq!(try_with("Zu\u{308}rich".as_bytes(), "Zürich"), (true, 2));
        assert_eq!(try_with(b"other", "Zurich"), (false, 1));
    }
}
