//! Putting the parts of one export together.

use super::{MigrationPart, OtpOffer, RefusedAccount};

/// Collects the parts of one export, scanned in any order and as often as a camera sees them.
#[derive(Clone, Debug)]
pub struct MigrationBatch {
    batch: i32,
    /// One place for each part.
    parts: Vec<Option<MigrationPart>>,
}

/// Why a part doesn't belong to the batch; the batch stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// It is part of another export.
    #[error("this code belongs to another export; finish the first one, or begin anew")]
    AnotherBatch,
    /// It says something else than the same part that was scanned before.
    #[error("this code contradicts one that was scanned before; begin anew")]
    Contradiction,
}

impl MigrationBatch {
    /// Begins with whichever part was scanned first.
    #[must_use]
    pub fn new(first: MigrationPart) -> Self {
        let mut parts = vec![None; first.count];
        let batch = first.batch;
        if let Some(place) = parts.get_mut(first.index) {
            *place = Some(first);
        }
        Self { batch, parts }
    }

    /// Takes in one more part; the same part again changes nothing.
    ///
    /// # Errors
    ///
    /// When it belongs to another export, or contradicts a part that is already there.
    pub fn add(&mut self, part: MigrationPart) -> Result<(), BatchError> {
        if !self.is_of(&part) {
            return Err(BatchError::AnotherBatch);
        }
        let place = self.parts.get_mut(part.index).ok_or(BatchError::AnotherBatch)?;
        match place {
            Some(earlier) if *earlier != part => Err(BatchError::Contradiction),
            _ => {
                *place = Some(part);
                Ok(())
            }
        }
    }

    /// Whether the part belongs to this export. Generators give many exports one number, or none: an export of a single
    /// part is another one as soon as anything in it differs.
    pub(crate) fn is_of(&self, part: &MigrationPart) -> bool {
        let has_number = part.batch == self.batch && part.count == self.parts.len();
        has_number && (part.count > 1 || self.has(part))
    }

    /// Whether the part can be of this export: it has its number, and contradicts no other part unless the number is one
    /// that says nothing.
    pub(crate) fn takes(&self, part: &MigrationPart) -> bool {
        let is_free = self.parts.get(part.index).is_some_and(Option::is_none);
        self.is_of(part) && (part.batch != 0 || is_free || self.has(part))
    }

    fn has(&self, part: &MigrationPart) -> bool {
        self.parts.get(part.index).is_some_and(|place| place.as_ref() == Some(part))
    }

    /// How many parts the export has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// The parts that haven't been scanned yet, from 0.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let missing = self.parts.iter().enumerate().filter(|(_, part)| part.is_none());
        missing.map(|(index, _)| index).collect()
    }

    /// All accounts of the export in its order, and those that can't be added; the batch itself again while parts
    /// are missing.
    ///
    /// # Errors
    ///
    /// `self` when a part is missing.
    pub fn finish(self) -> Result<(Vec<OtpOffer>, Vec<RefusedAccount>), Self> {
        if self.parts.iter().any(Option::is_none) {
            return Err(self);
        }
        let (mut accounts, mut refused) = (Vec::new(), Vec::new());
        for part in self.parts.into_iter().flatten() {
            accounts.extend(part.accounts);
            refused.extend(part.refused);
        }
        Ok((accounts, refused))
    }
}

#[cfg(test)]
mod tests {
    use super::super::OfferError;
    use super::*;

    fn part(batch: i32, index: usize, count: usize) -> MigrationPart {
        let reason = OfferError::UnsupportedAlgorithm;
        let refused = RefusedAccount { issuer: String::new(), name: index.to_string(), reason };
        MigrationPart { batch, index, count, accounts: Vec::new(), refused: vec![refused] }
    }

    #[test]
    fn parts_come_in_any_order_and_more_than_once() {
        let mut batch = MigrationBatch::new(part(7, 2, 3));
        assert_eq!((batch.count(), batch.missing()), (3, vec![0, 1]));
        batch.add(part(7, 0, 3)).unwrap();
        batch.add(part(7, 2, 3)).unwrap();
        assert_eq!(batch.missing(), [1]);
        let mut batch = batch.finish().unwrap_err();
        batch.add(part(7, 1, 3)).unwrap();
        let (_, refused) = batch.finish().unwrap();
        assert_eq!(refused.iter().map(|refused| refused.name.as_str()).collect::<String>(), "012");
    }

    #[test]
    fn a_part_of_another_export_is_refused_and_changes_nothing() {
        let mut batch = MigrationBatch::new(part(7, 0, 2));
        assert_eq!(batch.add(part(8, 1, 2)), Err(BatchError::AnotherBatch));
        assert_eq!(batch.add(part(7, 1, 3)), Err(BatchError::AnotherBatch));
        assert_eq!(batch.missing(), [1]);
    }

    #[test]
    fn a_part_that_changed_is_refused_and_changes_nothing() {
        let mut batch = MigrationBatch::new(part(7, 0, 2));
        let mut changed = part(7, 0, 2);
        changed.refused.clear();
        assert_eq!(batch.add(changed), Err(BatchError::Contradiction));
        batch.add(part(7, 1, 2)).unwrap();
        assert_eq!(batch.finish().unwrap().1.len(), 2);
    }

    #[test]
    fn exports_of_one_part_are_one_only_if_they_are_the_same() {
        for number in [0, 7] {
            let mut batch = MigrationBatch::new(part(number, 0, 1));
            assert_eq!(batch.add(part(number, 0, 1)), Ok(()));
            let mut other = part(number, 0, 1);
            other.refused.clear();
            assert!(!batch.takes(&other));
            assert_eq!(batch.add(other), Err(BatchError::AnotherBatch));
        }
    }

    #[test]
    fn exports_without_a_number_are_told_apart_by_their_parts() {
        let mut other = part(0, 0, 2);
        other.refused.clear();
        let batch = MigrationBatch::new(part(0, 0, 2));
        assert!(batch.takes(&part(0, 0, 2)) && batch.takes(&part(0, 1, 2)) && !batch.takes(&other));
        let mut numbered = part(7, 0, 2);
        numbered.refused.clear();
        assert!(MigrationBatch::new(part(7, 0, 2)).takes(&numbered));
    }
}
