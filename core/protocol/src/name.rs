//! What a name that people read may be: a device's, a person's, an application's, a place's.
//!
//! One rule, for services that store names and for devices that send or show them. A name has something to see, at
//! most 128 characters, and none that hides: no control characters or line breaks, nothing that turns the direction of
//! writing, nothing invisible (Unicode's `Default_Ignorable_Code_Point`, UAX #44). Otherwise two names could look the
//! same and differ, or one could read as another.
//!
//! Joiners and variation selectors are invisible too, and stay only where they change what is seen: joiners in Arabic
//! and Indic scripts and between emoji, selectors after emoji, ideographs and Mongolian letters.

use crate::limits::MAX_NAME_CHARS;

/// Why a text can't be a name. No variant holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing in it can be seen.
    #[error("the name is empty; give it at least one character that can be seen")]
    Empty,
    /// Longer than [`MAX_NAME_CHARS`].
    #[error("the name is too long; shorten it to 128 characters")]
    TooLong,
    /// A control character or a line break.
    #[error("the name has a line break or another control character in it; remove it")]
    Control,
    /// A character that turns the direction of writing.
    #[error(
        "the name has an invisible mark in it that turns the direction of writing; type the name instead of pasting it"
    )]
    Direction,
    /// Another character that can't be seen.
    #[error("the name has an invisible character in it; type the name instead of pasting it")]
    Invisible,
}

impl NameError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "name_empty",
            Self::TooLong => "name_too_long",
            Self::Control => "name_control_character",
            Self::Direction => "name_direction_mark",
            Self::Invisible => "name_invisible_character",
        }
    }
}

/// Checks a name as it is to be stored. [`fit`] makes one of any text.
///
/// # Errors
///
/// [`NameError`] says what is wrong with it.
pub fn check(name: &str) -> Result<(), NameError> {
    // A character has at most four bytes: a huge text isn't walked through.
    if name.len() > 4 * MAX_NAME_CHARS || name.chars().count() > MAX_NAME_CHARS {
        return Err(NameError::TooLong);
    }
    let mut previous = None;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if is_control(character) {
            return Err(NameError::Control);
        }
        if turns_direction(character) {
            return Err(NameError::Direction);
        }
        if is_hidden(previous, character, characters.peek().copied()) {
            return Err(NameError::Invisible);
        }
        previous = Some(character);
    }
    if name.chars().all(is_blank) { Err(NameError::Empty) } else { Ok(()) }
}

/// The text without what hides: see the rule above. Every kind of space becomes a plain one, and none is left at the
/// ends. The result may be empty, and of any length.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut previous = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_gone = character.is_control()
            || turns_direction(character)
            || is_hidden(previous, character, characters.peek().copied());
        if is_gone {
            continue;
        }
        let kept = if character.is_whitespace() { ' ' } else { character };
        cleaned.push(kept);
        previous = Some(kept);
    }
    cleaned.trim_matches(is_blank).to_owned()
}

/// A name made of any text: [`clean`], and cut to [`MAX_NAME_CHARS`]. Nothing if there is nothing to see.
#[must_use]
pub fn fit(text: &str) -> Option<String> {
    let short: String = clean(text).chars().take(MAX_NAME_CHARS).collect();
    // The cut may leave a space or a joiner at the end.
    let name = clean(&short);
    (!name.is_empty()).then_some(name)
}

/// Whether a character has the property `Bidi_Control` (UAX #9): it turns the direction of the writing around it.
#[must_use]
pub const fn turns_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character has the property `Default_Ignorable_Code_Point` (Unicode 16), or is one of the interlinear
/// annotation marks, which aren't shown either.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Control characters, and the two separators that break lines.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Spaces, and the Braille pattern without dots, which looks like one.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{2800}'
}

/// Whether a character can't be seen, nor changes what its neighbours look like.
fn is_hidden(previous: Option<char>, character: char, next: Option<char>) -> bool {
    let is_before = |test: fn(char) -> bool| previous.is_some_and(test);
    let is_after = |test: fn(char) -> bool| next.is_some_and(test);
    // As IDNA's rules for joiners (RFC 5892, appendix A), with scripts in place of joining types.
    let joins_letters = || is_before(is_virama) || (is_before(is_joined) && is_after(is_joined));
    let joins_emoji = || is_before(|c| is_emoji(c) || c == '\u{fe0f}') && is_after(is_emoji);
    let is_key_cap = || is_before(|c| matches!(c, '0'..='9' | '#' | '*')) && next == Some('\u{20e3}');
    let is_seen = match character {
        '\u{200c}' => joins_letters(),
        '\u{200d}' => joins_letters() || joins_emoji(),
        '\u{fe0e}' | '\u{fe0f}' => is_before(is_emoji) || is_key_cap(),
        '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => is_before(is_ideograph),
        '\u{180b}'..='\u{180f}' => is_before(is_mongolian),
        _ => !is_invisible(character),
    };
    !is_seen
}

/// Letters of scripts in which a joiner chooses their shape.
const fn is_joined(character: char) -> bool {
    matches!(
        character,
        '\u{620}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17ff}'
    ) || is_mongolian(character)
}

const fn is_mongolian(character: char) -> bool {
    matches!(character, '\u{1820}'..='\u{18aa}')
}

/// The signs that take the vowel of an Indic letter; a joiner after one is seen even at a word's end.
const fn is_virama(character: char) -> bool {
    matches!(
        character,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{1039}'
            | '\u{17d2}'
    )
}

/// Pictographs, and the symbols that have a coloured form.
const fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{27ff}'
            | '\u{2900}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Chinese characters, whose variants names of persons tell apart.
const fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_stay_as_they_are() {
        for name in [
            "Ward 7",
            "Zoë Ağaoğlu",
            "看護師",
            // Persian, with a zero-width non-joiner.
            "می\u{200c}خواهم",
            // Malayalam, with a joiner at its end; Sinhala, with one between letters.
            "അവന\u{d4d}\u{200d}",
            "ශ\u{dca}\u{200d}රී",
            // A health worker, a heart on fire, a keycap.
            "👩🏽\u{200d}⚕\u{fe0f}",
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            // A person's name with a variant of its first character.
            "葛\u{e0100}城",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
            assert_eq!(clean(name), name);
            assert_eq!(fit(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_hides_is_named_and_cleaning_removes_it() {
        for (text, error, cleaned) in [
            ("Git\u{200b}Hub", NameError::Invisible, "GitHub"),
            ("\u{feff}GitHub", NameError::Invisible, "GitHub"),
            ("Git\u{200d}Hub", NameError::Invisible, "GitHub"),
            ("GitHub\u{200c}", NameError::Invisible, "GitHub"),
            ("Git\u{ad}Hub", NameError::Invisible, "GitHub"),
            ("Git\u{2060}Hub", NameError::Invisible, "GitHub"),
            ("Git\u{34f}Hub", NameError::Invisible, "GitHub"),
            ("Git\u{fe0f}Hub", NameError::Invisible, "GitHub"),
            ("Git\u{e0041}Hub", NameError::Invisible, "GitHub"),
            ("Git\u{fffa}Hub", NameError::Invisible, "GitHub"),
            ("a\u{3164}", NameError::Invisible, "a"),
            ("\u{180e}a", NameError::Invisible, "a"),
            ("GitHub\u{61c}", NameError::Direction, "GitHub"),
            ("GitHub\u{200f}", NameError::Direction, "GitHub"),
            ("bank\u{202e}knab", NameError::Direction, "bankknab"),
            ("a\u{2067}b", NameError::Direction, "ab"),
            ("a\u{0}", NameError::Control, "a"),
            ("al\nice", NameError::Control, "alice"),
            ("a\u{2028}b", NameError::Control, "a b"),
            ("a\u{9b}b", NameError::Control, "ab"),
        ] {
            assert_eq!(check(text), Err(error), "{}", text.escape_debug());
            assert_eq!(clean(text), cleaned, "{}", text.escape_debug());
            assert_eq!(check(&clean(text)), Ok(()));
        }
    }

    #[test]
    fn a_name_of_nothing_that_can_be_seen_is_none() {
        for (text, error) in [
            ("", NameError::Empty),
            (" \u{3000}\u{a0}", NameError::Empty),
            ("\u{2800}\u{2800}", NameError::Empty),
            ("\u{200b}", NameError::Invisible),
            ("\u{3164}\u{3164}", NameError::Invisible),
            ("\u{200f}", NameError::Direction),
        ] {
            assert_eq!(check(text), Err(error), "{}", text.escape_debug());
            assert_eq!((clean(text).as_str(), fit(text)), ("", None), "{}", text.escape_debug());
        }
    }

    #[test]
    fn names_are_bounded_in_characters_and_a_huge_text_is_not_walked_through() {
        assert_eq!(check(&"é".repeat(128)), Ok(()));
        assert_eq!(check(&"é".repeat(129)), Err(NameError::TooLong));
        assert_eq!(check(&"x".repeat(1_000_000)), Err(NameError::TooLong));
        assert_eq!(fit(&"é".repeat(129)).map(|name| name.chars().count()), Some(128));
        // The cut falls after a joiner, which has nothing to join then.
        let family = format!("{}👩\u{200d}⚕", "x".repeat(126));
        assert_eq!(fit(&family), Some(format!("{}👩", "x".repeat(126))));
    }

    #[test]
    fn every_kind_of_space_becomes_a_plain_one() {
        assert_eq!(clean("\u{a0}Air\u{a0}Canada\u{3000}Cargo \u{2800}"), "Air Canada Cargo");
    }

    #[test]
    fn any_text_is_cleaned_to_a_name_or_to_nothing() {
        // Each invisible character next to each kind of neighbour.
        let neighbours =
            ["", "a", "1", "\u{20e3}", " ", "ب", "\u{94d}", "👩", "\u{fe0f}", "\u{200d}", "葛", "\u{1820}"];
        for character in ('\0'..=char::MAX).filter(|c| is_invisible(*c) || is_control(*c) || is_blank(*c)) {
            for before in neighbours {
                for after in neighbours {
                    let cleaned = clean(&format!("{before}{character}{after}"));
                    assert_eq!(clean(&cleaned), cleaned);
                    let is_name = check(&cleaned).is_ok();
                    assert_eq!(is_name, !cleaned.is_empty(), "{}", cleaned.escape_debug());
                }
            }
        }
    }
}
