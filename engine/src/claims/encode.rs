//! How a claim becomes the text of a header.

use super::number;
use attache_plugin_config::HeaderFormat;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::Formatter;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Writes a claim, or tells that the format has no way to. What comes back may still be unfit for a
/// header.
pub(super) fn encode(value: &Value, format: Option<HeaderFormat>) -> Option<String> {
    match format {
        None => plain(value),
        Some(HeaderFormat::Csv) => csv(value),
        Some(HeaderFormat::PercentEncoded) => {
            let mut line = String::new();
            percent_encode(&scalar_text(value)?, b"%", &mut line);
            Some(line)
        }
        Some(HeaderFormat::Json) => ascii_json(value),
        Some(HeaderFormat::Base64Json) => {
            Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?))
        }
    }
}

/// Returns whether a list has an element, or a text, a number or a Boolean is it; `None` for an
/// object, which has none to look for.
pub(super) fn contains(value: &Value, element: &str) -> Option<bool> {
    let is = |value: &Value| scalar_text(value).is_some_and(|text| text == element);
    match value {
        Value::Object(_) => None,
        Value::Array(elements) => Some(elements.iter().any(is)),
        scalar => Some(is(scalar)),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Array(elements) if elements.iter().any(|e| e.is_array() || e.is_object()) => {
            ascii_json(value)
        }
        Value::Array(_) => csv(value),
        Value::Object(_) => ascii_json(value),
        scalar => scalar_text(scalar).map(Cow::into_owned),
    }
}

/// Returns a list, or a scalar as a list of one. `null` in a list is no element, as a `null` claim
/// is no claim.
fn csv(value: &Value) -> Option<String> {
    let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut line = String::new();
    for (index, element) in elements.iter().filter(|element| !element.is_null()).enumerate() {
        if index > 0 {
            line.push(',');
        }
        percent_encode(&scalar_text(element)?, b",%", &mut line);
    }
    Some(line)
}

/// Returns the one text of a string, a number or a Boolean: what is written into headers, and
/// compared with texts.
pub fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number::text(number))),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keeps visible ASCII (RFC 5234 VCHAR) but for the `reserved`, `%` among them.
fn percent_encode(text: &str, reserved: &[u8], line: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !reserved.contains(&byte) {
            line.push(byte.into());
        } else {
            // Writing into a string does not fail.
            let _ = write!(line, "%{byte:02X}");
        }
    }
}

fn ascii_json(value: &Value) -> Option<String> {
    let mut text = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, AsciiFormatter)).ok()?;
    String::from_utf8(text).ok()
}

/// Compact JSON in which every character outside visible ASCII and space is a `\u` escape.
struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(out, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
