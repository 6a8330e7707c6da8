//! What a symbol holds: bytes in one or more character sets, and which part of a text they are (ISO/IEC 18004, sections 7.4
//! and 8).

use zeroize::Zeroizing;

/// What a symbol holds.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) segments: Vec<Segment>,
    /// What the header of a structured append says, if there is one: these are not all of the bytes, then.
    pub(super) part: Option<PartHeader>,
}

/// Bytes that follow each other, and how they are to be read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) charset: Charset,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Digits and capitals, by the mode that they are in.
    Plain,
    /// The symbol doesn't say: the standard's is ISO 8859-1, and generators use whatever they like.
    Unlabelled,
    /// By its number in AIM's list of Extended Channel Interpretations.
    Assigned(u32),
}

impl Charset {
    pub(super) const SHIFT_JIS: Self = Self::Assigned(20);
    pub(super) const GB_18030: Self = Self::Assigned(32);
}

/// Which of the symbols of one text this is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PartHeader {
    /// From 0.
    pub(super) index: usize,
    /// 1 to 16.
    pub(super) count: usize,
    /// Exclusive or of all bytes of the whole text: the same in all of its symbols.
    pub(super) parity: u8,
}

impl Content {
    /// Reads the data codewords of a symbol. `None` if there is anything in them that can't be read: the rest would be
    /// taken for the whole.
    pub(super) fn parse(data: &[u8], version: u32) -> Option<Self> {
        let mut bits = Bits { data, at: 0 };
        let mut content = Self { segments: Vec::new(), part: None };
        let (mut charset, mut has_separators) = (Charset::Unlabelled, false);
        loop {
            let mode = bits.read_mode();
            match mode {
                0 => return Some(content),
                3 => {
                    let [index, count] = [bits.read(4)?, bits.read(4)? + 1];
                    let parity = bits.read_byte()?;
                    let [index, count] = [usize::try_from(index).ok()?, usize::try_from(count).ok()?];
                    let header = PartHeader { index, count, parity };
                    if content.part.is_some_and(|other| other != header) {
                        return None;
                    }
                    content.part = Some(header);
                    continue;
                }
                7 => {
                    charset = Charset::Assigned(bits.read_assignment()?);
                    continue;
                }
                5 => {
                    has_separators = true;
                    continue;
                }
                9 => {
                    has_separators = true;
                    bits.read(8)?;
                    continue;
                }
                // The one subset of Chinese characters that there is.
                13 if bits.read(4)? != 1 => return None,
                _ => {}
            }
            let count = bits.read(count_bits(mode, version)?)?;
            let (segment_charset, bytes) = match mode {
                1 => (Charset::Plain, bits.read_digits(count)?),
                2 => (Charset::Plain, bits.read_capitals(count, has_separators)?),
                4 => (charset, bits.read_bytes(count)?),
                8 => (Charset::SHIFT_JIS, bits.read_pairs(count, KANJI)?),
                _ => (Charset::GB_18030, bits.read_pairs(count, HANZI)?),
            };
            content.segments.push(Segment { charset: segment_charset, bytes });
        }
    }

    /// Whether there is nothing in it for anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.part.is_none() && self.segments.iter().all(|segment| segment.bytes.is_empty())
    }
}

/// Bits of the number of characters (section 7.4.1, table 3); `None` for modes that there aren't.
const fn count_bits(mode: u32, version: u32) -> Option<u32> {
    let size = match version {
        ..10 => 0,
        10..27 => 1,
        _ => 2,
    };
    let bits = match mode {
        1 => [10, 12, 14],
        2 => [9, 11, 13],
        4 => [8, 16, 16],
        8 | 13 => [8, 10, 12],
        _ => return None,
    };
    Some(bits[size])
}

/// How two bytes were packed into 13 bits: the divisor, and what begins where.
struct Pairs {
    divisor: u32,
    second_block: u32,
    starts: [u32; 2],
}

const KANJI: Pairs = Pairs { divisor: 0xC0, second_block: 0x1F00, starts: [0x8140, 0xC140] };
/// GB/T 18284.
const HANZI: Pairs = Pairs { divisor: 0x60, second_block: 0x0A00, starts: [0xA1A1, 0xA6A1] };
const CAPITALS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/// What a single `%` stands for in symbols with separators (section 7.4.8.2).
const SEPARATOR: u8 = 0x1D;

/// Reads bits, and ends where they do.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// A number of at most 24 bits.
    fn read(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// Large enough for all characters, so that it never grows and leaves bytes behind: at most three are in ten bits.
    fn buffer(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(Vec::with_capacity(3 * self.data.len()))
    }

    fn read_byte(&mut self) -> Option<u8> {
        u8::try_from(self.read(8)?).ok()
    }

    /// 0 is the end, which a full symbol leaves out.
    fn read_mode(&mut self) -> u32 {
        self.read(4).unwrap_or_default()
    }

    /// In one, two or three bytes (section 7.4.2.2).
    fn read_assignment(&mut self) -> Option<u32> {
        let first = self.read(8)?;
        match first {
            ..0x80 => Some(first),
            0x80..0xC0 => Some((first & 0x3F) << 8 | self.read(8)?),
            0xC0..0xE0 => Some((first & 0x1F) << 16 | self.read(16)?),
            _ => None,
        }
    }

    fn read_digits(&mut self, count: u32) -> Option<Zeroizing<Vec<u8>>> {
        let mut digits = self.buffer();
        let mut left = count;
        while left > 0 {
            let group = left.min(3);
            let value = self.read(3 * group + 1)?;
            if value >= 10_u32.pow(group) {
                return None;
            }
            for place in (0..group).rev() {
                digits.push(*CAPITALS.get(usize::try_from(value / 10_u32.pow(place) % 10).ok()?)?);
            }
            left -= group;
        }
        Some(digits)
    }

    fn read_capitals(&mut self, count: u32, has_separators: bool) -> Option<Zeroizing<Vec<u8>>> {
        let mut letters = self.buffer();
        let mut left = count;
        while left > 0 {
            let pair = left.min(2);
            let value = self.read(if pair == 2 { 11 } else { 6 })?;
            if pair == 2 {
                letters.push(*CAPITALS.get(usize::try_from(value / 45).ok()?)?);
            }
            letters.push(*CAPITALS.get(usize::try_from(if pair == 2 { value % 45 } else { value }).ok()?)?);
            left -= pair;
        }
        if has_separators {
            let mut read = self.buffer();
            let mut rest = letters.iter().copied().peekable();
            while let Some(letter) = rest.next() {
                let is_separator = letter == b'%' && rest.next_if_eq(&b'%').is_none();
                read.push(if is_separator { SEPARATOR } else { letter });
            }
            letters = read;
        }
        Some(letters)
    }

    fn read_bytes(&mut self, count: u32) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = self.buffer();
        for _ in 0..count {
            bytes.push(self.read_byte()?);
        }
        Some(bytes)
    }

    fn read_pairs(&mut self, count: u32, pairs: Pairs) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = self.buffer();
        for _ in 0..count {
            let packed = self.read(13)?;
            let pair = ((packed / pairs.divisor) << 8) | (packed % pairs.divisor);
            let pair = pair + pairs.starts[usize::from(pair >= pairs.second_block)];
            bytes.extend_from_slice(&u16::try_from(pair).ok()?.to_be_bytes());
        }
        Some(bytes)
    }
}
