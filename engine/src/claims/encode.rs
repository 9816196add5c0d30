//! How a claim becomes the text of a header.

use attache_plugin_config::HeaderFormat;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::Formatter;
use std::fmt::Write as _;
use std::io;

/// Writes a claim, or tells that the format has no way to. What comes back may still be unfit for a header.
pub(super) fn encode(value: &Value, format: Option<HeaderFormat>) -> Option<String> {
    match format {
        None => plain(value),
        Some(HeaderFormat::Csv) => csv(value),
        Some(HeaderFormat::Json) => ascii_json(value),
        Some(HeaderFormat::Base64Json) => Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?)),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Array(elements) if elements.iter().any(|e| e.is_array() || e.is_object()) => ascii_json(value),
        Value::Array(_) => csv(value),
        Value::Object(_) => ascii_json(value),
        scalar => scalar_text(scalar),
    }
}

/// A list, or a scalar as a list of one. `null` in a list is no element, as a `null` claim is no claim.
fn csv(value: &Value) -> Option<String> {
    let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut line = String::new();
    for (index, element) in elements.iter().filter(|element| !element.is_null()).enumerate() {
        if index > 0 {
            line.push(',');
        }
        percent_encode(&scalar_text(element)?, &mut line);
    }
    Some(line)
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keeps visible ASCII (RFC 5234 VCHAR) but for `,` and `%`.
fn percent_encode(text: &str, line: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b',' && byte != b'%' {
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
#[path = "encode_tests.rs"]
mod tests;
