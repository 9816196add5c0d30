//! The methods that a request asks for: the one on its line, and those that a framework behind it
//! may take instead.
//!
//! Many frameworks let a header, or the parameter `_method`, name another method than the line
//! does, so that clients which know GET and POST alone can say DELETE. The query's parameter is
//! read here; that of a form in a body is not.

use attache_plugin_config::{MethodOverride, fold};

/// The headers that ask for another method, by their folded spelling.
pub(crate) const OVERRIDES: [&str; 3] =
    ["x-http-method-override", "x-http-method", "x-method-override"];

/// The parameter of a query that asks for another method, as [`fold`] spells it.
const PARAMETER: &str = "-method";

/// So many other methods are looked into; who asks for more is refused.
const MAX_OVERRIDES: usize = 4;

/// What stands beside the method on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OtherMethods {
    /// These, in upper case, each once; most often none.
    Are(Vec<String>),
    /// Nobody can say which.
    Unreadable,
}

/// Returns whether the method on a line is one that every backend reads alike: not empty, of token
/// characters (RFC 9110 section 9.1), none of them a letter in lower case, which some frameworks
/// raise.
pub(crate) fn is_plain(method: &str) -> bool {
    !method.is_empty() && method.bytes().all(|byte| is_token(byte) && !byte.is_ascii_lowercase())
}

/// Returns whether the request asks for another method at all, be it the same once more.
pub(crate) fn has_override(headers: &[&[u8]], query: Option<&[u8]>) -> bool {
    !headers.is_empty() || query.is_some_and(names_parameter)
}

/// Returns what a request asks for beside its line.
#[inline(never)]
pub(crate) fn others(
    line: &str,
    headers: &[&[u8]],
    query: Option<&[u8]>,
    mode: MethodOverride,
) -> OtherMethods {
    if mode == MethodOverride::Ignore {
        return OtherMethods::Are(Vec::new());
    }
    let mut methods: Vec<String> = Vec::new();
    let parameters = query.into_iter().flat_map(form_urlencoded::parse);
    let parameters = parameters.filter(|(name, _)| is_parameter(name)).map(|(_, value)| value);
    let parameters: Vec<_> = parameters.collect();
    let texts = headers.iter().copied().chain(parameters.iter().map(|value| value.as_bytes()));
    // A header may hold several values, and Envoy joins those of some headers with a comma.
    for text in texts.flat_map(|text| text.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii) {
        let Some(method) = std::str::from_utf8(text).ok().map(str::to_ascii_uppercase) else {
            return OtherMethods::Unreadable;
        };
        if method.is_empty() || method == line || methods.contains(&method) {
            continue;
        }
        if mode == MethodOverride::Refuse || !is_plain(&method) || methods.len() >= MAX_OVERRIDES {
            return OtherMethods::Unreadable;
        }
        methods.push(method);
    }
    OtherMethods::Are(methods)
}

/// Returns whether a backend may take the decoded name of a parameter for `_method`. PHP takes
/// `.method` for the same, leaves out spaces before it, and reads no further than a NUL.
fn is_parameter(name: &str) -> bool {
    let name = name.split('\0').next().unwrap_or_default();
    fold(name.trim_start_matches(' ')) == PARAMETER
}

/// Returns whether a query holds the parameter. A name that needs no decoding, as nearly all do, is
/// told by its length.
fn names_parameter(query: &[u8]) -> bool {
    query.split(|&byte| byte == b'&').any(|pair| {
        let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
        if name.iter().any(|byte| matches!(byte, b'%' | b'+')) {
            return form_urlencoded::parse(pair).any(|(name, _)| is_parameter(&name));
        }
        name.len() == PARAMETER.len() && std::str::from_utf8(name).is_ok_and(is_parameter)
    })
}

/// Returns whether a method, or a scheme of credentials, may hold the byte (RFC 9110 section
/// 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[&str], query: Option<&str>) -> OtherMethods {
        let headers: Vec<&[u8]> = headers.iter().map(|value| value.as_bytes()).collect();
        others("POST", &headers, query.map(str::as_bytes), MethodOverride::Compare)
    }

    fn are(methods: &[&str]) -> OtherMethods {
        OtherMethods::Are(methods.iter().map(|&method| method.to_owned()).collect())
    }

    #[test]
    fn a_plain_method_is_in_upper_case() {
        for plain in ["GET", "DELETE", "M-SEARCH", "VERSION_1", "PATCH2"] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in ["", "get", "Get", "GEt", "GET ", "G/T", "D\u{c9}LETE", "GET\0"] {
            assert!(!is_plain(odd), "{odd:?}");
        }
    }

    #[test]
    fn every_method_that_is_asked_for_counts_once() {
        assert_eq!(asked(&[], None), are(&[]));
        assert_eq!(asked(&["POST", " post ", ""], None), are(&[]));
        assert_eq!(asked(&["delete"], None), are(&["DELETE"]));
        assert_eq!(asked(&["PUT, delete", "Put"], None), are(&["PUT", "DELETE"]));
    }

    #[test]
    fn a_parameter_of_the_query_counts_however_it_is_spelled() {
        for query in [
            "_method=DELETE",
            "a=1&_method=delete",
            "%5Fmethod=DELETE",
            ".method=DELETE",
            "_METHOD=DELETE",
            "+_method=DELETE",
            "%20+%5fmethod=DELETE",
            "_method%00=DELETE",
            "a=1&_method%00x=DELETE",
        ] {
            assert_eq!(asked(&[], Some(query)), are(&["DELETE"]), "{query}");
            assert!(has_override(&[], Some(query.as_bytes())), "{query}");
        }
        assert_eq!(
            asked(&[], Some("_method=&method=DELETE&x_method=DELETE&x%00_method=DELETE")),
            are(&[])
        );
    }

    #[test]
    fn what_is_no_method_or_too_many_is_unreadable() {
        assert_eq!(asked(&["DELETE /orders"], None), OtherMethods::Unreadable);
        assert_eq!(asked(&["\u{212a}"], None), OtherMethods::Unreadable);
        assert_eq!(asked(&["A,B,C,D"], None), are(&["A", "B", "C", "D"]));
        assert_eq!(asked(&["A,B,C,D,E"], None), OtherMethods::Unreadable);
    }

    #[test]
    fn overrides_can_be_refused_or_ignored() {
        let with = |mode| others("GET", &[b"DELETE"], None, mode);
        assert_eq!(with(MethodOverride::Refuse), OtherMethods::Unreadable);
        assert_eq!(with(MethodOverride::Ignore), are(&[]));
        assert_eq!(others("GET", &[b"GET"], None, MethodOverride::Refuse), are(&[]));
    }
}
