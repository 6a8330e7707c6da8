//! Checks prose for words and phrases of `prose.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Failure;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// Files and folders to check, from the root of the repository.
    paths: Vec<String>,
    /// Each phrase in lower case, with what to write instead.
    instead: BTreeMap<String, String>,
}

/// Prints every place where a phrase of `prose.toml` is used, and fails if there is one.
pub(crate) fn check() -> Result<(), Failure> {
    let rules: Rules = toml::from_str(&fs::read_to_string("prose.toml")?)?;
    let mut places = 0;
    for path in &rules.paths {
        let listed = Command::new("git").args(["ls-files", "--", path]).output()?;
        let files = String::from_utf8(listed.stdout)?;
        if !listed.status.success() || files.is_empty() {
            return Err(format!("prose.toml names {path}, which git doesn't know").into());
        }
        for file in files.lines().filter(|file| Path::new(file).exists()) {
            let Some(language) = Language::of(file) else { continue };
            for (line, prose) in language.prose(&fs::read_to_string(file)?).into_iter().enumerate() {
                for (phrase, better) in &rules.instead {
                    if has_phrase(&prose, phrase) {
                        println!("{file}:{}: \"{phrase}\"; write: {better}", line + 1);
                        places += 1;
                    }
                }
            }
        }
    }
    if places == 0 { Ok(()) } else { Err(format!("{places} places to reword (prose.toml)").into()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Markdown,
    /// All of it is prose: names of elements and attributes match no phrase.
    Xml,
    /// Rust, Swift and Java: comments and strings are prose.
    CLike,
    /// The same; names in backticks are prose, too.
    Kotlin,
}

impl Language {
    fn of(file: &str) -> Option<Self> {
        Some(match Path::new(file).extension()?.to_str()? {
            "md" => Self::Markdown,
            "xml" => Self::Xml,
            "kt" | "kts" => Self::Kotlin,
            "java" | "rs" | "swift" => Self::CLike,
            _ => return None,
        })
    }

    /// The prose of each line.
    fn prose(self, text: &str) -> Vec<String> {
        match self {
            Self::Markdown => without_code(text),
            Self::Xml => text.lines().map(str::to_owned).collect(),
            Self::CLike | Self::Kotlin => comments_and_strings(text, self == Self::Kotlin),
        }
    }
}

/// Markdown without fenced blocks and code spans.
fn without_code(text: &str) -> Vec<String> {
    let mut is_fenced = false;
    let prose = text.lines().map(|line| {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            return String::new();
        }
        if is_fenced { String::new() } else { line.split('`').step_by(2).collect::<Vec<_>>().join("`") }
    });
    prose.collect()
}

/// What a character of a source belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    /// Up to the end of the line.
    Comment,
    /// Up to `*/`.
    Block,
    /// Up to this quotation mark.
    Quoted(char),
}

/// Comments and string literals, without the code between them. It is no full lexer: raw strings are read as others are.
fn comments_and_strings(text: &str, has_quoted_names: bool) -> Vec<String> {
    let mut within = Within::Code;
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut prose = String::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (next, taken) = match within {
                // A character literal, which may be a quotation mark.
                Within::Code if rest.starts_with("'\"'") => (Within::Code, 3),
                Within::Code if rest.starts_with("'\\\"'") => (Within::Code, 4),
                Within::Code if rest.starts_with("//") => (Within::Comment, 2),
                Within::Code if rest.starts_with("/*") => (Within::Block, 2),
                Within::Code if first == '"' || (has_quoted_names && first == '`') => {
                    (Within::Quoted(first), 1)
                }
                Within::Block if rest.starts_with("*/") => (Within::Code, 2),
                Within::Quoted(mark) if first == mark => (Within::Code, 1),
                Within::Quoted('"') if first == '\\' => {
                    (within, 1 + rest.chars().nth(1).map_or(0, char::len_utf8))
                }
                _ => (within, first.len_utf8()),
            };
            match within {
                Within::Code => prose.push(' '),
                Within::Comment | Within::Block | Within::Quoted(_) => {
                    prose.push_str(rest.get(..taken).unwrap_or_default());
                }
            }
            within = next;
            rest = rest.get(taken..).unwrap_or_default();
        }
        if within == Within::Comment {
            within = Within::Code;
        }
        lines.push(prose);
    }
    lines
}

/// Whether the phrase is there as words of its own: `stand-alone`, `--anew` and `is_told_apart` are other words.
fn has_phrase(prose: &str, phrase: &str) -> bool {
    let prose = prose.to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    prose.match_indices(phrase).any(|(start, found)| {
        let before = prose.get(..start).and_then(|text| text.chars().next_back());
        let after = prose.get(start + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(file: &str, text: &str) -> bool {
        Language::of(file).is_some_and(|language| {
            language.prose(text).iter().any(|line| has_phrase(line, "alone") || has_phrase(line, "is told"))
        })
    }

    #[test]
    fn prose_is_looked_at_and_code_is_not() {
        for (file, text) in [
            ("a.md", "The vault alone, and\n`code`"),
            ("a.xml", "<!-- by Gradle alone -->"),
            ("a.rs", "let alone = 1; // Alone."),
            ("a.rs", "let quote = '\"'; f(\"it is told so\");"),
            ("a.rs", "f(\"\\\"\", \"alone\")"),
            ("a.kt", "/**\n * For codes alone.\n */"),
            ("a.kt", "fun `the service is told`() {}"),
            ("a.swift", "Text(\"By codes alone\")"),
        ] {
            assert!(finds(file, text), "{file}: {text}");
        }
        for (file, text) in [
            ("a.md", "`alone` and\n```\nalone\n```\n"),
            ("a.rs", "let alone = args.alone; /* a */ f(alone, \"--alone\", '\"', alone)"),
            ("a.rs", "//! stand-alone, `is_told_alone`\nfn alone() {}"),
            ("a.kt", "/* a */ alone()"),
            ("a.py", "# alone"),
        ] {
            assert!(!finds(file, text), "{file}: {text}");
        }
    }
}
