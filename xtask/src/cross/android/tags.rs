//! Packed relocations by other names: Android has tags of its own for them, which Android 9 reads and musl doesn't. What they
//! say is the same, so a copy for the emulator has the standard's.

use std::fs;
use std::path::Path;

use crate::Failure;

/// Android's tag, and the standard's: where the relocations are, how many bytes, and how many bytes each.
const TAGS: [(u64, u64); 3] = [(0x6fff_e000, 36), (0x6fff_e001, 35), (0x6fff_e003, 37)];

/// The kind of segment that has tags.
const PT_DYNAMIC: u64 = 2;

/// Copies a program or a library of 64 bits. All else in it stays as it was.
pub(super) fn copy(file: &Path, copy: &Path) -> Result<(), Failure> {
    fs::copy(file, copy)?;
    let mut content = fs::read(file)?;
    let renamed =
        rename(&mut content).ok_or_else(|| format!("{} isn't linked for a phone", file.display()))?;
    if renamed != TAGS.len() {
        return Err(format!("{} has {renamed} tags of packed relocations", file.display()).into());
    }
    Ok(fs::write(copy, content)?)
}

/// Gives how many tags were renamed.
fn rename(file: &mut [u8]) -> Option<usize> {
    let (headers, size, count) = (number(file, 32, 8)?, number(file, 54, 2)?, number(file, 56, 2)?);
    let header =
        (0..count).map(|at| headers + at * size).find(|at| number(file, *at, 4) == Some(PT_DYNAMIC))?;
    let (start, length) = (number(file, header + 8, 8)?, number(file, header + 32, 8)?);
    let mut renamed = 0;
    for at in (start..start + length).step_by(16) {
        let tag = number(file, at, 8)?;
        if let Some((_, standard)) = TAGS.iter().find(|(android, _)| *android == tag) {
            let at = usize::try_from(at).ok()?;
            file.get_mut(at..at + 8)?.copy_from_slice(&standard.to_le_bytes());
            renamed += 1;
        }
    }
    Some(renamed)
}

/// A number of some bytes, the lowest first.
fn number(file: &[u8], at: u64, bytes: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = file.get(at..at.checked_add(bytes)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
