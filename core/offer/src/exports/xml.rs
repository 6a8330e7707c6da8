//! Android's shared preferences, which are XML: `<map><string name="…">text</string>…</map>`.

use quick_xml::Reader;
use quick_xml::events::Event;
use zeroize::Zeroizing;

use super::ImportError;

const MAX_ENTRIES: usize = 100_000;

/// The texts with their names, in the file's order. No entity but XML's own five is known, so none can expand.
pub(super) fn preferences(xml: &str) -> Result<Vec<(String, Zeroizing<String>)>, ImportError> {
    let mut reader = Reader::from_str(xml);
    let mut texts = Vec::new();
    let mut open: Option<(String, Zeroizing<String>)> = None;
    loop {
        match reader.read_event().map_err(|_| ImportError::Damaged)? {
            Event::Start(tag) if tag.name().as_ref() == "string" => {
                let name = tag.try_get_attribute("name").map_err(|_| ImportError::Damaged)?;
                let name = name.ok_or(ImportError::Damaged)?;
                open = Some((name.value.into_owned(), Zeroizing::new(String::new())));
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some((_, value)) = &mut open {
                    let code = reference.resolve_char_ref().map_err(|_| ImportError::Damaged)?;
                    let c = code.or_else(|| predefined(&reference)).ok_or(ImportError::Damaged)?;
                    value.push(c);
                }
            }
            Event::End(tag) if tag.name().as_ref() == "string" => texts.extend(open.take()),
            Event::DocType(_) => return Err(ImportError::Damaged),
            Event::Eof if open.is_some() => return Err(ImportError::Damaged),
            Event::Eof => return Ok(texts),
            _ => {}
        }
        if texts.len() > MAX_ENTRIES {
            return Err(ImportError::TooMuch);
        }
    }
}

pub(super) fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "quot" => '"',
        "amp" => '&',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        _ => return None,
    })
}
