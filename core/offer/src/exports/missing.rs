//! Which parts of an export in several QR codes are missing.

use std::fmt;

/// The numbers of the missing parts, from 1. An export has at most 256.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct MissingParts([u64; 4]);

impl MissingParts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Their numbers, from 1.
    pub fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let words = self.0;
        let is_missing =
            move |place: &usize| words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1);
        (0..256).filter(is_missing).map(|place| place + 1)
    }
}

/// From places that count from 0.
impl FromIterator<usize> for MissingParts {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        let mut missing = Self::default();
        for place in places {
            if let Some(word) = missing.0.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        missing
    }
}

impl fmt::Debug for MissingParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// `part 2 is missing`, `parts 1, 3 and 5 to 9 are missing`.
impl fmt::Display for MissingParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for part in self.iter() {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == part => *last = part,
                _ => runs.push((part, part)),
            }
        }
        let parts = runs.iter().flat_map(|(first, last)| match last - first {
            0 => vec![first.to_string()],
            1 => vec![first.to_string(), last.to_string()],
            _ => vec![format!("{first} to {last}")],
        });
        let parts: Vec<_> = parts.collect();
        let (verb, noun) = if self.len() == 1 { ("is", "part") } else { ("are", "parts") };
        match parts.split_last() {
            Some((last, before)) if !before.is_empty() => {
                write!(f, "{noun} {} and {last} {verb} missing", before.join(", "))
            }
            _ => write!(f, "{noun} {} {verb} missing", parts.concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_are_named_from_one_and_in_runs() {
        let text = |places: &[usize]| places.iter().copied().collect::<MissingParts>().to_string();
        assert_eq!(text(&[1]), "part 2 is missing");
        assert_eq!(text(&[0, 2]), "parts 1 and 3 are missing");
        assert_eq!(text(&[0, 1]), "parts 1 and 2 are missing");
        assert_eq!(text(&[0, 2, 4, 5, 6, 255]), "parts 1, 3, 5 to 7 and 256 are missing");
        let missing: MissingParts = [3, 200, 300].into_iter().collect();
        assert_eq!((missing.len(), missing.is_empty()), (2, false));
        assert_eq!(format!("{missing:?}"), "{4, 201}");
    }
}
