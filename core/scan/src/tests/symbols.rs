//! Symbols with whatever bits in them, and texts that are spread over several.

use image::GrayImage;
use qrcode::canvas::Canvas;
use qrcode::ec::construct_codewords;
use qrcode::{EcLevel, Version};

/// The data of a symbol, bit by bit.
#[derive(Default)]
pub(super) struct Bits(Vec<bool>);

impl Bits {
    pub(super) fn push(mut self, value: usize, count: usize) -> Self {
        self.0.extend((0..count).rev().map(|place| value >> place & 1 == 1));
        self
    }

    /// The header of part `index` (from 0) of `count`.
    pub(super) fn header(self, index: usize, count: usize, parity: u8) -> Self {
        self.push(3, 4).push(index, 4).push(count - 1, 4).push(parity.into(), 8)
    }

    pub(super) fn eci(self, number: usize) -> Self {
        self.push(7, 4).push(number, 8)
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let bits = self.push(4, 4).push(bytes.len(), 16);
        bytes.iter().fold(bits, |bits, byte| bits.push(usize::from(*byte), 8))
    }

    pub(super) fn digits(self, digits: &str) -> Self {
        let bits = self.push(1, 4).push(digits.len(), 12);
        let groups = digits.as_bytes().chunks(3).map(|group| str::from_utf8(group).unwrap());
        groups.fold(bits, |bits, group| bits.push(group.parse().unwrap(), 3 * group.len() + 1))
    }

    /// Letters of two bytes in Shift JIS.
    pub(super) fn kanji(self, bytes: &[u8]) -> Self {
        let bits = self.push(8, 4).push(bytes.len() / 2, 10);
        bytes.chunks(2).fold(bits, |bits, pair| {
            let pair = usize::from(pair[0]) << 8 | usize::from(pair[1]);
            let packed = pair - if pair < 0xE000 { 0x8140 } else { 0xC140 };
            bits.push((packed >> 8) * 0xC0 + (packed & 0xFF), 13)
        })
    }

    /// A symbol of version 10, whose numbers of characters have the lengths above.
    pub(super) fn picture(self) -> GrayImage {
        let (version, level) = (Version::Normal(10), EcLevel::L);
        let mut data: Vec<u8> = self.push(0, 4).0.chunks(8).map(byte_of).collect();
        let capacity = 274;
        assert!(data.len() <= capacity, "{} bytes", data.len());
        data.extend([0xEC, 0x11].iter().cycle().take(capacity - data.len()));
        let (data, corrections) = construct_codewords(&data, version, level).unwrap();
        let mut canvas = Canvas::new(version, level);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &corrections);
        super::draw(&canvas.apply_best_mask().into_colors(), 3)
    }
}

fn byte_of(bits: &[bool]) -> u8 {
    bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | u8::from(*bit) << (7 - place))
}

pub(super) fn parity(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |parity, byte| parity ^ byte)
}

/// The codes of `bytes`, cut where `cuts` say.
pub(super) fn parts(bytes: &[u8], cuts: &[usize]) -> Vec<GrayImage> {
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let pieces: Vec<&[u8]> = starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect();
    let count = pieces.len();
    let parts = pieces.iter().enumerate();
    parts
        .map(|(index, piece)| Bits::default().header(index, count, parity(bytes)).bytes(piece).picture())
        .collect()
}
