//! Paths: Istio's `exact`, `prefix*`, `*suffix`, `*` and templates, which Envoy compares with the
//! path as it is written after `normalize_path`, and Attaché percent-decoded.

use super::clause::Fit;
use attache_config_reader::quote;
use attache_plugin_config::PathPattern;

/// What `{*}` and `{**}` of Envoy's templates do not stand for. `=` is there since Envoy 1.32.
const NO_PART: &str =
    "segments with `*`, `=`, `[` or `]` in them, which Istio's templates do not stand for";
/// What DENY rules and exceptions of ALLOW rules are also for.
pub(super) const LOOSELY: &str =
    "paths in other letter case, and with or without a slash at the end";

/// Returns what a path becomes; `leans` where it is for more than it says in any case, as what
/// refuses is.
pub(super) fn fit(text: &str, leans: bool) -> Fit<String> {
    let found = if text == "*" {
        return Fit::Always;
    } else if text.contains("{*}") || text.contains("{**}") {
        template(text)
    } else {
        literal(text, leans)
    };
    match found {
        Fit::Same(patterns) | Fit::More(patterns, _) if leans => {
            Fit::More(patterns, LOOSELY.to_owned())
        }
        found => found,
    }
}

/// Returns what a path without templates becomes.
fn literal(text: &str, leans: bool) -> Fit<String> {
    let fixed = match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(end), _) => end,
        (None, Some(start)) => start,
        (None, None) => text,
    };
    if !text.starts_with(['/', '*']) {
        return Fit::Never("a path begins with `/`".to_owned());
    }
    if fixed.contains(['?', '#']) {
        return Fit::Never("a path is compared without its query".to_owned());
    }
    let decoded = if leans { percent_decoded(text) } else { None };
    let pattern = decoded.unwrap_or_else(|| text.to_owned());
    if let Err(why) = PathPattern::parse(&pattern) {
        return Fit::Nothing(why);
    }
    match fixed.chars().find(|c| !is_unreserved(*c)) {
        None => Fit::Same(vec![pattern]),
        Some('%') if !leans => Fit::Nothing("a path is compared percent-decoded".to_owned()),
        Some(c) => {
            let why = format!(
                "paths that have `{c}` in another spelling, as by `%`, which Istio tells apart"
            );
            Fit::More(vec![pattern], why)
        }
    }
}

/// Returns whether a character is written in one way only: RFC 3986 section 2.3, or the slash
/// between segments.
const fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '/')
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let hex = |byte: Option<u8>| {
        char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
    };
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next())?.checked_mul(16)?.checked_add(hex(bytes.next())?)?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

/// Returns what a template becomes. Attaché's `{**}` stands for no segment too, Envoy's for none
/// only where a slash stands before it.
fn template(text: &str) -> Fit<String> {
    if let Some(wrong) = wrong_segment(text) {
        return Fit::Never(format!("Istio refuses {} in a template", quote(wrong)));
    }
    let patterns = match text.strip_suffix("/{**}") {
        Some("") => vec!["/*".to_owned()],
        Some(start) if !start.contains('{') => vec![format!("{start}/*")],
        Some(start) => vec![format!("{start}/{{*}}/{{**}}"), format!("{start}/")],
        None => vec![text.replace("/{**}/", "/{*}/{**}/")],
    };
    if let Some(why) = patterns.iter().find_map(|pattern| PathPattern::parse(pattern).err()) {
        return Fit::Nothing(why);
    }
    let literals = text.replace("{**}", "").replace("{*}", "");
    match literals.chars().find(|c| !is_unreserved(*c)) {
        Some('%') => Fit::Nothing("a path is compared percent-decoded".to_owned()),
        _ => Fit::More(patterns, NO_PART.to_owned()),
    }
}

/// Returns a segment that Istio's admission refuses in a template.
fn wrong_segment(text: &str) -> Option<&str> {
    let is_literal = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()+,;:@=".contains(c);
    let segments = text.trim_matches('/').split('/');
    let mut is_behind_many = false;
    for segment in segments {
        let is_one = segment == "{*}";
        let is_many = segment == "{**}";
        if (is_one || is_many) && is_behind_many {
            return Some(segment);
        }
        is_behind_many |= is_many;
        if !is_one && !is_many && (segment.is_empty() || !segment.chars().all(is_literal)) {
            return Some(segment);
        }
    }
    (!text.starts_with('/')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patterns, and whether they are for more.
    fn patterns(text: &str, leans: bool) -> Option<(Vec<String>, bool)> {
        match fit(text, leans) {
            Fit::Same(patterns) => Some((patterns, false)),
            Fit::More(patterns, _) => Some((patterns, true)),
            _ => None,
        }
    }

    #[test]
    fn a_path_of_plain_characters_is_the_same() {
        for path in ["/orders", "/orders/*", "*.json", "/a~b/", "*/info"] {
            assert_eq!(patterns(path, false), Some((vec![path.to_owned()], false)), "{path}");
        }
    }

    #[test]
    fn what_has_two_spellings_is_for_more() {
        assert_eq!(
            patterns("/v1/items:batch", false),
            Some((vec!["/v1/items:batch".to_owned()], true))
        );
        assert_eq!(patterns("/a%20b", false), None);
        assert_eq!(patterns("/a%20b", true), Some((vec!["/a b".to_owned()], true)));
        assert_eq!(patterns("/a%2", true), None);
    }

    #[test]
    fn the_last_stars_of_a_template_need_the_slash_before_them() {
        assert_eq!(patterns("/a/{**}", false), Some((vec!["/a/*".to_owned()], true)));
        let both = vec!["/a/{*}/{*}/{**}".to_owned(), "/a/{*}/".to_owned()];
        assert_eq!(patterns("/a/{*}/{**}", false), Some((both, true)));
        assert_eq!(patterns("/a/{**}/b", false), Some((vec!["/a/{*}/{**}/b".to_owned()], true)));
    }

    #[test]
    fn what_istio_never_matches_is_told_from_what_has_no_equal() {
        for path in ["orders", "/a?b=c", "/a/{*}x", "/a/{**}/{*}", "a/{*}"] {
            assert!(matches!(fit(path, false), Fit::Never(_)), "{path}");
        }
        for path in ["/a;b", "/a//b", "/a/../b", "/a*b*"] {
            assert!(matches!(fit(path, false), Fit::Nothing(_)), "{path}");
        }
        assert!(matches!(fit("*", true), Fit::Always));
    }
}
