//! A world with few paths, methods, hosts, callers, headers and tokens, and all requests that there
//! are in it.

use crate::explain::{Client, RequestLine, TrialHost, header_map, unsigned};
use attache_plugin_config::Config;
use fastrand::Rng;
use serde_json::{Map, Value, json};

const METHODS: [&str; 3] = ["GET", "POST", "PUT"];
const PATHS: [&str; 7] = ["/", "/a", "/a/", "/A", "/a/b", "/b", "/b/b"];
const HOSTS: [&str; 3] = ["a.test", "b.test", "other"];
const CALLERS: [Option<&str>; 3] = [None, Some("td/ns/a/sa/x"), Some("td/ns/b/sa/y")];
const ADDRESSES: [&str; 2] = ["10.0.0.1", "192.168.0.1"];
const HEADERS: [Option<&str>; 3] = [None, Some("a"), Some("b")];

/// Something that requests of a world differ in beside their methods, their paths and the claims
/// `roles` and `one`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Host,
    Caller,
    Address,
    /// The header `x-claim`.
    Header,
    /// The claim `other`.
    Claim,
    Issuer,
}

const EXTRAS: [Extra; 6] =
    [Extra::Host, Extra::Caller, Extra::Address, Extra::Header, Extra::Claim, Extra::Issuer];

/// A world.
#[derive(Debug)]
pub(super) struct World {
    extras: Vec<Extra>,
}

/// A token, by its issuer's name and its claims.
pub(super) type Token = (&'static str, Map<String, Value>);

/// A request of a world.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) host: &'static str,
    caller: Option<&'static str>,
    address: &'static str,
    header: Option<&'static str>,
    /// Which of the world's tokens it has.
    pub(super) token: Option<usize>,
}

impl World {
    /// Makes a world whose requests differ in two things more.
    pub(super) fn new(random: &mut Rng) -> Self {
        Self { extras: random.choose_multiple(EXTRAS, 2) }
    }

    pub(super) fn has(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }

    /// Returns these, or the first of them where requests of this world do not differ in it.
    fn those<'t, T>(&self, extra: Extra, all: &'t [T]) -> &'t [T] {
        if self.has(extra) { all } else { all.get(..1).unwrap_or_default() }
    }

    /// Returns all tokens.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let roles = [None, Some(json!(["r0"])), Some(json!(["r1"])), Some(json!(["r0", "r1"]))];
        let ones = [None, Some(json!("a")), Some(json!("b")), Some(json!(["a", "b"]))];
        let others = [None, Some(json!("a")), Some(json!(["b"]))];
        let mut tokens = Vec::new();
        for issuer in self.those(Extra::Issuer, &["one", "two"]) {
            for other in self.those(Extra::Claim, &others) {
                for (roles, one) in
                    roles.iter().flat_map(|roles| ones.iter().map(move |one| (roles, one)))
                {
                    let claims = [("roles", roles), ("one", one), ("other", other)];
                    let claims =
                        claims.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
                    let claims = claims.map(|(name, value)| (name.to_owned(), value));
                    tokens.push((*issuer, claims.collect()));
                }
            }
        }
        tokens
    }

    /// Returns all requests.
    pub(super) fn requests(&self) -> Vec<Request> {
        let first = Request {
            method: "",
            path: "",
            host: "",
            caller: None,
            address: "",
            header: None,
            token: None,
        };
        let mut all = vec![first];
        all = each(&all, &METHODS, |request, method| Request { method, ..request });
        all = each(&all, &PATHS, |request, path| Request { path, ..request });
        all = each(&all, self.those(Extra::Host, &HOSTS), |request, host| Request {
            host,
            ..request
        });
        all = each(&all, self.those(Extra::Caller, &CALLERS), |request, caller| Request {
            caller,
            ..request
        });
        all = each(&all, self.those(Extra::Address, &ADDRESSES), |request, address| Request {
            address,
            ..request
        });
        all = each(&all, self.those(Extra::Header, &HEADERS), |request, header| Request {
            header,
            ..request
        });
        let tokens: Vec<Option<usize>> =
            std::iter::once(None).chain((0..self.tokens().len()).map(Some)).collect();
        each(&all, &tokens, |request, token| Request { token, ..request })
    }
}

/// Returns each request with each value.
fn each<T: Copy>(
    requests: &[Request],
    values: &[T],
    with: fn(Request, T) -> Request,
) -> Vec<Request> {
    requests
        .iter()
        .flat_map(|request| values.iter().map(move |value| with(request.clone(), *value)))
        .collect()
}

impl Request {
    /// Returns the header map, given each token as it is sent.
    pub(super) fn headers(&self, tokens: &[String]) -> Vec<(String, Vec<u8>)> {
        let line = RequestLine { method: self.method.to_owned(), target: self.path.to_owned() };
        let token = self.token.map(|token| format!("Bearer {}", tokens[token]));
        let header = self.header.map(|value| ("x-claim", value));
        let token = token.as_deref().map(|token| ("authorization", token));
        header_map(&line, self.host, header.into_iter().chain(token))
    }

    /// Returns the proxy that it comes through.
    pub(super) fn proxy(&self, now: u64) -> TrialHost {
        let client = Client {
            principal: self.caller.map(str::to_owned),
            address: self.address.parse().ok(),
            ..Client::default()
        };
        TrialHost { client, trusts_signatures: true, now, ends_with_headers: true }
    }
}

/// Returns tokens as they are sent, unsigned.
pub(super) fn sent(tokens: &[Token], config: &Config, now: u64) -> Vec<String> {
    let one = |(issuer, claims): &Token| {
        unsigned(claims.clone(), &[], Some(issuer), now, config).unwrap()
    };
    tokens.iter().map(one).collect()
}
