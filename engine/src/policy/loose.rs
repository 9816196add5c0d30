//! Paths as a backend may compare them: in any letter case, and with or without a slash at their
//! end.
//!
//! Nobody can say how the service behind this filter routes, so a comparison leans towards allowing
//! less: what a DENY rule is for, and what an ALLOW rule is not for, is compared loosely; the
//! others exactly, unless the policy says that its service takes such paths for the same.
//!
//! Letter case is that of Unicode, not of ASCII alone: routers that compare without it (regular
//! expressions of Python and JavaScript, `equalsIgnoreCase` of Java, `EqualFold` of Go) take `ſ`
//! for `s`, the Kelvin sign for `k`, or `ı` for `i`, one or the other. Letters are the same here if
//! any of them says so.

use attache_plugin_config::{Action, PathEquality, PathPattern, PathSegment};
use std::borrow::Cow;

/// How one list of path patterns is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub equality: PathEquality,
    /// `*` stands for the empty path of a CONNECT request too.
    any_is_everything: bool,
}

impl Comparison {
    /// Returns what `paths` of a rule are compared by.
    pub(super) fn of_paths(action: Action, service: PathEquality) -> Self {
        match action {
            Action::Allow => Self::of_service(service),
            Action::Deny => Self::LOOSEST,
        }
    }

    /// Returns what `notPaths` of a rule are compared by.
    pub(super) fn of_not_paths(action: Action, service: PathEquality) -> Self {
        match action {
            Action::Allow => Self::LOOSEST,
            Action::Deny => Self::of_service(service),
        }
    }

    const LOOSEST: Self = Self {
        equality: PathEquality { any_case: true, any_trailing_slash: true },
        any_is_everything: true,
    };

    const fn of_service(equality: PathEquality) -> Self {
        Self { equality, any_is_everything: false }
    }

    /// Returns the patterns that match a path, brought into [the form](fold) that is compared,
    /// where this one would.
    pub(super) fn patterns(self, pattern: &PathPattern) -> Vec<PathPattern> {
        let mut pattern = if self.equality.any_case { folded(pattern) } else { pattern.clone() };
        let mut more = None;
        if self.any_is_everything && pattern == PathPattern::Any {
            pattern = PathPattern::Prefix(String::new());
        }
        if self.equality.any_trailing_slash {
            (pattern, more) = without_trailing_slash(pattern);
        }
        std::iter::once(pattern).chain(more).collect()
    }
}

fn folded(pattern: &PathPattern) -> PathPattern {
    let text = |text: &str| fold(text).into_owned();
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Literal(literal) => PathSegment::Literal(text(literal)),
        other => other.clone(),
    };
    match pattern {
        PathPattern::Exact(whole) => PathPattern::Exact(text(whole)),
        PathPattern::Prefix(start) => PathPattern::Prefix(text(start)),
        PathPattern::Suffix(end) => PathPattern::Suffix(text(end)),
        PathPattern::Any => PathPattern::Any,
        PathPattern::Template(segments) => {
            PathPattern::Template(segments.iter().map(segment).collect())
        }
    }
}

/// Returns the patterns that match paths without slashes at their end where this one matches them
/// without or with one.
fn without_trailing_slash(pattern: PathPattern) -> (PathPattern, Option<PathPattern>) {
    match pattern {
        PathPattern::Exact(whole) => (PathPattern::Exact(trim(&whole).to_owned()), None),
        PathPattern::Prefix(start) if start.len() > 1 && start.ends_with('/') => {
            let whole = PathPattern::Exact(trim(&start).to_owned());
            (PathPattern::Prefix(start), Some(whole))
        }
        PathPattern::Suffix(end) if end == "/" => (PathPattern::Prefix(end), None),
        PathPattern::Suffix(end) => (PathPattern::Suffix(trim(&end).to_owned()), None),
        PathPattern::Template(mut segments) => {
            let hollow = |segment: &PathSegment| matches!(segment, PathSegment::Literal(text) if text.is_empty());
            if segments.len() > 1 && segments.last().is_some_and(hollow) {
                segments.pop();
            }
            (PathPattern::Template(segments), None)
        }
        other @ (PathPattern::Prefix(_) | PathPattern::Any) => (other, None),
    }
}

/// Returns a path without slashes at its end; the root keeps its own.
pub(super) fn trim(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { path.get(..1).unwrap_or(path) } else { trimmed }
}

/// Returns a text in which letters are the same that some backend takes for the same.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        fold_letters(text)
    } else {
        Cow::Borrowed(text)
    }
}

#[inline(never)]
fn fold_letters(text: &str) -> Cow<'_, str> {
    text.chars().map(fold_letter).collect::<String>().into()
}

/// Returns the small letter; of several that share a capital letter, one.
fn fold_letter(letter: char) -> char {
    const SHARED: [(char, char); 23] = [
        ('µ', 'μ'),
        ('ı', 'i'),
        ('ſ', 's'),
        ('\u{345}', 'ι'),
        ('ς', 'σ'),
        ('ϐ', 'β'),
        ('ϑ', 'θ'),
        ('ϕ', 'φ'),
        ('ϖ', 'π'),
        ('ϰ', 'κ'),
        ('ϱ', 'ρ'),
        ('ϵ', 'ε'),
        ('\u{1c80}', 'в'),
        ('\u{1c81}', 'д'),
        ('\u{1c82}', 'о'),
        ('\u{1c83}', 'с'),
        ('\u{1c84}', 'т'),
        ('\u{1c85}', 'т'),
        ('\u{1c86}', 'ъ'),
        ('\u{1c87}', 'ѣ'),
        ('\u{1c88}', 'ꙋ'),
        ('ẛ', 'ṡ'),
        ('\u{1fbe}', 'ι'),
    ];
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    match SHARED.iter().find(|(other, _)| *other == letter) {
        Some((_, shared)) => *shared,
        // Only `İ` has more than one: an `i` and a dot that it has anyway.
        None => letter.to_lowercase().next().unwrap_or(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_same_whose_capital_or_small_letter_is() {
        for letter in '\0'..=char::MAX {
            let folded = fold_letter(letter);
            assert_eq!(fold_letter(folded), folded, "{letter:?}");
            for other in
                [letter.to_lowercase().next(), letter.to_uppercase().next()].into_iter().flatten()
            {
                // A capital of several letters, as that of `ß`, is another text to every router.
                if letter.to_uppercase().count() == 1 {
                    assert_eq!(fold_letter(other), folded, "{letter:?} and {other:?}");
                }
            }
        }
        assert_eq!(fold("/Adm\u{131}n/\u{17f}\u{212a}\u{130}"), "/admin/ski");
    }

    #[test]
    fn only_slashes_at_the_end_are_taken_off() {
        for (path, trimmed) in [
            ("/a/", "/a"),
            ("/a", "/a"),
            ("/a//", "/a"),
            ("/", "/"),
            ("//", "/"),
            ("", ""),
            ("*", "*"),
        ] {
            assert_eq!(trim(path), trimmed, "{path}");
        }
    }
}
