//! Requests: plain ones, and those in which one or two things are spelled as no honest client
//! would.

use crate::judge::{Caller, Handled, Token};
use crate::policy::one;
use crate::spellings;
use fastrand::Rng;

/// What is odd about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    Path,
    Method,
    Override,
    Host,
    Identity,
    Condition,
    Connection,
    Trailers,
    Preflight,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Plain,
        Self::Path,
        Self::Method,
        Self::Override,
        Self::Host,
        Self::Identity,
        Self::Condition,
        Self::Connection,
        Self::Trailers,
        Self::Preflight,
    ];
}

/// A request, byte for byte, as either protocol can say it. Texts are Latin-1.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) http2: bool,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) host: String,
    /// All but the host.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: &'static str,
    pub(crate) trailers: Vec<(String, String)>,
}

/// A request and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: u64,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) request: Request,
    pub(crate) token: Token,
    /// What it is by any reading, where nothing about it is odd.
    pub(crate) plain: Option<Handled>,
}

const ALICE: Caller = Caller { subject: "alice", roles: &["reader"], tenant: "mine" };
const ROOT: Caller = Caller { subject: "root", roles: &["admin"], tenant: "theirs" };
const BOB: Caller = Caller { subject: "bob", roles: &["reader", "suspended"], tenant: "mine" };
pub(crate) const CALLERS: [Caller; 3] = [ALICE, ROOT, BOB];

/// Paths as an honest client writes them, and the segments that they mean.
const PATHS: [(&str, &[&str]); 15] = [
    ("/healthz", &["healthz"]),
    ("/admin", &["admin"]),
    ("/admin", &["admin"]),
    ("/admin/users", &["admin", "users"]),
    ("/users/alice", &["users", "alice"]),
    ("/users/bob", &["users", "bob"]),
    ("/users/alice/orders", &["users", "alice", "orders"]),
    ("/users/bob/orders", &["users", "bob", "orders"]),
    ("/orders", &["orders"]),
    ("/orders/7", &["orders", "7"]),
    ("/files/a.txt", &["files", "a.txt"]),
    ("/files/public/b", &["files", "public", "b"]),
    ("/files/secret/c", &["files", "secret", "c"]),
    ("/files/a/b", &["files", "a", "b"]),
    ("/files/a%20b", &["files", "a b"]),
];
const METHODS: [&str; 6] = ["GET", "GET", "GET", "POST", "PUT", "DELETE"];
const HOSTS: [&str; 6] = [
    "orders.example",
    "orders.example",
    "orders.example:8080",
    "a.shop.example",
    "admin.example",
    "x.internal.example",
];

impl Case {
    /// The request of this number. `tokens` are those of [`CALLERS`], then one that is no good.
    pub(crate) fn draw(random: &mut Rng, id: u64, tokens: &[String]) -> Self {
        let (path, segments) = one(random, &PATHS);
        let (method, host) = (one(random, &METHODS), one(random, &HOSTS));
        let mut request = Request {
            http2: random.u8(..3) == 0,
            method: method.to_owned(),
            target: path.to_owned(),
            host: host.to_owned(),
            headers: vec![("x-case".to_owned(), id.to_string())],
            body: if method == "POST" || method == "PUT" { "hello" } else { "" },
            trailers: Vec::new(),
        };
        if random.u8(..4) == 0 {
            request.target.push_str("?q=/admin&r=1");
        }
        let drawn = random.usize(..8);
        let token = match (CALLERS.get(drawn / 2), drawn) {
            (Some(caller), _) => Token::Good(*caller),
            (None, 6) => Token::Bad,
            _ => Token::Missing,
        };
        if let Some(text) = tokens.get(drawn / 2).filter(|_| token != Token::Missing) {
            request.headers.push(("authorization".to_owned(), format!("Bearer {text}")));
        }
        let mut tenants = Vec::new();
        if random.bool() {
            let tenant = one(random, &["mine", "theirs"]);
            request.headers.push(("x-tenant".to_owned(), tenant.to_owned()));
            tenants.push(tenant.to_owned());
        }
        let mut case = Self { id, kinds: Vec::new(), request, token, plain: None };
        if random.u8(..8) > 0 {
            for _ in 0..=usize::from(random.u8(..3) == 0) {
                spellings::spoil(random, &mut case);
            }
        }
        if case.kinds.is_empty() {
            case.kinds.push(Kind::Plain);
            case.plain = Some(Handled {
                method: method.to_owned(),
                segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
                host: host.split(':').next().unwrap_or_default().to_owned(),
                tenants,
            });
        }
        case.kinds.sort();
        case.kinds.dedup();
        case
    }
}
