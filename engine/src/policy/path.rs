//! The path that policies match: the one that every backend reads.
//!
//! A path is read in one way only if it is plain: it begins with `/`, has no `.` or `..` segment, no empty segment but
//! the last, no `;`, no slash, backslash, NUL or other control byte in any spelling, its percent-encoding is valid, is
//! UTF-8 when decoded, and decoding it again would change nothing. Such a path is matched decoded and forwarded as sent.
//!
//! `NORMALIZE` brings other paths into one form, which is matched and forwarded: an encoded slash, and a backslash in
//! either spelling, is a slash; `;` in either spelling ends its segment; empty and `.` segments go, `..` takes the
//! segment before it along; what needs no encoding is decoded. A path that leads above the root, or can't be decoded, or
//! could be decoded twice, has no such form.

use attache_plugin_config::AmbiguousPaths;
use std::borrow::Cow;

/// A path that can be read in one way only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPath<'a> {
    /// What policies match: percent-decoded.
    pub matched: Cow<'a, str>,
    /// What is to be forwarded in place of the path that came, percent-encoded, without a query. `None`: it as it is.
    pub rewritten: Option<String>,
}

/// A backend could read this path in another way than this filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path can be read in two ways")]
pub struct PathAmbiguous;

/// Reads a request's path, without its query. The path of an OPTIONS request may be `*`, that of a CONNECT request empty.
///
/// # Errors
/// The path can be read in two ways, and is to be refused or has no normal form.
pub fn read_path(raw: &[u8], ambiguous: AmbiguousPaths) -> Result<ReadPath<'_>, PathAmbiguous> {
    match (read_plain(raw), ambiguous) {
        (Ok(matched), _) => Ok(ReadPath { matched, rewritten: None }),
        (Err(PathAmbiguous), AmbiguousPaths::Refuse) => Err(PathAmbiguous),
        (Err(PathAmbiguous), AmbiguousPaths::Normalize) => {
            let normal = normalize(raw)?;
            let matched = read_plain(&normal)?.into_owned().into();
            let rewritten = String::from_utf8(normal).map_err(|_| PathAmbiguous)?;
            Ok(ReadPath { matched, rewritten: Some(rewritten) })
        }
    }
}

fn read_plain(raw: &[u8]) -> Result<Cow<'_, str>, PathAmbiguous> {
    if matches!(raw, b"" | b"*") {
        return std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| PathAmbiguous);
    }
    let decoded = if has_only_plain_bytes(raw)? { Cow::Borrowed(raw) } else { Cow::Owned(decode(raw)?) };
    segments_are_plain(&decoded)?;
    match decoded {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| PathAmbiguous),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| PathAmbiguous),
    }
}

/// `Ok(true)`: nothing to decode.
fn has_only_plain_bytes(raw: &[u8]) -> Result<bool, PathAmbiguous> {
    let mut plain = true;
    for &byte in raw {
        match byte {
            0..=b' ' | 0x7f | b'\\' | b';' | b'#' | b'?' => return Err(PathAmbiguous),
            b'%' => plain = false,
            _ => {}
        }
    }
    Ok(plain)
}

/// Decodes once, and refuses what an encoding may not hide.
#[inline(never)]
fn decode(raw: &[u8]) -> Result<Vec<u8>, PathAmbiguous> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(Next { byte, encoded, after }) = next(rest)? {
        if encoded && (is_separator(byte) || byte.is_ascii_control()) {
            return Err(PathAmbiguous);
        }
        decoded.push(byte);
        rest = after;
    }
    if is_encoded(&decoded) { Err(PathAmbiguous) } else { Ok(decoded) }
}

/// The first byte of a path, decoded, and what follows it.
struct Next<'a> {
    byte: u8,
    encoded: bool,
    after: &'a [u8],
}

fn next(raw: &[u8]) -> Result<Option<Next<'_>>, PathAmbiguous> {
    match raw {
        [] => Ok(None),
        [b'%', high, low, after @ ..] => {
            let byte = hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4) | low);
            byte.map(|byte| Some(Next { byte, encoded: true, after })).ok_or(PathAmbiguous)
        }
        [b'%', ..] => Err(PathAmbiguous),
        [byte, after @ ..] => Ok(Some(Next { byte: *byte, encoded: false, after })),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether something that is decoded could be decoded again.
fn is_encoded(decoded: &[u8]) -> bool {
    decoded.windows(3).any(
        |window| matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()),
    )
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\' | b';')
}

fn segments_are_plain(decoded: &[u8]) -> Result<(), PathAmbiguous> {
    let mut rest = decoded.strip_prefix(b"/").ok_or(PathAmbiguous)?;
    loop {
        let end = rest.iter().position(|&byte| byte == b'/');
        let (segment, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, b""));
        // Only the last segment may be empty.
        if matches!(segment, b"." | b"..") || (segment.is_empty() && end.is_some()) {
            return Err(PathAmbiguous);
        }
        match after.strip_prefix(b"/") {
            Some(after) => rest = after,
            None => return Ok(()),
        }
    }
}

/// The normal form of a path, percent-encoded.
#[inline(never)]
fn normalize(raw: &[u8]) -> Result<Vec<u8>, PathAmbiguous> {
    let mut normal = Normal::default();
    let mut rest = raw;
    while let Some(Next { byte, encoded, after }) = next(rest)? {
        normal.push(byte, encoded)?;
        rest = after;
    }
    normal.finish()
}

/// A path in the making: whole segments, each after its slash.
#[derive(Default)]
struct Normal {
    path: Vec<u8>,
    segment: Vec<u8>,
    /// A slash has come, so there is a segment to write.
    rooted: bool,
    /// A `;` has come: what follows in this segment is no part of the path.
    parameter: bool,
}

impl Normal {
    fn push(&mut self, byte: u8, encoded: bool) -> Result<(), PathAmbiguous> {
        match byte {
            b'/' | b'\\' => self.end_segment(false)?,
            _ if !self.rooted || byte.is_ascii_control() => return Err(PathAmbiguous),
            b' ' | b'#' | b'?' if !encoded => return Err(PathAmbiguous),
            b';' => self.parameter = true,
            _ if self.parameter => {}
            _ => self.write(byte, encoded),
        }
        Ok(())
    }

    fn write(&mut self, byte: u8, encoded: bool) {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || (!encoded && byte.is_ascii()) {
            self.segment.push(byte);
        } else {
            self.segment.push(b'%');
            self.segment.extend([byte >> 4, byte & 15].map(hex_digit));
        }
    }

    /// Closes a segment; the last one may be empty, and then leaves a slash at the path's end.
    fn end_segment(&mut self, last: bool) -> Result<(), PathAmbiguous> {
        self.parameter = false;
        if !std::mem::replace(&mut self.rooted, true) {
            return Ok(());
        }
        match self.segment.as_slice() {
            b".." => {
                let parent = self.path.iter().rposition(|&byte| byte == b'/').ok_or(PathAmbiguous)?;
                self.path.truncate(parent);
                self.segment.clear();
            }
            b"." => self.segment.clear(),
            _ => {}
        }
        if last || !self.segment.is_empty() {
            self.path.push(b'/');
            self.path.append(&mut self.segment);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, PathAmbiguous> {
        if !self.rooted {
            return Err(PathAmbiguous);
        }
        self.end_segment(true)?;
        Ok(self.path)
    }
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0'.saturating_add(nibble) } else { b'A'.saturating_add(nibble.saturating_sub(10)) }
}
