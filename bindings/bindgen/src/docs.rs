//! Turns the links in doc comments into those of the language: UniFFI copies them as Rust's rustdoc has them.

use clap::ValueEnum;

/// The languages that are generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// One file, with KDoc
    Kotlin,
    /// A Swift file with DocC comments, a C header and a module map
    Swift,
}

/// Rewrites every link of generated `code`.
pub(crate) fn rewrite_links(code: &str, language: Language) -> String {
    let mut parts = code.split("[`");
    let mut rewritten = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("`]").filter(|(path, _)| is_path(path)) {
            Some((path, rest)) => rewritten = rewritten + &in_language(path, language) + rest,
            None => rewritten = rewritten + "[`" + part,
        }
    }
    rewritten
}

fn is_path(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':')
}

fn in_language(path: &str, language: Language) -> String {
    let names: Vec<_> =
        path.split("::").filter(|name| *name != "crate").map(|name| rename(name, language)).collect();
    let path = names.join(".");
    match language {
        Language::Kotlin => format!("[{path}]"),
        // DocC links need a method's labels, which rustdoc's don't have.
        Language::Swift => format!("`{path}`"),
    }
}

/// A type, variant, method or field as UniFFI names it.
fn rename(name: &str, language: Language) -> String {
    if language == Language::Kotlin
        && let Some(stem) = name.strip_suffix("Error")
    {
        return format!("{stem}Exception");
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &initial.into_iter().collect::<String>() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_those_of_the_language() {
        let rust =
            " * [`Authenticator::next_code`] throws [`crate::AuthenticatorError::Gone`], see `code_at` [1].";
        assert_eq!(
            rewrite_links(rust, Language::Kotlin),
            " * [Authenticator.nextCode] throws [AuthenticatorException.Gone], see `code_at` [1]."
        );
        assert_eq!(
            rewrite_links(rust, Language::Swift),
            " * `Authenticator.nextCode` throws `AuthenticatorError.Gone`, see `code_at` [1]."
        );
    }

    #[test]
    fn code_without_links_stays_as_it_is() {
        for code in ["", "a `b` [c]", "[`open", "a`]", "[`kotlin` section](x) and `[`b[`]`"] {
            assert_eq!(rewrite_links(code, Language::Kotlin), code);
        }
    }
}
