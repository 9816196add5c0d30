//! Ways to spell a request that one reader takes for one thing and another for another.

use crate::policy::one;
use crate::requests::{Case, Kind, Request};
use fastrand::Rng;

/// Spells one thing about a request oddly.
pub(crate) fn spoil(random: &mut Rng, case: &mut Case) {
    let request = &mut case.request;
    let kind = match random.u8(..20) {
        0..=8 => path(random, request),
        9 | 10 => method(random, request),
        11 | 12 => method_override(random, request),
        13 | 14 => host(random, request),
        15 => identity(random, request),
        16 => condition(random, request),
        17 => connection(random, request),
        18 => trailers(random, request),
        _ => preflight(random, request),
    };
    case.kinds.push(kind);
}

/// What may stand between two segments, or at the end.
const SEPARATORS: [&str; 17] = [
    "//", "/./", "/%2e/", "%2F", "%2f", "%252f", "%5c", "\\", ";/", ";a=b/", "/;/", "/;a=b/",
    "%3B/", "/%20/", "/x/../", "/x/..;/", "%c0%af",
];
const TAILS: [&str; 34] = [
    "/",
    "//",
    "/.",
    "/..",
    "/%2e",
    "/./",
    "%2f",
    "%2F",
    "\\",
    "%5c",
    ";",
    ";a=b",
    ";a=b/",
    "%3b",
    "%3Ba=b",
    ".",
    "%2e",
    "%20",
    "%09",
    "%0a",
    "%00",
    "%23",
    "#a",
    "%3f",
    "?",
    ".json",
    ".txt",
    "/index.html",
    "%e2%80%8b",
    "+",
    "%",
    "%zz",
    "/x/..",
    "%252e",
];
/// Where a request seems to go, before it goes somewhere else.
const FRONTS: [&str; 8] = [
    "/healthz",
    "/files/public",
    "/orders",
    "/users/alice",
    "/files",
    "/open",
    "/admin",
    "/index.php",
];
/// How it gets from there to the path that follows, whose leading slash is gone.
const DETOURS: [&str; 24] = [
    "/../",
    "/../../",
    "/%2e%2e/",
    "/.%2e/",
    "/%2E%2E/",
    "%2f..%2f",
    "/..%2f",
    "/..%5c",
    "/..\\",
    "/..;/",
    "/..;a=b/",
    "/%252e%252e/",
    "/..%252f",
    ";/../",
    "/;/../",
    "//../",
    "//../../",
    "/%c0%ae%c0%ae/",
    "/..%c0%af",
    "/..%00/",
    "/%2e%2e%2f",
    "/..%ef%bc%8f",
    "%3b/../",
    "/.../",
];

fn path(random: &mut Rng, request: &mut Request) -> Kind {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path.to_owned(), format!("?{query}")),
        None => (request.target.clone(), String::new()),
    };
    let path = match random.u8(..14) {
        0 | 1 => replace_some(random, &path, |c, random| {
            if random.bool() {
                format!("%{:02x}", u32::from(c))
            } else {
                format!("%{:02X}", u32::from(c))
            }
        }),
        2 => replace_some(random, &path, |c, _| format!("%25{:02x}", u32::from(c))),
        3 => replace_some(random, &path, |c, _| c.to_uppercase().to_string()),
        4 => path.to_uppercase(),
        5 | 6 => path + one(random, &TAILS),
        7 | 8 => another_separator(random, &path),
        9 | 10 => {
            format!(
                "{}{}{}",
                one(random, &FRONTS),
                one(random, &DETOURS),
                path.trim_start_matches('/')
            )
        }
        11 => {
            // Another reader may take what is first for an authority, and what follows a `;` for a
            // query.
            match random.u8(..6) {
                0 => format!("/{path}"),
                1 => format!("/{}{path}", one(random, &FRONTS)),
                2 => format!("{path};{}", one(random, &FRONTS)),
                3 => format!("{};{path}", one(random, &FRONTS)),
                4 => format!("/\\{}{path}", one(random, &["x", "admin", "healthz"])),
                _ => format!("{path}%3f{}", one(random, &FRONTS)),
            }
        }
        12 => match random.u8(..5) {
            0 => format!(
                "http://{}{path}",
                one(random, &["orders.example", "admin.example", "x@admin.example"])
            ),
            1 => format!("/http://admin.example{path}"),
            2 => path.trim_start_matches('/').to_owned(),
            3 => "*".to_owned(),
            _ => format!(
                "{}{path}",
                one(random, &["/.", "/%2e", "/%2f", "/\\", "/;", "/ ", "/%20", "/index.php", "/~"])
            ),
        },
        _ => replace_some(random, &path, |c, _| match c {
            // What case folding or a best fit turns into ASCII.
            'k' => "%e2%84%aa".to_owned(),
            's' => "%c5%bf".to_owned(),
            'i' => "%c4%b1".to_owned(),
            '/' => "%e2%88%95".to_owned(),
            '.' => "%ef%bc%8e".to_owned(),
            c => format!("%ef%bc%{:02x}", u32::from(c).wrapping_add(0x20) & 0xbf | 0x80),
        }),
    };
    request.target = path + &query;
    Kind::Path
}

/// Replaces one to three characters behind the first.
fn replace_some(random: &mut Rng, path: &str, with: fn(char, &mut Rng) -> String) -> String {
    let length = path.chars().count();
    let places: Vec<usize> =
        (0..random.usize(1..=3)).map(|_| random.usize(1..length.max(2))).collect();
    let spelled = path.chars().enumerate();
    spelled
        .map(|(at, c)| if places.contains(&at) { with(c, random) } else { c.to_string() })
        .collect()
}

fn another_separator(random: &mut Rng, path: &str) -> String {
    let slashes: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    // The target of a CONNECT has none.
    let (before, after) = path.split_at(if slashes.is_empty() { 0 } else { one(random, &slashes) });
    let after = after.trim_start_matches('/');
    let separator = one(random, &SEPARATORS);
    // A target begins with a slash, or the codec has none of it.
    let slash = if before.is_empty() && !separator.starts_with('/') { "/" } else { "" };
    format!("{before}{slash}{separator}{after}")
}

fn method(random: &mut Rng, request: &mut Request) -> Kind {
    request.method = match random.u8(..8) {
        0..=2 => request.method.to_lowercase(),
        3 => replace_some(random, &request.method, |c, _| c.to_lowercase().to_string()),
        _ => one(
            random,
            &[
                "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "delete", "Delete", "FOO",
                "CONNECT",
            ],
        )
        .to_owned(),
    };
    if request.method == "CONNECT" {
        request.target = format!("{}:443", request.host.split(':').next().unwrap_or_default());
    }
    Kind::Method
}

/// What a reader of queries may take for `_method`.
const PARAMETERS: [&str; 12] = [
    "_method",
    "_method",
    "%5fmethod",
    ".method",
    "+_method",
    "%20_method",
    "%20%20%5Fmethod",
    "_method%00",
    "_method%00x",
    "_method[]",
    "[method",
    "a=1;_method",
];

fn method_override(random: &mut Rng, request: &mut Request) -> Kind {
    let names = [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "x-http-method-override",
        "X_HTTP_Method_Override",
        "X.HTTP.Method",
    ];
    for _ in 0..=random.usize(..2) {
        let value =
            one(random, &["DELETE", "delete", "PUT", "GET", " DELETE", "DELETE,GET", "Delete", ""]);
        if random.u8(..3) == 0 {
            let name = one(random, &PARAMETERS);
            let mark = if request.target.contains('?') { '&' } else { '?' };
            request.target += &format!("{mark}{name}={}", value.replace(' ', "%20"));
            continue;
        }
        request.headers.push((one(random, &names).to_owned(), value.to_owned()));
    }
    if random.bool() {
        request.method = one(random, &["POST", "GET"]).to_owned();
    }
    Kind::Override
}

fn host(random: &mut Rng, request: &mut Request) -> Kind {
    let hosts = [
        "x@admin.example",
        "admin%2eexample",
        "%61dmin.example",
        "admin.example.",
        "ADMIN.example",
        "admin.example:80",
        "admin.example:",
        "admin.example:8080:80",
        "orders.example@admin.example",
        "orders.example:80@admin.example",
        "admin.example/x",
        "admin.example?x",
        "admin.example#x",
        "admin.example\\x",
        "admin.example,orders.example",
        "orders.example,admin.example",
        "orders.example admin.example",
        "admin.example ",
        "admin.example..",
        "\u{ef}\u{bd}\u{81}dmin.example",
        "[::1]",
        "[admin.example]",
        "admin\u{e3}\u{80}\u{82}example",
        "",
        "*",
        "http://admin.example",
        "x.INTERNAL.example.",
        "admin.example;x",
        "\"admin.example\"",
        "admin_example",
    ];
    match random.u8(..8) {
        0 => request.headers.push(("host".to_owned(), "admin.example".to_owned())),
        1 => request.headers.push(("x-forwarded-host".to_owned(), "admin.example".to_owned())),
        2 => request.headers.push(("forwarded".to_owned(), "host=admin.example".to_owned())),
        3 => request.headers.push(("x_host".to_owned(), "admin.example".to_owned())),
        _ => request.host = one(random, &hosts).to_owned(),
    }
    Kind::Host
}

/// A name as another reader may fold it into the same.
fn folded_twin(random: &mut Rng, name: &str) -> String {
    match random.u8(..4) {
        0 => name.to_uppercase(),
        1 => name.to_owned(),
        _ => {
            let mark = one(
                random,
                &["_", ".", "~", "!", "#", "$", "%", "&", "'", "*", "+", "^", "`", "|", "--", "-_"],
            );
            name.replace('-', mark)
        }
    }
}

fn identity(random: &mut Rng, request: &mut Request) -> Kind {
    for _ in 0..=random.usize(..2) {
        let name = one(random, &["x-user", "x-roles", "x-org"]);
        let name = folded_twin(random, name);
        request.headers.push((name, "evil".to_owned()));
    }
    Kind::Identity
}

fn condition(random: &mut Rng, request: &mut Request) -> Kind {
    for value in ["mine", "theirs"] {
        let name = folded_twin(random, "x-tenant");
        let at = random.usize(..=request.headers.len());
        request.headers.insert(at, (name, value.to_owned()));
    }
    Kind::Condition
}

fn connection(random: &mut Rng, request: &mut Request) -> Kind {
    let name = one(
        random,
        &[
            "x-user",
            "x-roles",
            "x-tenant",
            "authorization",
            "x-http-method-override",
            "host",
            "x-org",
        ],
    );
    let name = folded_twin(random, name);
    let value = match random.u8(..5) {
        0 => format!("close, {name}"),
        1 => format!("{name}, close"),
        2 => name,
        3 => format!("keep-alive, {name}"),
        _ => {
            request.headers.push(("Upgrade".to_owned(), "websocket".to_owned()));
            format!("upgrade, {name}")
        }
    };
    let header = one(random, &["Connection", "Connection", "Proxy-Connection", "Keep-Alive", "TE"]);
    request.headers.push((header.to_owned(), value));
    Kind::Connection
}

fn trailers(random: &mut Rng, request: &mut Request) -> Kind {
    if request.body.is_empty() {
        request.method = "POST".to_owned();
        request.body = "hello";
    }
    let name = one(
        random,
        &["x-user", "x-roles", "x-org", "x-tenant", "x-http-method-override", "authorization"],
    );
    let name = folded_twin(random, name);
    if random.bool() {
        request.headers.push(("trailer".to_owned(), name.clone()));
    }
    request.headers.push(("te".to_owned(), "trailers".to_owned()));
    request.trailers.push((name, "evil".to_owned()));
    Kind::Trailers
}

fn preflight(random: &mut Rng, request: &mut Request) -> Kind {
    request.method = one(random, &["OPTIONS", "OPTIONS", "OPTIONS", "options"]).to_owned();
    request.headers.push(("Origin".to_owned(), "https://app.example".to_owned()));
    request.headers.push((
        "Access-Control-Request-Method".to_owned(),
        one(random, &["GET", "DELETE"]).to_owned(),
    ));
    request.body = one(random, &["", "", "hello"]);
    match random.u8(..4) {
        0 | 1 => request.headers.push(("X-HTTP-Method-Override".to_owned(), "DELETE".to_owned())),
        2 => request.headers.push(("x-user".to_owned(), "evil".to_owned())),
        _ => {}
    }
    Kind::Preflight
}
