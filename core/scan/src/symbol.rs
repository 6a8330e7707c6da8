//! A symbol: from its modules to what it holds (ISO/IEC 18004, sections 7.6 to 7.10).

use rxing::common::reedsolomon::{PredefinedGenericGF, ReedSolomonDecoder};
use rxing::qrcode::common::{FORMAT_INFO_MASK_MODEL2, FormatInformation, Version, VersionRef};
use rxing::qrcode::decoder::DataBlock;
use zeroize::Zeroizing;

use super::content::Content;

/// The modules of a symbol: `is_dark(x, y)` within `side`.
pub(super) struct Modules<'a> {
    pub(super) side: u32,
    pub(super) is_dark: &'a dyn Fn(u32, u32) -> bool,
}

impl Modules<'_> {
    /// What the symbol holds; `None` if it can't be corrected, or holds what no symbol may.
    pub(super) fn read(&self) -> Option<Content> {
        let number = self.side.checked_sub(17).filter(|modules| modules.is_multiple_of(4))? / 4;
        let version = Version::getVersionForNumber(number).ok()?;
        let format = self.format()?;
        let codewords = self.codewords(version, &format)?;
        let blocks = DataBlock::getDataBlocks(&codewords, version, format.error_correction_level).ok()?;
        let decoder = ReedSolomonDecoder::new(PredefinedGenericGF::QrCodeField256.into());
        let mut data = Zeroizing::new(Vec::with_capacity(codewords.len()));
        for block in blocks {
            let mut codewords = Zeroizing::new(block.getCodewords().to_vec());
            let count = usize::try_from(block.getNumDataCodewords()).ok()?;
            let corrections = i32::try_from(codewords.len().checked_sub(count)?).ok()?;
            decoder.decode(&mut codewords, corrections).ok()?;
            data.extend_from_slice(codewords.get(..count)?);
        }
        Content::parse(&data, number)
    }

    /// Both copies of the format, whichever is nearer to one that there is; also in symbols that are seen in a mirror.
    fn format(&self) -> Option<FormatInformation> {
        let is_dark = |(x, y)| (self.is_dark)(x, y);
        let bits = |modules: &mut dyn Iterator<Item = (u32, u32)>| {
            modules.map(is_dark).fold(0, |bits, bit| bits << 1 | u32::from(bit))
        };
        let across = (0..6).chain(7..9).map(|x| (x, 8));
        let up = (0..6).chain([7]).rev().map(|y| (8, y));
        let first = bits(&mut across.chain(up));
        let end = self.side - 8..self.side;
        let second = bits(&mut end.clone().rev().map(|y| (8, y)).chain(end.map(|x| (x, 8))));
        let format = FormatInformation::DecodeQR(first, second);
        // 0: some generators forget the mask.
        let is_known = format.mask == FORMAT_INFO_MASK_MODEL2 || format.mask == 0;
        (is_known && format.hammingDistance <= MAX_WRONG_FORMAT_BITS).then_some(format)
    }

    /// In columns of two, up and down in turn, from the right.
    fn codewords(&self, version: VersionRef, format: &FormatInformation) -> Option<Zeroizing<Vec<u8>>> {
        let reserved = version.buildFunctionPattern().ok()?;
        let count = usize::try_from(version.getTotalCodewords()).ok()?;
        let mut codewords = Zeroizing::new(Vec::with_capacity(count));
        let (mut codeword, mut bits) = (0_u8, 0);
        // The column of the vertical timing pattern has no data.
        let columns = (1..=6).rev().step_by(2).map(|right| right - 1);
        let columns = (8..self.side).rev().step_by(2).chain(columns);
        for (index, right) in columns.enumerate() {
            for row in 0..self.side {
                let y = if index.is_multiple_of(2) { self.side - 1 - row } else { row };
                for x in [right, right - 1] {
                    if reserved.get(x, y) {
                        continue;
                    }
                    let is_dark = if format.isMirrored { (self.is_dark)(y, x) } else { (self.is_dark)(x, y) };
                    codeword = codeword << 1 | u8::from(is_dark != is_masked(format.data_mask, x, y));
                    bits += 1;
                    if bits == 8 {
                        codewords.push(codeword);
                        (codeword, bits) = (0, 0);
                    }
                }
            }
        }
        (codewords.len() == count).then_some(codewords)
    }
}

/// The formats that there are differ in 7 bits at least.
const MAX_WRONG_FORMAT_BITS: u32 = 3;

/// Whether the module is inverted by the mask (section 7.8.2).
const fn is_masked(mask: u8, x: u32, y: u32) -> bool {
    match mask {
        0 => (x + y).is_multiple_of(2),
        1 => y.is_multiple_of(2),
        2 => x.is_multiple_of(3),
        3 => (x + y).is_multiple_of(3),
        4 => (y / 2 + x / 3).is_multiple_of(2),
        5 => (x * y).is_multiple_of(6),
        6 => x * y % 6 < 3,
        _ => (x + y + x * y % 3).is_multiple_of(2),
    }
}
