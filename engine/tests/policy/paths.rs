//! Which paths can be read in one way only, and how the others are brought into one form.

use attache_engine::policy::{PathAmbiguous, ReadPath, read_path};
use attache_plugin_config::AmbiguousPaths::{Normalize, Refuse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[test]
fn a_plain_path_is_matched_decoded_and_forwarded_as_sent() {
    for (raw, matched) in [
        ("/", "/"),
        ("*", "*"),
        ("", ""),
        ("/orders/1/", "/orders/1/"),
        ("/.well-known/openid-configuration", "/.well-known/openid-configuration"),
        ("/a/...", "/a/..."),
        ("/a..b/.c", "/a..b/.c"),
        ("/a%20b", "/a b"),
        ("/%61dmin", "/admin"),
        ("/caf%C3%A9", "/café"),
        ("/café", "/café"),
        ("/100%25", "/100%"),
        ("/100%25/4", "/100%/4"),
        ("/what%3F", "/what?"),
        ("/a%23b", "/a#b"),
        ("/a,b;c".split(';').next().unwrap(), "/a,b"),
    ] {
        for mode in [Refuse, Normalize] {
            let expected = Ok(ReadPath { matched: matched.into(), rewritten: None });
            assert_eq!(read_path(raw.as_bytes(), mode), expected, "{raw}");
        }
    }
}

#[test]
fn a_path_that_can_be_read_in_two_ways_is_refused_or_brought_into_one_form() {
    for (raw, normal, matched) in [
        ("/a%2fb", "/a/b", "/a/b"),
        ("/a%2Fb", "/a/b", "/a/b"),
        ("/a\\b", "/a/b", "/a/b"),
        ("/a%5cb", "/a/b", "/a/b"),
        ("/a/./b", "/a/b", "/a/b"),
        ("/a/.", "/a/", "/a/"),
        ("/a/../b", "/b", "/b"),
        ("/a/..", "/", "/"),
        ("/a/b/../../c/", "/c/", "/c/"),
        ("/a/%2e%2E/b", "/b", "/b"),
        ("/a/.%2e/b", "/b", "/b"),
        ("/a%2f..%2fb", "/b", "/b"),
        ("/a/..\\b", "/b", "/b"),
        ("/a//b", "/a/b", "/a/b"),
        ("//", "/", "/"),
        ("//evil.example/a", "/evil.example/a", "/evil.example/a"),
        ("/a;v=1/b", "/a/b", "/a/b"),
        ("/a;v=1", "/a", "/a"),
        ("/a%3bv=1/b", "/a/b", "/a/b"),
        ("/a/..;x/b", "/b", "/b"),
        ("/a/;x/b", "/a/b", "/a/b"),
        ("\\a", "/a", "/a"),
        ("%2fa", "/a", "/a"),
        ("//%61%2c%2C,%c3%a9é", "/a%2C%2C,%C3%A9%C3%A9", "/a,,,éé"),
        ("//a%20b", "/a%20b", "/a b"),
        ("//100%25", "/100%25", "/100%"),
    ] {
        assert_eq!(read_path(raw.as_bytes(), Refuse), Err(PathAmbiguous), "{raw}");
        let expected = ReadPath { matched: matched.into(), rewritten: Some(normal.into()) };
        assert_eq!(read_path(raw.as_bytes(), Normalize), Ok(expected), "{raw}");
    }
}

#[test]
fn a_path_without_a_normal_form_is_refused() {
    for raw in [
        &b"/.."[..],
        b"/a/../..",
        b"/%2e%2e/a",
        b"/a\0",
        b"/a%00",
        b"/a%0d%0aHost:%20b",
        b"/a\x7f",
        b"/a\tb",
        b"/a b",
        b"/a%",
        b"/a%4",
        b"/a%zz",
        b"/a%u002f",
        b"/%ff",
        b"/\xff",
        b"/%c0%af",
        b"/%ed%a0%80",
        b"/a#b",
        b"/a?b",
        b"/a%2561",
        b"/a%252fb",
        b"/a%252e%252e/b",
        b"/a%25252fb",
        b"/a%25%32f",
        b"/a;%00/b",
        b"a",
        b".",
        b"http://host/a",
        b"*/",
        b"**",
    ] {
        for mode in [Refuse, Normalize] {
            let shown = String::from_utf8_lossy(raw);
            assert_eq!(read_path(raw, mode), Err(PathAmbiguous), "{shown}");
        }
    }
}

/// Percent-decoding as RFC 3986 section 2.1 has it, and nothing else.
fn decoded(raw: &[u8]) -> Vec<u8> {
    let text: Vec<char> = raw.iter().map(|&byte| char::from(byte)).collect();
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let pair: String = text.iter().skip(at + 1).take(2).collect();
        match u8::from_str_radix(&pair, 16) {
            Ok(byte) if text[at] == '%' && pair.len() == 2 => {
                bytes.push(byte);
                at += 3;
            }
            _ => {
                bytes.push(raw[at]);
                at += 1;
            }
        }
    }
    bytes
}

/// Every reading of a path that a backend may come to: decoded never, once or twice, with backslashes for slashes or
/// not, with parameters or without, resolved or not.
fn readings(raw: &[u8]) -> Vec<String> {
    let mut readings = vec![decoded(raw), decoded(&decoded(raw))];
    readings.extend(
        readings.clone().iter().map(|path| path.iter().map(|&b| if b == b'\\' { b'/' } else { b }).collect()),
    );
    let cut = |path: &Vec<u8>| {
        let segments =
            path.split(|&b| b == b'/').map(|segment| segment.split(|&b| b == b';').next().unwrap().to_vec());
        segments.collect::<Vec<_>>().join(&b'/')
    };
    readings.extend(readings.clone().iter().map(cut));
    let mut readings: Vec<String> =
        readings.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    readings.extend(readings.clone().iter().map(|path| resolved(path)));
    readings
}

fn resolved(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        match *part {
            ".." => _ = segments.pop(),
            "." | "" => {}
            part => segments.push(part),
        }
        if last && matches!(*part, "" | "." | "..") {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

fn raw_paths() -> impl Strategy<Value = Vec<u8>> {
    let parts = vec![
        "/", "/", "/", "a", "b", ".", "..", "%2e", "%2F", "%5c", "\\", ";", "%3B", "%25", "2f", "%", "%41",
        "%20", " ", "%00", "é", "%C3%A9", "%ff", "#", ",", "%2c", "~",
    ];
    prop_oneof![
        vec(select(parts), 0..10).prop_map(|parts| format!("/{}", parts.concat()).into_bytes()),
        vec(any::<u8>(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_backend_reads_a_plain_path_alike(raw in raw_paths()) {
        if let Ok(ReadPath { matched, rewritten }) = read_path(&raw, Refuse) {
            prop_assert_eq!(rewritten, None);
            prop_assert_eq!(matched.as_bytes(), decoded(&raw));
            if !matches!(&*raw, b"" | b"*") {
                for reading in readings(&raw) {
                    prop_assert_eq!(&*matched, reading);
                }
            }
        }
    }

    #[test]
    fn a_normal_form_is_plain_and_says_what_was_matched(raw in raw_paths()) {
        if let Ok(ReadPath { matched, rewritten: Some(normal) }) = read_path(&raw, Normalize) {
            prop_assert_eq!(read_path(&raw, Refuse), Err(PathAmbiguous));
            for mode in [Refuse, Normalize] {
                let again = read_path(normal.as_bytes(), mode);
                prop_assert_eq!(again, Ok(ReadPath { matched: matched.clone(), rewritten: None }));
            }
            prop_assert!(normal.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn normalising_leaves_plain_paths_alone(raw in raw_paths()) {
        if let Ok(plain) = read_path(&raw, Refuse) {
            prop_assert_eq!(read_path(&raw, Normalize), Ok(plain));
        }
    }
}
