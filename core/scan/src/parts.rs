//! Texts that are spread over several codes (structured append; ISO/IEC 18004, section 8).
//!
//! A part looks like any other code, and may be cut anywhere, also within a secret: half of one gives codes, and they are
//! wrong. So a part never becomes a text by itself. [`PartCollector`] keeps the parts that were seen, in whatever order and
//! picture, until all of them are there and the parity of the whole is right.

use std::fmt;

use super::charset::text_of;
use super::content::{Charset, Content, PartHeader, Segment};
use super::{ScanError, ScannedText};

/// What a code holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScannedCode {
    /// A whole text.
    Text(ScannedText),
    /// Less than a whole text: some of the codes that it is spread over.
    Parts(ScannedParts),
}

impl From<Content> for ScannedCode {
    fn from(content: Content) -> Self {
        match content.part {
            Some(header) => Self::Parts(ScannedParts::new(header, content.segments)),
            None => Self::Text(text_of(&content.segments)),
        }
    }
}

impl ScannedCode {
    /// The text.
    ///
    /// # Errors
    ///
    /// [`ScanError::PartsMissing`] or [`ScanError::PartsMismatched`] while there is none.
    pub fn text(&self) -> Result<&ScannedText, ScanError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Parts(parts) => Err(parts.error()),
        }
    }
}

/// The codes of one text that were seen so far, and those that weren't. Their contents can't be reached: what is cut short
/// looks like a secret, and is none.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedParts {
    parity: u8,
    /// One place for each part.
    places: Vec<Option<Vec<Segment>>>,
    has_wrong_number: bool,
}

/// What the codes of one text have in common, as far as their headers say: their number, and the parity.
type Kin = (usize, u8);

impl ScannedParts {
    fn new(header: PartHeader, segments: Vec<Segment>) -> Self {
        let mut places = vec![None; header.count];
        let place = places.get_mut(header.index);
        let has_wrong_number = place.is_none();
        if let Some(place) = place {
            *place = Some(segments);
        }
        Self { parity: header.parity, places, has_wrong_number }
    }

    /// How many codes the text is spread over.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.places.len()
    }

    /// The codes that weren't seen yet, from 0.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let missing = self.places.iter().enumerate().filter(|(_, place)| place.is_none());
        missing.map(|(index, _)| index).collect()
    }

    /// Why it is no text.
    #[must_use]
    pub fn error(&self) -> ScanError {
        match self.missing().len() {
            0 => ScanError::PartsMismatched,
            _ if self.has_wrong_number => ScanError::PartsMismatched,
            missing => ScanError::PartsMissing { count: self.count(), missing },
        }
    }

    const fn kin(&self) -> Kin {
        (self.places.len(), self.parity)
    }

    /// Whether one of the codes has another content in the other.
    fn contradicts(&self, other: &Self) -> bool {
        let mut pairs = self.places.iter().zip(&other.places);
        pairs.any(|(place, other)| place.is_some() && other.is_some() && place != other)
    }

    fn merge(&mut self, other: Self) {
        for (place, other) in self.places.iter_mut().zip(other.places) {
            *place = place.take().or(other);
        }
    }

    /// The text, if all of it is there and fits.
    fn join(&self) -> Option<ScannedText> {
        let parts: Vec<&Vec<Segment>> = self.places.iter().map(Option::as_ref).collect::<Option<_>>()?;
        let mut segments: Vec<Segment> = Vec::new();
        let mut charset = Charset::Unlabelled;
        for part in parts {
            for segment in part {
                let mut segment = segment.clone();
                match segment.charset {
                    // A character set holds until the next one is named, across parts.
                    Charset::Unlabelled => segment.charset = charset,
                    Charset::Assigned(_) => charset = segment.charset,
                    Charset::Plain => {}
                }
                segments.push(segment);
            }
        }
        let parity =
            segments.iter().flat_map(|segment| segment.bytes.iter()).fold(0, |parity, byte| parity ^ byte);
        // One code alone is whole, whatever its header says beside.
        (parity == self.parity || self.count() == 1).then(|| text_of(&segments))
    }
}

impl fmt::Debug for ScannedParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScannedParts")
            .field("count", &self.count())
            .field("missing", &self.missing())
            .finish()
    }
}

/// Puts the parts of texts together, from as many frames and pictures as it takes.
#[derive(Clone, Debug, Default)]
pub struct PartCollector {
    /// The last of them is the one that was added to last.
    texts: Vec<ScannedParts>,
}

/// Most texts whose parts are kept; the one that was seen longest ago makes room.
const MAX_TEXTS: usize = 64;

impl PartCollector {
    /// Has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { texts: Vec::new() }
    }

    /// Takes in the codes of one picture or frame, and gives them back: texts as they are, each once, and parts together with
    /// all others of their text that were seen before, as the text itself once it is complete.
    ///
    /// Parts that contradict earlier ones begin anew. So do parts that don't fit together.
    pub fn add(&mut self, codes: Vec<ScannedCode>) -> Vec<ScannedCode> {
        let mut joined: Vec<(Option<Kin>, ScannedCode)> = Vec::new();
        for code in codes {
            let (kin, code) = match code {
                ScannedCode::Parts(parts) => (Some(parts.kin()), self.add_parts(parts)),
                text => (None, text),
            };
            joined.retain(|(other_kin, other)| (kin.is_none() || *other_kin != kin) && *other != code);
            joined.push((kin, code));
        }
        joined.into_iter().map(|(_, code)| code).collect()
    }

    fn add_parts(&mut self, mut parts: ScannedParts) -> ScannedCode {
        if parts.has_wrong_number {
            return ScannedCode::Parts(parts);
        }
        if let Some(index) = self.texts.iter().position(|earlier| earlier.kin() == parts.kin()) {
            let earlier = self.texts.remove(index);
            if !earlier.contradicts(&parts) {
                parts.merge(earlier);
            }
        }
        let text = parts.join();
        // What doesn't fit isn't kept. What does is, so that a part of it that is seen again isn't the first of another text.
        if text.is_some() || !parts.missing().is_empty() {
            if self.texts.len() == MAX_TEXTS {
                self.texts.remove(0);
            }
            self.texts.push(parts.clone());
        }
        text.map_or(ScannedCode::Parts(parts), ScannedCode::Text)
    }

    /// How many parts are missing, of all texts together.
    #[must_use]
    pub fn missing_count(&self) -> usize {
        self.texts.iter().map(|parts| parts.missing().len()).sum()
    }

    /// The first text of which parts are missing, if there is one.
    #[must_use]
    pub fn incomplete(&self) -> Option<&ScannedParts> {
        self.texts.iter().find(|parts| !parts.missing().is_empty())
    }
}
