//! Java's object serialisation, as far as a `HashMap` of texts needs it (Java Object Serialization Specification,
//! chapter 6).

use zeroize::Zeroizing;

use super::ImportError;

/// Stream magic and version.
pub(super) const MAGIC: &[u8] = &[0xac, 0xed, 0, 5];

const TC_NULL: u8 = 0x70;
const TC_CLASSDESC: u8 = 0x72;
const TC_OBJECT: u8 = 0x73;
const TC_STRING: u8 = 0x74;
const TC_LONGSTRING: u8 = 0x7c;
const TC_ENDBLOCKDATA: u8 = 0x78;
const TC_BLOCKDATA: u8 = 0x77;
const MAX_ENTRIES: u32 = 100_000;

/// The entries of the map, in the stream's order.
pub(super) fn string_map(bytes: &[u8]) -> Result<Vec<(String, Zeroizing<String>)>, ImportError> {
    let mut reader = Reader(bytes);
    reader.expect(MAGIC)?;
    reader.expect(&[TC_OBJECT, TC_CLASSDESC])?;
    if reader.text()? != "java.util.HashMap" {
        return Err(ImportError::Damaged);
    }
    // Serial version, then flags: the object writes its own data.
    reader.take(8 + 1)?;
    let mut values = 0;
    for _ in 0..reader.u16()? {
        let kind = reader.take(1)?;
        reader.text()?;
        values += if matches!(kind, b"F" | b"I") { 4 } else { return Err(ImportError::Damaged) };
    }
    reader.expect(&[TC_ENDBLOCKDATA, TC_NULL])?;
    reader.take(values)?;
    // The map's own data: capacity and size.
    reader.expect(&[TC_BLOCKDATA, 8])?;
    reader.take(4)?;
    let size = reader.u32()?;
    if size > MAX_ENTRIES {
        return Err(ImportError::TooMuch);
    }
    (0..size)
        .map(|_| Ok((reader.string()?.to_owned(), Zeroizing::new(reader.string()?.to_owned()))))
        .collect()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ImportError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ImportError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        if self.take(bytes.len())? == bytes { Ok(()) } else { Err(ImportError::Damaged) }
    }

    fn u16(&mut self) -> Result<u16, ImportError> {
        let bytes = self.take(2)?.try_into().map_err(|_| ImportError::Damaged)?;
        Ok(u16::from_be_bytes(bytes))
    }

    fn u32(&mut self) -> Result<u32, ImportError> {
        let bytes = self.take(4)?.try_into().map_err(|_| ImportError::Damaged)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Java's modified UTF-8 differs from UTF-8 only in texts that no token has.
    fn text(&mut self) -> Result<&'a str, ImportError> {
        let length = self.u16()?.into();
        str::from_utf8(self.take(length)?).map_err(|_| ImportError::Damaged)
    }

    fn string(&mut self) -> Result<&'a str, ImportError> {
        match self.take(1)? {
            [TC_STRING] => self.text(),
            [TC_LONGSTRING] => {
                self.expect(&[0; 4])?;
                let length = usize::try_from(self.u32()?).map_err(|_| ImportError::Damaged)?;
                str::from_utf8(self.take(length)?).map_err(|_| ImportError::Damaged)
            }
            _ => Err(ImportError::Damaged),
        }
    }
}
