//! KeePass databases: codes in the fields that KeePass, KeePassXC and the usual plug-ins keep them in.
//!
//! | field | written by |
//! |---|---|
//! | `otp`: a link, or `key=…&size=…&step=…` | KeePassXC, KeePassOTP, Strongbox, KeePassium; KeeOtp |
//! | `TimeOtp-Secret`, `-Secret-Hex`, `-Secret-Base32`, `-Secret-Base64`, with `-Period`, `-Length`, `-Algorithm` | KeePass |
//! | `HmacOtp-Secret…`, with `HmacOtp-Counter` | KeePass |
//! | `TOTP Seed`, with `TOTP Settings` (`30;6`, or `30;S` for Steam) | Tray TOTP, KeePassXC before 2.6 |
//!
//! Entries in the recycle bin are deleted ones, and older versions of an entry are none.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use super::{Entry, Format, ImportError, ImportFormat, Source};
use crate::OfferError;
use crate::exports::entry::{Fields, Kind, Number, Place, algorithm_of, base32, entry, entry_of_link};
use crate::exports::error::EntryError;
use crate::exports::kdbx::{self, Content, Protection};
use crate::exports::xml::predefined;
use countersign_otp::Secret;

pub(super) struct KeePass;

const MAX_ENTRIES: usize = 100_000;
const MAX_DEPTH: usize = 100;

type Text = Zeroizing<String>;

impl Format for KeePass {
    fn name(&self) -> ImportFormat {
        ImportFormat::KeePass
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.binary().is_some_and(|bytes| bytes.starts_with(kdbx::MAGIC))
    }

    fn read(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Vec<Entry>, ImportError> {
        let file = source.binary().ok_or(ImportError::Damaged)?;
        let Content { xml, protection } = kdbx::open(file, self.password(password)?)?;
        let xml = str::from_utf8(&xml).map_err(|_| ImportError::Damaged)?;
        Document::new(protection).read(xml)
    }
}

/// What was read of the document so far.
struct Document {
    protection: Protection,
    /// Names of the open elements.
    path: Vec<String>,
    /// Text of the innermost one.
    text: Text,
    is_protected: bool,
    recycle_bin: Option<String>,
    /// For each open group, whether it is the recycle bin or in it.
    groups: Vec<bool>,
    /// How many entries are open: one in the history of another counts as its part.
    depth_of_entry: usize,
    key: Text,
    fields: Vec<(Text, Text)>,
    number: usize,
    entries: Vec<Entry>,
}

impl Document {
    fn new(protection: Protection) -> Self {
        Self {
            protection,
            path: Vec::new(),
            text: Text::default(),
            is_protected: false,
            recycle_bin: None,
            groups: Vec::new(),
            depth_of_entry: 0,
            key: Text::default(),
            fields: Vec::new(),
            number: 0,
            entries: Vec::new(),
        }
    }

    fn read(mut self, xml: &str) -> Result<Vec<Entry>, ImportError> {
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ImportError::Damaged)? {
                Event::Start(tag) => self.open(&tag)?,
                Event::Empty(tag) => {
                    self.open(&tag)?;
                    self.close()?;
                }
                Event::Text(text) => self.text.push_str(&text),
                Event::CData(text) => self.text.push_str(&text),
                Event::GeneralRef(reference) => {
                    let code = reference.resolve_char_ref().map_err(|_| ImportError::Damaged)?;
                    self.text.push(code.or_else(|| predefined(&reference)).ok_or(ImportError::Damaged)?);
                }
                Event::End(_) => self.close()?,
                Event::DocType(_) => return Err(ImportError::Damaged),
                Event::Eof if self.path.is_empty() => return Ok(self.entries),
                Event::Eof => return Err(ImportError::Damaged),
                _ => {}
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), ImportError> {
        let name: &str = tag.name().into_inner();
        match name {
            "Group" => self.groups.push(self.groups.last().copied().unwrap_or(false)),
            "Entry" => {
                self.depth_of_entry += 1;
                if self.depth_of_entry == 1 {
                    self.fields.clear();
                }
            }
            "Value" => {
                let attribute = tag.try_get_attribute("Protected").map_err(|_| ImportError::Damaged)?;
                self.is_protected =
                    attribute.is_some_and(|attribute| attribute.value.eq_ignore_ascii_case("true"));
            }
            _ => {}
        }
        self.text = Text::default();
        self.path.push(name.to_owned());
        if self.path.len() > MAX_DEPTH { Err(ImportError::Damaged) } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), ImportError> {
        let name = self.path.pop().ok_or(ImportError::Damaged)?;
        let parent = self.path.last().cloned().unwrap_or_default();
        match (name.as_str(), parent.as_str()) {
            ("RecycleBinUUID", "Meta") => self.recycle_bin = Some(self.text.trim().to_owned()),
            ("UUID", "Group") => {
                let is_bin = self.recycle_bin.as_deref() == Some(self.text.trim());
                if let Some(is_deleted) = self.groups.last_mut() {
                    *is_deleted |= is_bin;
                }
            }
            ("Key", "String") => self.key = std::mem::take(&mut self.text),
            ("Value", _) => {
                // Also values that nobody needs move the stream on.
                let value = self.value()?;
                let is_current = self.depth_of_entry == 1 && parent == "String";
                if is_current && FIELDS.iter().any(|field| self.key.starts_with(field)) {
                    self.fields.push((std::mem::take(&mut self.key), value));
                }
            }
            ("Entry", _) => {
                self.depth_of_entry = self.depth_of_entry.saturating_sub(1);
                if self.depth_of_entry == 0 {
                    self.end_entry()?;
                }
            }
            ("Group", _) => {
                self.groups.pop();
            }
            _ => {}
        }
        self.text = Text::default();
        Ok(())
    }

    fn value(&mut self) -> Result<Text, ImportError> {
        if !std::mem::take(&mut self.is_protected) {
            return Ok(std::mem::take(&mut self.text));
        }
        let bytes = BASE64.decode(self.text.trim().as_bytes()).map_err(|_| ImportError::Damaged)?;
        let mut bytes = Zeroizing::new(bytes);
        self.protection.apply(&mut bytes)?;
        Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn end_entry(&mut self) -> Result<(), ImportError> {
        self.number += 1;
        if self.number > MAX_ENTRIES {
            return Err(ImportError::TooMuch);
        }
        let is_deleted = self.groups.last().copied().unwrap_or(false);
        let place = Place::Entry(self.number);
        let fields = Values(std::mem::take(&mut self.fields));
        self.entries.extend(fields.entries().map(|entry| entry.at(place).deleted_if(is_deleted)));
        Ok(())
    }
}

/// The beginnings of the names that matter.
const FIELDS: [&str; 7] = ["Title", "UserName", "otp", "TimeOtp-", "HmacOtp-", "TOTP Seed", "TOTP Settings"];

/// The fields of an entry.
struct Values(Vec<(Text, Text)>);

impl Values {
    fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(key, _)| key.as_str() == name);
        field.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    fn number(&self, name: &str, parameter: &'static str) -> Number {
        number(self.get(name), parameter)
    }

    /// One for each way in which the entry has codes: plug-ins keep what others wrote.
    fn entries(&self) -> impl Iterator<Item = Entry> {
        let (title, user) = (self.get("Title"), self.get("UserName"));
        let link = Some(self.get("otp")).filter(|otp| !otp.is_empty()).map(|otp| {
            if otp.contains("://") {
                entry_of_link(otp, title, user)
            } else {
                entry(title, user, kee_otp(otp))
            }
        });
        let named = [self.timed(), self.counted(), self.tray()];
        link.into_iter().chain(named.into_iter().flatten().map(move |fields| entry(title, user, fields)))
    }

    fn timed(&self) -> Option<Result<Fields, EntryError>> {
        let secret = self.secret("TimeOtp-Secret")?;
        Some(secret.and_then(|secret| {
            Ok(Fields {
                algorithm: algorithm_of(self.get("TimeOtp-Algorithm"))?,
                digits: self.number("TimeOtp-Length", "digits"),
                period: self.number("TimeOtp-Period", "period"),
                ..Fields::of_secret(Kind::Time, secret)
            })
        }))
    }

    fn counted(&self) -> Option<Result<Fields, EntryError>> {
        let secret = self.secret("HmacOtp-Secret")?;
        let counter = self.number("HmacOtp-Counter", "counter");
        Some(secret.map(|secret| Fields { counter, ..Fields::of_secret(Kind::Counter, secret) }))
    }

    fn tray(&self) -> Option<Result<Fields, EntryError>> {
        let seed = Some(self.get("TOTP Seed")).filter(|seed| !seed.is_empty())?;
        let mut settings = self.get("TOTP Settings").split(';').map(str::trim);
        let (period, digits) = (settings.next().unwrap_or_default(), settings.next().unwrap_or_default());
        let kind = if digits.eq_ignore_ascii_case("S") { Kind::Steam } else { Kind::Time };
        Some(base32(seed).map(|secret| Fields {
            digits: number(digits, "digits"),
            period: number(period, "period"),
            ..Fields::of_secret(kind, secret)
        }))
    }

    /// The secret in whichever encoding it is there.
    fn secret(&self, name: &str) -> Option<Result<Secret, EntryError>> {
        let bad = |_| EntryError::Offer(OfferError::BadSecret);
        ["", "-Hex", "-Base32", "-Base64"].into_iter().find_map(|encoding| {
            let value = Some(self.get(&format!("{name}{encoding}"))).filter(|value| !value.is_empty())?;
            Some(match encoding {
                "" => Ok(Secret::from(value.as_bytes())),
                "-Hex" => HEXLOWER_PERMISSIVE.decode(value.as_bytes()).map(Secret::new).map_err(bad),
                "-Base32" => base32(value),
                _ => BASE64.decode(value.as_bytes()).map(Secret::new).map_err(bad),
            })
        })
    }
}

/// `key=…&size=6&step=30&otpHashMode=Sha256`, as the plug-in KeeOtp writes it; also `type=Hotp&counter=…`.
fn kee_otp(text: &str) -> Result<Fields, EntryError> {
    let parameter = |name: &str| {
        let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
        Some(Zeroizing::new(percent_decode_str(value).decode_utf8_lossy().into_owned()))
    };
    let text_of = |name: &str| parameter(name).unwrap_or_default();
    let key = parameter("key").ok_or(OfferError::MissingSecret)?;
    if !matches!(text_of("encoding").to_ascii_lowercase().as_str(), "" | "base32") {
        return Err(EntryError::Malformed);
    }
    Ok(Fields {
        kind: Kind::named(&text_of("type"))?,
        secret: base32(&key)?,
        algorithm: algorithm_of(&text_of("otpHashMode"))?,
        digits: number(&text_of("size"), "digits"),
        period: number(&text_of("step"), "period"),
        counter: number(&text_of("counter"), "counter"),
    })
}

fn number(text: &str, name: &'static str) -> Number {
    match text.trim() {
        "" => Ok(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| OfferError::BadNumber(name))
        }
        _ => Err(OfferError::BadNumber(name)),
    }
}
