//! What servers may read in a path that is not plain.
//!
//! A server takes steps from the bytes that it gets to the path that it routes: a backslash for a
//! slash, what stands behind two slashes for a host (RFC 3986 section 4.2, as `new URL` of Node and
//! `parse_url` of PHP have it), `;` and what follows cut off a segment, dot segments resolved,
//! slashes merged, all of it before decoding (proxies, Tomcat's parameters), after it, or both.
//! Each step may be taken or left out, so that all of these together give a set of readings; it is
//! bounded, and a path with more is refused. Where something encoded is data to a server, it stands
//! as data in the reading: a slash as [`DATA_SLASH`], so that it ends no segment.
//!
//! Decoding twice is a reading too: no server that routes by the result is known, but services
//! behind one decode what they were given decoded. What that makes is taken as it comes: a stray
//! `%` stands for itself, and bytes that are no UTF-8 for U+FFFD, so that `100%25beef` is the text
//! that it is. Decoding not at all is none: it would tell apart `/a` and `/%61`, which RFC 3986
//! section 6.2.2.2 says are the same.

use super::PathAmbiguous;
use super::decode::{self, Next};
use std::borrow::Cow;

/// The most readings that a path may have.
const MAX_READINGS: usize = 32;

/// The most bytes that they may have together.
const MAX_BYTES: usize = 1 << 16;

/// A slash that is no separator. No path and no pattern holds this byte otherwise.
const DATA_SLASH: char = '\u{1}';
const ENCODED_BACKSLASH: char = '\u{2}';
const ENCODED_SEMICOLON: char = '\u{3}';
/// A dot that a server which resolves before it decodes does not see.
const ENCODED_DOT: char = '\u{4}';

/// What a server may do to a path, in the order in which it does it.
const STEPS: [fn(&str) -> String; 14] = [
    with_decoded_dots,
    with_slashes_for_backslashes,
    without_authority,
    without_query_after_semicolon,
    without_parameters,
    without_dots,
    with_merged_slashes,
    without_dots,
    with_decoded_separators,
    with_slashes_for_backslashes,
    without_encoded_parameters,
    without_dots,
    with_merged_slashes,
    without_dots,
];

/// Returns all readings of a path, none twice: of a plain path its decoded form alone.
///
/// # Errors
/// It can't be read: it does not begin with `/`, holds a control byte in any spelling, is not
/// encoded as RFC 3986 section 2.1 has it, or is no UTF-8. Or it has too many readings.
pub(super) fn readings(raw: &[u8]) -> Result<Vec<String>, PathAmbiguous> {
    let once = String::from_utf8(marked(raw)?).map_err(|_| PathAmbiguous)?;
    if !once.starts_with('/') {
        return Err(PathAmbiguous);
    }
    let mut readings = of_marked(&once)?;
    if decode::is_encoded(once.as_bytes()) {
        for reading in of_marked(&marked_again(&once)?)? {
            add(&mut readings, reading)?;
        }
    }
    Ok(readings)
}

/// Returns a part of a reading, as it is compared with what is no path.
pub(in super::super) fn with_plain_slashes(part: &str) -> Cow<'_, str> {
    if part.contains(DATA_SLASH) { part.replace(DATA_SLASH, "/").into() } else { part.into() }
}

/// Returns a reading as people write it: what is data and no separator is percent-encoded again.
#[cfg(feature = "explain")]
pub(crate) fn shown(reading: &str) -> String {
    let marks = [
        (DATA_SLASH, "%2F"),
        (ENCODED_BACKSLASH, "%5C"),
        (ENCODED_SEMICOLON, "%3B"),
        (ENCODED_DOT, "%2E"),
    ];
    marks.iter().fold(reading.to_owned(), |shown, (mark, encoded)| shown.replace(*mark, encoded))
}

fn of_marked(marked: &str) -> Result<Vec<String>, PathAmbiguous> {
    let mut drafts = vec![marked.to_owned()];
    for step in STEPS {
        let taken: Vec<String> = drafts.iter().map(|draft| step(draft)).collect();
        for draft in taken {
            add(&mut drafts, draft)?;
        }
    }
    let mut readings = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let reading = with_decoded_dots(&draft)
            .replace(ENCODED_BACKSLASH, "\\")
            .replace(ENCODED_SEMICOLON, ";");
        add(&mut readings, reading)?;
    }
    Ok(readings)
}

fn add(readings: &mut Vec<String>, reading: String) -> Result<(), PathAmbiguous> {
    if readings.contains(&reading) {
        return Ok(());
    }
    readings.push(reading);
    let bytes: usize = readings.iter().map(String::len).sum();
    if readings.len() > MAX_READINGS || bytes > MAX_BYTES { Err(PathAmbiguous) } else { Ok(()) }
}

/// Returns a path decoded once, in which encoded separators are marked.
fn marked(raw: &[u8]) -> Result<Vec<u8>, PathAmbiguous> {
    let mut path = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(Next { byte, encoded, after }) = decode::next(rest)? {
        if byte.is_ascii_control() || (!encoded && matches!(byte, b' ' | b'#' | b'?')) {
            return Err(PathAmbiguous);
        }
        path.push(if encoded { mark(byte) } else { byte });
        rest = after;
    }
    Ok(path)
}

/// Returns the same of a path that was decoded once, as far as it can be decoded again.
fn marked_again(once: &str) -> Result<String, PathAmbiguous> {
    let mut path = Vec::with_capacity(once.len());
    let mut rest = once.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match decode::next(rest) {
            // What such a byte ends, or hides, nobody can say.
            Ok(Some(Next { byte, encoded: true, .. })) if byte.is_ascii_control() => {
                return Err(PathAmbiguous);
            }
            Ok(Some(Next { byte, encoded: true, after })) => (mark(byte), after),
            _ => (first, after),
        };
        path.push(byte);
        rest = after;
    }
    Ok(String::from_utf8_lossy(&path).into_owned())
}

fn mark(byte: u8) -> u8 {
    match byte {
        b'/' => 1,
        b'\\' => 2,
        b';' => 3,
        b'.' => 4,
        other => other,
    }
}

fn with_decoded_dots(path: &str) -> String {
    path.replace(ENCODED_DOT, ".")
}

fn with_decoded_separators(path: &str) -> String {
    with_decoded_dots(path).replace(DATA_SLASH, "/").replace(ENCODED_BACKSLASH, "\\")
}

fn with_slashes_for_backslashes(path: &str) -> String {
    path.replace('\\', "/")
}

/// Returns what is left of a path that is taken for a reference to another host.
fn without_authority(path: &str) -> String {
    if !path.starts_with("//") {
        return path.to_owned();
    }
    let authority = path.trim_start_matches('/');
    authority.find('/').and_then(|end| authority.get(end..)).unwrap_or("/").to_owned()
}

/// Returns what is left of a path where `;` begins the query, as Fastify has it
/// (`useSemicolonDelimiter`).
fn without_query_after_semicolon(path: &str) -> String {
    path.split(';').next().unwrap_or_default().to_owned()
}

fn without_parameters(path: &str) -> String {
    cut(path, &[';'])
}

fn without_encoded_parameters(path: &str) -> String {
    cut(path, &[';', ENCODED_SEMICOLON])
}

fn cut(path: &str, at: &[char]) -> String {
    let mut whole = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            whole.push('/');
        }
        whole.push_str(segment.split(at).next().unwrap_or_default());
    }
    whole
}

/// Resolves dot segments (RFC 3986 section 5.2.4); what leads above the root ends there.
pub(super) fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => _ = kept.pop(),
            other => {
                kept.push(other);
                continue;
            }
        }
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    let mut whole = String::with_capacity(path.len());
    for segment in kept {
        whole.push('/');
        whole.push_str(segment);
    }
    whole
}

fn with_merged_slashes(path: &str) -> String {
    let mut whole = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !whole.ends_with('/') {
            whole.push(letter);
        }
    }
    whole
}
