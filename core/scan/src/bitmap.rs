//! Pictures in black and white, as the decoders want them.

use rxing::common::{BitArray, BitMatrix};

use super::luma::LumaView;

/// A picture in black and white: a bit for each pixel, 1 for black, the lowest bit first, and 0 beyond the end of a row.
pub(super) struct Bitmap {
    words: Vec<usize>,
    /// Words of a row.
    stride: usize,
    width: usize,
    height: usize,
}

/// Bits of a word: `rxing` keeps its own in words of this size.
const WORD: usize = BITS_OF_A_BYTE * size_of::<usize>();
const BITS_OF_A_BYTE: usize = 8;
/// Pixels of a block's side.
const BLOCK: usize = 8;
/// Each threshold is the mean of 5 x 5 blocks.
const NEIGHBOURS: usize = 5;
/// Less contrast than this in a block is noise on one ground.
const LEAST_CONTRAST: u8 = 24;

impl Bitmap {
    /// By thresholds that follow the light: ZXing's hybrid binarizer, whose every bit this gives, several times as fast.
    pub(super) fn new(luma: LumaView<'_>) -> Self {
        let (width, height) = (luma.width(), luma.height());
        let stride = width.div_ceil(WORD);
        let mut bitmap = Self { words: vec![0; stride * height], stride, width, height };
        if width.min(height) < BLOCK * NEIGHBOURS {
            bitmap.apply_mean(luma);
            return bitmap;
        }
        let (across, down) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
        let points = black_points(luma, across);
        let mut sums = vec![0_u16; across];
        let mut thresholds = vec![0_u8; across];
        for block in 0..down {
            sums.fill(0);
            let first = block.clamp(NEIGHBOURS / 2, down - NEIGHBOURS / 2 - 1) - NEIGHBOURS / 2;
            for row in points.chunks_exact(across).skip(first).take(NEIGHBOURS) {
                sums.iter_mut().zip(row).for_each(|(sum, point)| *sum += u16::from(*point));
            }
            for (column, threshold) in thresholds.iter_mut().enumerate() {
                let first = column.clamp(NEIGHBOURS / 2, across - NEIGHBOURS / 2 - 1) - NEIGHBOURS / 2;
                let sum: u16 = sums.iter().skip(first).take(NEIGHBOURS).sum();
                *threshold = (sum / 25).to_le_bytes()[0];
            }
            // The last blocks overlap the ones before, where the size isn't a multiple of theirs.
            let top = (block * BLOCK).min(height - BLOCK);
            for (y, row) in (top..top + BLOCK).zip(luma.rows_from(top)) {
                bitmap.apply(y, row, &thresholds);
            }
        }
        bitmap
    }

    /// Black and white exchanged.
    pub(super) fn invert(&self) -> Self {
        let mut words: Vec<usize> = self.words.iter().map(|word| !word).collect();
        let used = self.width % WORD;
        if used > 0 {
            words
                .chunks_exact_mut(self.stride)
                .filter_map(<[usize]>::last_mut)
                .for_each(|last| *last &= (1 << used) - 1);
        }
        Self { words, ..*self }
    }

    pub(super) const fn height(&self) -> usize {
        self.height
    }

    /// The same for `rxing`; `None` if it is too large for that.
    pub(super) fn to_matrix(&self) -> Option<BitMatrix> {
        // It counts the pixels of a row in 16 bits.
        let size: (u32, u32) =
            (u16::try_from(self.width).ok()?.into(), u16::try_from(self.height).ok()?.into());
        let mut matrix = BitMatrix::new(size.0, size.1).ok()?;
        let mut bits = BitArray::with_size(self.width);
        for (y, row) in (0..size.1).zip(self.words.chunks_exact(self.stride)) {
            row.iter().enumerate().for_each(|(index, word)| bits.setBulk(index * WORD, *word));
            matrix.setRow(y, &bits);
        }
        Some(matrix)
    }

    /// The lengths of a row's runs, white and black in turn; white is first and last, also if there is none.
    pub(super) fn runs(&self, y: usize, runs: &mut Vec<u16>) {
        runs.clear();
        let (mut start, mut before) = (0, 0);
        let mut push = |end: usize| {
            runs.push(u16::try_from(end - start).unwrap_or(u16::MAX));
            start = end;
        };
        let mut is_black = false;
        for (index, word) in self.words.iter().skip(y * self.stride).take(self.stride).enumerate() {
            let mut edges = word ^ (word << 1 | before);
            before = word >> (WORD - 1);
            while edges > 0 {
                let bit = usize::try_from(edges.trailing_zeros()).unwrap_or_default();
                push(index * WORD + bit);
                edges &= edges - 1;
                is_black = !is_black;
            }
        }
        push(self.width);
        if is_black {
            push(self.width);
        }
    }

    fn apply(&mut self, y: usize, pixels: &[u8], thresholds: &[u8]) {
        let words = &mut self.words[y * self.stride..(y + 1) * self.stride];
        let parts = pixels.chunks(WORD).zip(thresholds.chunks(WORD / BLOCK));
        for (word, (pixels, thresholds)) in words.iter_mut().zip(parts) {
            let blocks = pixels.chunks_exact(BLOCK).zip(thresholds).enumerate();
            *word |= blocks.fold(0, |bits, (index, (block, threshold))| {
                bits | usize::from(compare(block, *threshold)) << (index * BLOCK)
            });
        }
        if let (true, Some(threshold)) = (!self.width.is_multiple_of(BLOCK), thresholds.last()) {
            let left = self.width - BLOCK;
            let bits = usize::from(compare(&pixels[left..], *threshold));
            let (index, shift) = (left / WORD, left % WORD);
            words[index] |= bits << shift;
            if shift > WORD - BLOCK {
                words[index + 1] |= bits >> (WORD - shift);
            }
        }
    }

    /// One threshold for all: pictures of hardly more pixels than a code has modules.
    fn apply_mean(&mut self, luma: LumaView<'_>) {
        let darkest = luma.rows_from(0).flatten().copied().min().unwrap_or_default();
        let lightest = luma.rows_from(0).flatten().copied().max().unwrap_or_default();
        let threshold = darkest.midpoint(lightest);
        for (row, pixels) in self.words.chunks_exact_mut(self.stride).zip(luma.rows_from(0)) {
            for (index, _) in pixels.iter().enumerate().filter(|(_, pixel)| **pixel < threshold) {
                row[index / WORD] |= 1 << (index % WORD);
            }
        }
    }
}

/// A bit for each of eight pixels that isn't above the threshold, the first one lowest.
fn compare(pixels: &[u8], threshold: u8) -> u8 {
    let mut flags = [0; BLOCK];
    flags.iter_mut().zip(pixels).for_each(|(flag, pixel)| *flag = u8::from(*pixel <= threshold));
    // Moves the lowest bit of byte i to bit i of the highest one.
    u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080).to_be_bytes()[0]
}

/// What is black in each block, `across` in a row of blocks: below its mean, or, without contrast, what its neighbours say.
fn black_points(luma: LumaView<'_>, across: usize) -> Vec<u8> {
    let (width, height) = (luma.width(), luma.height());
    let down = height.div_ceil(BLOCK);
    let mut points = vec![0_u8; across * down];
    let (mut sums, mut least, mut most) = (vec![0_u16; width], vec![0_u8; width], vec![0_u8; width]);
    for block in 0..down {
        let top = (block * BLOCK).min(height - BLOCK);
        sums.fill(0);
        least.fill(u8::MAX);
        most.fill(0);
        for row in luma.rows_from(top).take(BLOCK) {
            sums.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += u16::from(*pixel));
            least.iter_mut().zip(row).for_each(|(least, pixel)| *least = (*least).min(*pixel));
            most.iter_mut().zip(row).for_each(|(most, pixel)| *most = (*most).max(*pixel));
        }
        let (above, row) = points.split_at_mut(block * across);
        let above = above.rchunks_exact(across).next().unwrap_or_default();
        for column in 0..across {
            let left = (column * BLOCK).min(width - BLOCK);
            let columns = left..left + BLOCK;
            let least = least[columns.clone()].iter().copied().min().unwrap_or_default();
            let most = most[columns.clone()].iter().copied().max().unwrap_or_default();
            row[column] = if most - least > LEAST_CONTRAST {
                (sums[columns].iter().sum::<u16>() / 64).to_le_bytes()[0]
            } else if above.is_empty() || column == 0 {
                least / 2
            } else {
                let near = [above[column], row[column - 1], row[column - 1], above[column - 1]];
                let near = (near.iter().map(|point| u16::from(*point)).sum::<u16>() / 4).to_le_bytes()[0];
                if least < near { near } else { least / 2 }
            };
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use rxing::common::HybridBinarizer;
    use rxing::{Binarizer, Luma8Source};

    use super::super::luma::Luma;
    use super::*;

    /// A picture with edges, slow changes and noise.
    fn luma(width: usize, height: usize) -> Luma {
        let mut state = 0x9E37_79B9_u32;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        };
        let pixels = (0..width * height).map(|at| {
            let (x, y) = (at % width, at / width);
            let ground = if (x / 13 + y / 9) % 3 == 0 { 40 } else { 160 };
            let light = u8::try_from(x * 60 / width).unwrap();
            ground + light + noise() % if y > height / 2 { 30 } else { 4 }
        });
        Luma { pixels: pixels.collect(), width, height }
    }

    #[test]
    fn every_bit_is_that_of_the_hybrid_binarizer() {
        for (width, height) in [(40, 40), (64, 48), (121, 67), (200, 101), (321, 243), (199, 40)] {
            let luma = luma(width, height);
            let [across, down] = [width, height].map(|side| u32::try_from(side).unwrap());
            let source = Luma8Source::new_with_slice(&luma.pixels, across, down).unwrap();
            let binarizer = HybridBinarizer::new(source);
            let expected = binarizer.get_black_matrix().unwrap();
            let bitmap = Bitmap::new(luma.view());
            assert!(bitmap.to_matrix().as_ref() == Some(expected), "{width} x {height}");
            let mut inverted = expected.clone();
            inverted.flip_self();
            assert!(bitmap.invert().to_matrix() == Some(inverted), "{width} x {height}");
        }
    }

    #[test]
    fn runs_begin_and_end_with_white() {
        let row = |text: &str| {
            let pixels: Vec<u8> = text.bytes().map(|letter| if letter == b'#' { 0 } else { 255 }).collect();
            let luma = Luma { width: pixels.len(), height: 1, pixels };
            let mut runs = Vec::new();
            Bitmap::new(luma.view()).runs(0, &mut runs);
            runs
        };
        assert_eq!(row(".##.###.."), [1, 2, 1, 3, 2]);
        assert_eq!(row("##."), [0, 2, 1]);
        assert_eq!(row(".##"), [1, 2, 0]);
        assert_eq!(row(&".#".repeat(64)), [vec![1; 128], vec![0]].concat());
        assert_eq!(row(&format!("{}#", ".".repeat(64))), [64, 1, 0]);
    }
}
