//! The path that policies match.
//!
//! A path is plain if it has one reading: it begins with `/`, has no `.` or `..` segment, no empty
//! segment but the last, no `;`, no slash, backslash, NUL or other control byte in any spelling,
//! its percent-encoding is valid, is UTF-8 when decoded, and decoding it again would change
//! nothing. Such a path is matched decoded and forwarded as sent. That a router may take `/a` and
//! `/A`, or `/a` and `/a/`, for the same is the [comparison's](super::loose) affair.
//!
//! Any other path is refused (`REFUSE`), or has [several readings](readings), each of which is
//! judged (`COMPARE`), or is first brought into [a form](normal) that loses no data (`NORMALIZE`).

mod decode;
#[cfg(feature = "explain")]
mod flaw;
mod normal;
mod readings;

#[cfg(feature = "explain")]
pub(crate) use flaw::path_flaw;
#[cfg(feature = "explain")]
pub(crate) use readings::shown as shown_path;
pub(super) use readings::with_plain_slashes;

use attache_plugin_config::AmbiguousPaths;
use decode::{Next, is_encoded, next};
use std::borrow::Cow;

/// How a path is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPath<'a> {
    /// What policies match: percent-decoded.
    pub matched: Cow<'a, str>,
    /// What else a backend may read; none of a plain path.
    pub others: Vec<String>,
    /// What is to be forwarded in place of the path that came, percent-encoded, without a query.
    /// `None`: it as it is.
    pub rewritten: Option<String>,
}

/// A path that can't be read, or in more ways than are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path can't be read in one way")]
pub struct PathAmbiguous;

/// Reads a request's path, without its query. The path of an OPTIONS request may be `*`, that of a
/// CONNECT request empty.
///
/// # Errors
/// The path is not plain, and all others are to be refused; or [no reading](readings) can be had of
/// it.
#[inline(never)]
pub fn read_path(raw: &[u8], ambiguous: AmbiguousPaths) -> Result<ReadPath<'_>, PathAmbiguous> {
    match read_plain(raw) {
        Ok(matched) => Ok(ReadPath { matched, others: Vec::new(), rewritten: None }),
        Err(PathAmbiguous) => read_other(raw, ambiguous),
    }
}

/// Reads a path that is not plain.
#[inline(never)]
fn read_other(raw: &[u8], ambiguous: AmbiguousPaths) -> Result<ReadPath<'static>, PathAmbiguous> {
    let normal = match ambiguous {
        AmbiguousPaths::Refuse => return Err(PathAmbiguous),
        AmbiguousPaths::Compare => None,
        AmbiguousPaths::Normalize => Some(normal::form(raw)?),
    };
    let mut readings =
        readings::readings(normal.as_ref().map_or(raw, String::as_bytes))?.into_iter();
    let matched = readings.next().ok_or(PathAmbiguous)?.into();
    let rewritten = normal.filter(|form| form.as_bytes() != raw);
    Ok(ReadPath { matched, others: readings.collect(), rewritten })
}

fn read_plain(raw: &[u8]) -> Result<Cow<'_, str>, PathAmbiguous> {
    if matches!(raw, b"" | b"*") {
        return std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| PathAmbiguous);
    }
    let decoded =
        if has_only_plain_bytes(raw)? { Cow::Borrowed(raw) } else { Cow::Owned(decode(raw)?) };
    segments_are_plain(&decoded)?;
    match decoded {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| PathAmbiguous)
        }
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| PathAmbiguous),
    }
}

/// Returns whether there is nothing to decode.
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

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\' | b';')
}

fn segments_are_plain(decoded: &[u8]) -> Result<(), PathAmbiguous> {
    let mut rest = decoded.strip_prefix(b"/").ok_or(PathAmbiguous)?;
    loop {
        let end = rest.iter().position(|&byte| byte == b'/');
        let (segment, after) =
            rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, b""));
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
