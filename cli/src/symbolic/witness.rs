//! One request of a set.

use super::diagram::{Bit, Set};
use super::sets::Sets;
use super::side::Side;
use super::universe::{HeaderValue, insert};
use crate::explain::Client;
use attache_plugin_config::{Config, Issuer, IssuerId};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

/// A request that does what is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub(crate) method: String,
    /// Percent-encoded.
    pub(crate) path: String,
    pub(crate) host: String,
    /// Who sends it, and the port that it comes in on; what nobody asks for is absent.
    pub(crate) client: Client,
    /// What claims are compared with.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) token: Option<WitnessToken>,
}

/// A token, by what is asked of it: what an issuer writes into each is left out.
#[derive(Clone, Debug)]
pub(crate) struct WitnessToken {
    /// The issuer's number on each side.
    pub(super) issuer: Vec<usize>,
    /// Its name.
    pub(crate) issuer_name: String,
    /// Where it is sent.
    pub(super) place: TokenPlace,
    /// As policies see them.
    pub(super) claims: Map<String, Value>,
}

impl Witness {
    /// Returns the plainest request of a set; `None` where it is empty.
    pub(super) fn of(sets: &Sets<'_>, set: Set) -> Option<Self> {
        let bits = sets.diagram.first(set)?;
        let universe = &sets.universe;
        let principal = universe.callers.principals.get(universe.caller.class(&bits))?.clone();
        let addresses = universe.addresses.clients.get(universe.address.class(&bits))?.clone();
        let port = universe
            .ports
            .get(universe.port.class(&bits))
            .copied()
            .filter(|_| universe.ports.len() > 1);
        let mut headers = Vec::new();
        for (name, header) in &universe.headers.0 {
            let name = name.as_str().to_owned();
            match header.values.get(header.value.class(&bits)) {
                Some(HeaderValue::Once(value)) => headers.push((name, value.clone())),
                Some(HeaderValue::Twice) => {
                    headers.extend(["one", "two"].map(|value| (name.clone(), value.to_owned())));
                }
                Some(HeaderValue::Absent) | None => {}
            }
        }
        Some(Self {
            method: universe.methods.get(universe.method.class(&bits))?.clone(),
            path: encoded(universe.paths.texts.get(universe.path.class(&bits))?),
            host: universe.hosts.texts.get(universe.host.class(&bits))?.clone(),
            client: Client { principal, port, ..addresses },
            headers,
            token: token(sets, &bits),
        })
    }
}

fn token(sets: &Sets<'_>, bits: &[Bit]) -> Option<WitnessToken> {
    let universe = &sets.universe;
    let shared = universe.issuer.class(bits).checked_sub(1)?;
    let issuer = universe.issuers.get(shared)?.clone();
    let first = universe.issuer_of(0, shared)?;
    let (issuer_name, place) = (first.name.as_str().to_owned(), TokenPlace::of(first)?);
    let mut claims = Map::new();
    for claim in &universe.claims {
        if let Some(value) = claim.value(bits) {
            insert(&mut claims, claim.path.steps(), value);
        }
    }
    Some(WitnessToken { issuer, issuer_name, place, claims })
}

impl WitnessToken {
    /// Returns its claims as an issuer writes them, but for those that it writes into every token.
    pub(crate) fn claims(&self, config: &Config) -> Map<String, Value> {
        let mut claims = self.claims.clone();
        let issuer = self.issuer.first().and_then(|number| config.issuers.get(*number));
        without_prefix(&mut claims, issuer);
        claims
    }

    /// Returns its claims as a side's issuer writes them, all of them.
    pub(super) fn whole(&self, number: usize, side: &Side) -> Option<(Map<String, Value>, Issuer)> {
        let issuer = side.config.issuers.get(*self.issuer.get(number)?)?.clone();
        let mut claims = self.claims.clone();
        if let Some(iss) = iss(&issuer, &claims) {
            claims.entry("iss").or_insert_with(|| json!(iss));
        }
        if let Some(audience) = issuer.audiences.first() {
            claims.entry("aud").or_insert_with(|| json!(audience));
        }
        claims.entry("exp").or_insert_with(|| json!(side.expires));
        claims.entry("iat").or_insert_with(|| json!(side.now));
        without_prefix(&mut claims, Some(&issuer));
        Some((claims, issuer))
    }

    /// Returns the header map's entry, or the query, that carries it to a side; its signature is
    /// nobody's.
    pub(super) fn sent(&self, number: usize, side: &Side) -> Option<Sent> {
        let (claims, issuer) = self.whole(number, side)?;
        let typ = issuer.token_types.first().map_or("JWT", String::as_str);
        let header = json!({"alg": "ES256", "kid": "attache", "typ": typ});
        let parts =
            [header.to_string(), Value::Object(claims).to_string()].map(|part| BASE64.encode(part));
        let token = format!("{}.{}", parts.join("."), BASE64.encode([1; 64]));
        Some(match TokenPlace::of(&issuer)? {
            TokenPlace::Param(name) => Sent::Query(format!("{name}={token}")),
            TokenPlace::Header(name, before) => Sent::Header(name, format!("{before}{token}")),
        })
    }
}

/// Where an issuer's tokens are looked for first.
#[derive(Clone, Debug)]
pub(super) enum TokenPlace {
    /// A header, and what stands in it before the token.
    Header(String, String),
    /// A parameter of the query.
    Param(String),
}

impl TokenPlace {
    fn of(issuer: &Issuer) -> Option<Self> {
        let header = issuer.locations.headers.first();
        let header =
            header.map(|place| Self::Header(place.name.as_str().to_owned(), place.prefix.clone()));
        let cookie = issuer.locations.cookies.first();
        let cookie =
            cookie.map(|place| Self::Header("cookie".to_owned(), format!("{}=", place.name)));
        let param = issuer.locations.params.first().map(|name| Self::Param(name.clone()));
        header.or(cookie).or(param)
    }
}

/// Where a token is sent.
pub(super) enum Sent {
    Header(String, String),
    Query(String),
}

fn iss(issuer: &Issuer, claims: &Map<String, Value>) -> Option<String> {
    match &issuer.issuer {
        IssuerId::Exact(iss) => Some(iss.clone()),
        IssuerId::Absent => None,
        IssuerId::Pattern(pattern) => {
            let claimed = pattern.equals_claim().and_then(|claim| {
                let pointer: String = claim
                    .steps()
                    .iter()
                    .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
                    .collect();
                Value::Object(claims.clone())
                    .pointer(&pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            });
            let segment = claimed.or_else(|| pattern.values().first().cloned());
            Some(pattern.with(segment.as_deref().unwrap_or("x")))
        }
    }
}

fn without_prefix(claims: &mut Map<String, Value>, issuer: Option<&Issuer>) {
    let prefix = issuer.map_or("", |issuer| issuer.subject_prefix.as_str());
    if let Some(Value::String(subject)) = claims.get_mut("sub") {
        *subject = subject.strip_prefix(prefix).unwrap_or(subject).to_owned();
    }
}

/// Returns a path as it is sent: all but what RFC 3986 section 2.3 leaves as it is, and slashes, is
/// encoded.
pub(super) fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
