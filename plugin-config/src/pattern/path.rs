//! Reading patterns of paths.

use super::{PathPattern, PathSegment};
use attache_config_reader::quote;

impl PathPattern {
    /// The longest pattern, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Reads a pattern: `/exact`, `/prefix*`, `*suffix`, `*`, or a template such as
    /// `/users/{id}/{**}`.
    ///
    /// ```
    /// use attache_plugin_config::PathPattern;
    ///
    /// let template = PathPattern::parse("/users/{id}/{**}").unwrap();
    /// assert_eq!(template.names().collect::<Vec<_>>(), ["id"]);
    /// assert!(PathPattern::parse("users").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a pattern may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty path fits nothing; a path begins with `/`".to_owned());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(format!("a path has {} bytes at most", Self::MAX_BYTES));
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        check_characters(text)?;
        if text.contains(['{', '}']) {
            return template(text).map(Self::Template);
        }
        let (kind, rest): (fn(String) -> Self, &str) = if let Some(end) = text.strip_prefix('*') {
            (Self::Suffix, end)
        } else if !text.starts_with('/') {
            return Err(format!("{} does not begin with `/`, so it fits no path", quote(text)));
        } else if let Some(start) = text.strip_suffix('*') {
            (Self::Prefix, start)
        } else {
            (Self::Exact, text)
        };
        if rest.contains('*') {
            return Err(format!(
                "`*` may occur once in {}, at the beginning or at the end; for one segment in between write `{{*}}`, for \
                 any number of them `{{**}}`",
                quote(text)
            ));
        }
        let segments: Vec<&str> = rest.split('/').collect();
        // What is next to the `*` is a part of a segment.
        let whole = match kind(String::new()) {
            Self::Prefix(_) => segments.split_last().map(|(_, whole)| whole),
            Self::Suffix(_) => segments.split_first().map(|(_, whole)| whole),
            _ => Some(segments.as_slice()),
        };
        check_segments(text, whole.unwrap_or_default())?;
        Ok(kind(rest.to_owned()))
    }

    /// Returns the names of a template's segments.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let segments = match self {
            Self::Template(segments) => segments.as_slice(),
            _ => &[],
        };
        segments.iter().filter_map(|segment| match segment {
            PathSegment::Named(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// Returns the form of a router for a segment that may be anything: `:id`, `<id>`, `<int:id>`.
fn placeholder(segment: &str) -> Option<&str> {
    let name = match segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(inner) => inner.rsplit(':').next().unwrap_or(inner),
        None => segment.strip_prefix(':')?,
    };
    is_name(name).then_some(name)
}

/// Refuses what no path that is matched can hold: such a pattern would never fit.
fn check_characters(text: &str) -> Result<(), String> {
    let why = if text.contains('?') {
        "a path is matched without its query; leave out `?` and what follows"
    } else if text.contains('#') {
        "a request has no fragment; leave out `#` and what follows"
    } else if text.contains('%') {
        "a path is matched percent-decoded; write the character itself for `%`"
    } else if text.contains(';') {
        "a path with `;` parameters is also read without them; leave them out"
    } else if text.contains('\\') {
        "a backslash is also read as a slash; write `/`"
    } else if text.chars().any(char::is_control) {
        "a path with a control character is never matched; leave it out"
    } else if text.contains("//") {
        "an empty segment is also read as none; write one `/`"
    } else {
        return Ok(());
    };
    Err(format!("{} fits nothing: {why}", quote(text)))
}

fn check_segments(text: &str, segments: &[&str]) -> Result<(), String> {
    if let Some((segment, name)) =
        segments.iter().find_map(|segment| Some((segment, placeholder(segment)?)))
    {
        return Err(format!(
            "`{segment}` in {} would be compared letter by letter; for a segment that may be anything write `{{{name}}}`",
            quote(text)
        ));
    }
    match segments.iter().find(|segment| matches!(**segment, "." | "..")) {
        Some(dots) => Err(format!(
            "{} fits nothing: a segment `{dots}` is also resolved; leave it out",
            quote(text)
        )),
        None => Ok(()),
    }
}

#[inline(never)]
fn template(text: &str) -> Result<Vec<PathSegment>, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("the template {} does not begin with `/`", quote(text)));
    };
    let parts: Vec<&str> = rest.split('/').collect();
    check_segments(text, &parts)?;
    let mut segments = Vec::with_capacity(parts.len());
    for part in parts {
        let segment = segment(text, part)?;
        let twice = match &segment {
            PathSegment::Many | PathSegment::Named(_) => segments.contains(&segment),
            PathSegment::Literal(_) | PathSegment::One => false,
        };
        if twice {
            return Err(format!("`{part}` occurs twice in {}; it may occur once", quote(text)));
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment(text: &str, part: &str) -> Result<PathSegment, String> {
    let inner = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match inner {
        Some("*") => return Ok(PathSegment::One),
        Some("**") => return Ok(PathSegment::Many),
        Some(name) if is_name(name) => return Ok(PathSegment::Named(name.to_owned())),
        Some(name) if !name.contains(['{', '}']) => {
            return Err(format!(
                "{} is no name for a segment; use 1 to 64 letters, digits, `_` and `-`, beginning with a letter",
                quote(name)
            ));
        }
        _ => {}
    }
    if part.contains('*') {
        return Err(format!(
            "a template has no bare `*`; in {} write `{{*}}` for one segment or `{{**}}` for any number",
            quote(text)
        ));
    }
    if part.contains(['{', '}']) {
        return Err(format!(
            "in {} braces stand for a whole segment, as in `/users/{{id}}/orders`",
            quote(text)
        ));
    }
    Ok(PathSegment::Literal(part.to_owned()))
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.bytes().next().is_some_and(|c| c.is_ascii_alphabetic())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'))
}
