//! Which paths have one reading only, which readings the others have, and the form that they may be
//! brought into.

use attache_engine::policy::{PathAmbiguous, ReadPath, read_path};
use attache_plugin_config::AmbiguousPaths::{Compare, Normalize, Refuse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use url::Url;

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
        for mode in [Refuse, Compare, Normalize] {
            let expected =
                Ok(ReadPath { matched: matched.into(), others: Vec::new(), rewritten: None });
            assert_eq!(read_path(raw.as_bytes(), mode), expected, "{raw}");
        }
    }
}

/// All readings, with `¦` for a slash that is data.
fn readings(raw: &[u8]) -> Result<BTreeSet<String>, PathAmbiguous> {
    let read = read_path(raw, Compare)?;
    assert_eq!(read.rewritten, None);
    let all = std::iter::once(read.matched.into_owned()).chain(read.others);
    Ok(all.map(|reading| reading.replace('\u{1}', "¦")).collect())
}

#[test]
fn a_path_has_the_readings_that_servers_come_to() {
    for (raw, expected) in [
        ("/projects/a%2Fb", vec!["/projects/a¦b", "/projects/a/b"]),
        ("/@scope%2fname", vec!["/@scope¦name", "/@scope/name"]),
        ("/a\\b", vec!["/a\\b", "/a/b"]),
        ("/a%5cb", vec!["/a\\b", "/a/b"]),
        ("/a/./b", vec!["/a/./b", "/a/b"]),
        ("/a/.", vec!["/a/.", "/a/"]),
        ("/a/../b", vec!["/a/../b", "/b"]),
        ("/a/%2e%2E", vec!["/a/..", "/"]),
        ("/../a", vec!["/../a", "/a"]),
        ("/a%2f..%2fb", vec!["/a¦..¦b", "/a/../b", "/b"]),
        ("/wiki/Foo://Bar", vec!["/wiki/Foo://Bar", "/wiki/Foo:/Bar"]),
        ("/a//../b", vec!["/a//../b", "/a/../b", "/a/b", "/b"]),
        ("//", vec!["//", "/"]),
        ("//open/admin", vec!["//open/admin", "/open/admin", "/admin"]),
        ("/\\open\\admin", vec!["/\\open\\admin", "//open/admin", "/open/admin", "/admin"]),
        ("//admin", vec!["//admin", "/admin", "/"]),
        ("/orders;id=7", vec!["/orders;id=7", "/orders"]),
        ("/a;v=1/b", vec!["/a;v=1/b", "/a/b", "/a"]),
        ("/files/report%3B2024", vec!["/files/report;2024", "/files/report"]),
        ("/a/..;x/b", vec!["/a/..;x/b", "/a/../b", "/b", "/a/..", "/"]),
        ("/a;x%2Fy/b", vec!["/a;x¦y/b", "/a/b", "/a;x/y/b", "/a/y/b", "/a"]),
        ("/search/100%25beef", vec!["/search/100%beef", "/search/100\u{fffd}ef"]),
        ("/a%2541", vec!["/a%41", "/aA"]),
        ("/a%252fb", vec!["/a%2fb", "/a¦b", "/a/b"]),
        ("/a%25%32fb", vec!["/a%2fb", "/a¦b", "/a/b"]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(readings(raw.as_bytes()), Ok(expected), "{raw}");
        assert_eq!(read_path(raw.as_bytes(), Refuse), Err(PathAmbiguous), "{raw}");
    }
}

#[test]
fn a_path_that_cannot_be_read_is_refused_in_every_mode() {
    let long = format!("/{}//", "a".repeat(1 << 15));
    for raw in [
        &b"/a\0"[..],
        b"/a%00",
        b"/a%0d%0aHost:%20b",
        b"/a%1b",
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
        b"/a%2500",
        b"/a%250a//",
        b"/a;%00/b",
        b"a",
        b".",
        b"http://host/a",
        b"*/",
        b"**",
        b"\\a",
        b"%2fa",
        long.as_bytes(),
    ] {
        for mode in [Refuse, Compare, Normalize] {
            let shown = String::from_utf8_lossy(raw);
            assert_eq!(read_path(raw, mode), Err(PathAmbiguous), "{shown}");
        }
    }
}

#[test]
fn a_path_with_too_many_readings_is_refused() {
    let path = "/a%2fb;c%3bd\\e%5cf//g/./h/%2e%2e/i/../%252f".as_bytes();
    assert_eq!(read_path(path, Compare), Err(PathAmbiguous));
    // Once its dots are resolved it has fewer.
    assert!(read_path(path, Normalize).unwrap().others.len() < 32);
}

#[test]
fn a_normal_form_resolves_dots_and_needless_encodings_and_loses_nothing() {
    for (raw, form) in [
        ("/a/./b", "/a/b"),
        ("/a/../b;v=1", "/b;v=1"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/b/../../c/", "/c/"),
        ("/a/..", "/"),
        ("/../a", "/a"),
        ("/a%2f..%2fb", "/a%2F..%2Fb"),
        ("/%61\\b%5cc", "/a%5Cb%5Cc"),
        ("/orders;id=7", "/orders;id=7"),
        ("/files/report%3b2024", "/files/report%3B2024"),
        ("/wiki/Foo://Bar", "/wiki/Foo://Bar"),
        ("//%61%2c%2C,%c3%a9é", "//a%2C%2C,%C3%A9%C3%A9"),
        ("/search/100%25beef", "/search/100%25beef"),
    ] {
        let read = read_path(raw.as_bytes(), Normalize).unwrap();
        assert_eq!(read.rewritten.as_deref().unwrap_or(raw), form, "{raw}");
        assert_eq!(read.rewritten.is_some(), raw != form, "{raw}");
        // The form is what a backend reads, so its readings count, and no other.
        let again = read_path(form.as_bytes(), Compare).unwrap();
        assert_eq!((again.matched, again.others), (read.matched, read.others), "{raw}");
    }
}

/// Percent-decoding as RFC 3986 section 2.1 has it, and nothing else.
fn decoded(raw: &[u8]) -> Vec<u8> {
    let text: Vec<char> = raw.iter().map(|&byte| char::from(byte)).collect();
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let pair: String = text.iter().skip(at + 1).take(2).collect();
        match u8::from_str_radix(&pair, 16) {
            Ok(byte)
                if text[at] == '%'
                    && pair.bytes().all(|digit| digit.is_ascii_hexdigit())
                    && pair.len() == 2 =>
            {
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(str::to_owned).collect()
}

/// What a file system, and the routers that take after it, make of a path.
fn cleaned(path: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let all = segments(path);
    for (at, segment) in all.iter().enumerate() {
        let last = at + 1 == all.len();
        match segment.as_str() {
            ".." => _ = kept.pop(),
            "." | "" => {}
            segment => kept.push(segment.to_owned()),
        }
        if last && matches!(segment.as_str(), "" | "." | "..") {
            kept.push(String::new());
        }
    }
    kept
}

fn without_parameters(path: &str) -> String {
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap());
    segments.collect::<Vec<_>>().join("/")
}

type Routes = fn(&str) -> Vec<String>;

/// Servers, each by the segments that it routes by: written down from what each of them does, step
/// by step.
const SERVERS: [(&str, Routes); 11] = [
    // PATH_INFO of CGI and WSGI; `URL.Path` of Go.
    ("decodes, then splits", |raw| segments(&text(&decoded(raw.as_bytes())))),
    // `ServeMux` of Go; files behind any of these.
    ("decodes, then cleans", |raw| cleaned(&text(&decoded(raw.as_bytes())))),
    // Routers of Express and Fastify, of JAX-RS, and of Axum.
    ("splits, then decodes", |raw| {
        segments(raw).iter().map(|segment| text(&decoded(segment.as_bytes()))).collect()
    }),
    // `new URL(…)` of Node.
    ("is a reference of a URL, splits, then decodes", |raw| {
        let base = Url::parse("http://orders.example").unwrap();
        // What is no URL is answered by no route.
        let path = base.join(raw).map_or_else(|_| raw.to_owned(), |url| url.path().to_owned());
        segments(&path).iter().map(|segment| text(&decoded(segment.as_bytes()))).collect()
    }),
    // `parse_url` of PHP.
    ("takes what stands behind two slashes for a host, then decodes", |raw| {
        let path = raw.strip_prefix("//").filter(|rest| !rest.starts_with('/'));
        let path = path.map(|rest| rest.find('/').map_or("/", |end| &rest[end..]));
        segments(&text(&decoded(path.unwrap_or(raw).as_bytes())))
    }),
    // Fastify with `useSemicolonDelimiter`.
    ("begins the query at a semicolon, splits, then decodes", |raw| {
        let path = raw.split(';').next().unwrap();
        segments(path).iter().map(|segment| text(&decoded(segment.as_bytes()))).collect()
    }),
    // Tomcat where it is told to decode slashes.
    ("cuts parameters, decodes, turns backslashes, cleans", |raw| {
        cleaned(&text(&decoded(without_parameters(raw).as_bytes())).replace('\\', "/"))
    }),
    // Spring's path patterns.
    ("cuts parameters, splits, then decodes", |raw| {
        segments(&without_parameters(raw))
            .iter()
            .map(|segment| text(&decoded(segment.as_bytes())))
            .collect()
    }),
    ("decodes, then cuts parameters", |raw| {
        segments(&without_parameters(&text(&decoded(raw.as_bytes()))))
    }),
    // A proxy that cleans what it was sent, before a server that decodes.
    ("cleans, decodes, then splits", |raw| {
        segments(&text(&decoded(format!("/{}", cleaned(raw).join("/")).as_bytes())))
    }),
    // A service that decodes what its server had decoded.
    ("decodes twice, then cleans", |raw| cleaned(&text(&decoded(&decoded(raw.as_bytes()))))),
];

fn raw_paths() -> impl Strategy<Value = Vec<u8>> {
    let parts = vec![
        "/", "/", "/", "a", "b", ".", "..", "%2e", "%2F", "%5c", "\\", ";", "%3B", "%25", "2f",
        "%", "%41", "%20", " ", "%00", "é", "%C3%A9", "%ff", "#", ",", "%2c", "~",
    ];
    prop_oneof![
        vec(select(parts.clone()), 0..6)
            .prop_map(|parts| format!("/{}", parts.concat()).into_bytes()),
        vec(select(parts), 0..10).prop_map(|parts| format!("/{}", parts.concat()).into_bytes()),
        vec(any::<u8>(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_server_of_the_list_comes_to_one_of_the_readings(raw in raw_paths()) {
        let (Ok(read), Ok(path)) = (read_path(&raw, Compare), std::str::from_utf8(&raw)) else { return Ok(()) };
        if matches!(path, "" | "*") {
            return Ok(());
        }
        let all = std::iter::once(&*read.matched).chain(read.others.iter().map(String::as_str));
        let all: BTreeSet<Vec<String>> = all
            .map(|reading| segments(reading).iter().map(|segment| segment.replace('\u{1}', "/")).collect())
            .collect();
        for (server, reads) in SERVERS {
            prop_assert!(all.contains(&reads(path)), "{} {:?} of {:?}", server, reads(path), all);
        }
    }

    #[test]
    fn a_plain_path_has_no_reading_but_the_one_that_is_matched(raw in raw_paths()) {
        let Ok(read) = read_path(&raw, Refuse) else { return Ok(()) };
        prop_assert_eq!(read.matched.as_bytes(), decoded(&raw));
        prop_assert_eq!((&read.others, &read.rewritten), (&Vec::new(), &None));
        for mode in [Compare, Normalize] {
            prop_assert_eq!(&read_path(&raw, mode), &Ok(read.clone()));
        }
        let path = std::str::from_utf8(&raw).unwrap();
        if !matches!(path, "" | "*") {
            for (server, reads) in SERVERS {
                prop_assert_eq!(reads(path), segments(&read.matched), "{}", server);
            }
        }
    }

    #[test]
    fn a_normal_form_stays_as_it_is_and_has_fewer_readings(raw in raw_paths()) {
        let Ok(read) = read_path(&raw, Normalize) else { return Ok(()) };
        if let Some(form) = &read.rewritten {
            prop_assert!(form.bytes().all(|byte| byte.is_ascii_graphic()));
            let again = read_path(form.as_bytes(), Normalize).unwrap();
            prop_assert_eq!((again.matched, again.others, again.rewritten), (read.matched, read.others, None));
        }
    }
}
