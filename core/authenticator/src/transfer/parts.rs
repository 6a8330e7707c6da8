//! Which parts of a whole have been scanned.

use serde::{Deserialize, Serialize};

use super::TransferError;
use super::code::Part;

/// The parts that are here, whose number is known from the first one on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    count: u16,
    /// One bit for each, from the lowest.
    have: Vec<u8>,
}

impl Parts {
    /// Notes a part that has been opened. Says whether it is new.
    ///
    /// # Errors
    ///
    /// [`TransferError::Altered`] when it speaks of another number of parts.
    pub(crate) fn add(&mut self, part: &Part) -> Result<bool, TransferError> {
        if self.count == 0 {
            self.count = part.count;
            self.have = vec![0; usize::from(part.count).div_ceil(8)];
        }
        if self.count != part.count {
            return Err(TransferError::Altered);
        }
        let (byte, bit) = place(part.number);
        let byte = self.have.get_mut(byte).ok_or(TransferError::Altered)?;
        let is_new = *byte & bit == 0;
        *byte |= bit;
        Ok(is_new)
    }

    /// How many there are; none while nothing was scanned.
    pub(crate) fn count(&self) -> Option<u16> {
        (self.count > 0).then_some(self.count)
    }

    /// The numbers, from 1, of those that aren't here.
    pub(crate) fn missing(&self) -> Vec<u16> {
        let has = |number: &u16| {
            let (byte, bit) = place(*number);
            self.have.get(byte).is_some_and(|byte| byte & bit != 0)
        };
        (1..=self.count).filter(|number| !has(number)).collect()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.count > 0 && self.missing().is_empty()
    }
}

fn place(number: u16) -> (usize, u8) {
    let index = number.saturating_sub(1);
    (usize::from(index / 8), 1 << (index % 8))
}
