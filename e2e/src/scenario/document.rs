//! What a scenario's file holds.

use crate::envoy::Workload;
use attache_test_fixtures::token::TokenSpec;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One scenario. Placeholders that any text in it may hold are listed in `e2e/README.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without `.yaml`.
    #[serde(skip)]
    pub name: String,
    /// What it shows, as a sentence.
    pub title: String,
    /// What of the design it covers: `semantics:<id>`. Reasons count by themselves, where a request
    /// expects them.
    #[serde(default)]
    pub covers: Vec<String>,
    /// The workload that is called.
    #[serde(default)]
    pub workload: Workload,
    /// The environment of the filter.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The filter's configuration to begin with.
    pub configuration: Value,
    /// Tokens that requests name.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenSpec>,
    /// What happens, in this order.
    pub steps: Vec<Step>,
}

/// Something that happens: a request is sent, or another configuration is applied.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// A request.
    pub request: Option<Request>,
    /// What must come of the request.
    #[serde(default)]
    pub expect: Expect,
    /// A configuration to apply: a document, or text where the very bytes matter.
    pub configure: Option<Value>,
    /// The configuration must be refused, and the one before serve on. Each of these must be in the
    /// log.
    #[serde(default)]
    pub refused: Vec<String>,
}

/// A request. Text is Latin-1: one character is one byte on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Request {
    /// The protocol.
    pub protocol: Protocol,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The host.
    pub host: String,
    /// A token for `Authorization: Bearer`: the name of one, or the token itself.
    #[serde(deserialize_with = "token_ref")]
    pub token: Option<TokenRef>,
    /// Headers; a list is that many headers of one name.
    pub headers: BTreeMap<String, OneOrMany>,
    /// The body.
    pub body: String,
    /// Trailers, of HTTP/2 alone: Envoy drops those of HTTP/1.1.
    pub trailers: BTreeMap<String, OneOrMany>,
    /// The principal of the workload that calls through mTLS; absent: plain text.
    pub caller: Option<String>,
    /// In a cluster it goes through Tyk, which lets it pass as it is; a single Envoy has nothing in
    /// front of it.
    pub through_gateway: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http1,
            method: "GET".into(),
            path: "/".into(),
            host: "orders.shop.svc.cluster.local".into(),
            token: None,
            headers: BTreeMap::new(),
            body: String::new(),
            trailers: BTreeMap::new(),
            caller: None,
            through_gateway: false,
        }
    }
}

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/1.1, written byte for byte.
    Http1,
    /// HTTP/2.
    Http2,
    /// A unary gRPC call.
    Grpc,
}

/// A token by its name or as it is.
#[derive(Clone, Debug)]
pub enum TokenRef {
    /// One of the scenario's.
    Name(String),
    /// This one.
    Spec(Box<TokenSpec>),
}

/// One value, or several of the same name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several, in this order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::Many(many) => many.iter(),
        }
    }
}

/// What must come of a request. Empty: it reaches the service, which answers 200.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Expect {
    /// The reason of the refusal. Status, gRPC status, challenge, body, filter state and counters
    /// follow from it.
    pub reason: Option<String>,
    /// The HTTP status, where it follows neither from the reason nor from success.
    pub status: Option<u16>,
    /// The answer's headers.
    pub answer: BTreeMap<String, Match>,
    /// The answer's body as text.
    pub body: Option<Match>,
    /// What the service saw.
    pub service: Service,
    /// Filter state of a refusal, as access logs show it: `policy`, `rule`, `issuer`, `subject`;
    /// and of any request `shadow_reason`.
    pub state: BTreeMap<String, Match>,
    /// Members of the audit line; `null` is a member that must be absent or null.
    pub log: Option<Map<String, Value>>,
    /// There must be no audit line.
    pub unlogged: bool,
    /// What the filter's counters grow by. Those of allowed and denied requests and of the reason
    /// are always checked. Looked at when the scenario ends, or before it changes the
    /// configuration: the filter tells its counts in its own time.
    pub metrics: BTreeMap<String, u64>,
}

/// What the service must have seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// Path and query.
    pub path: Option<String>,
    /// Headers.
    pub headers: BTreeMap<String, Match>,
    /// Headers that must not be there.
    pub absent: Vec<String>,
    /// The method.
    pub method: Option<String>,
    /// The names of all trailers, in this order.
    pub trailers: Option<Vec<String>>,
}

/// What a text must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Match {
    /// This.
    Is(String),
    /// Several headers of one name.
    Are(Vec<String>),
    /// Something that holds this.
    Contains {
        /// This.
        contains: String,
    },
    /// Absent.
    Absent {
        /// Always true.
        absent: bool,
    },
}

fn token_ref<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TokenRef>, D::Error> {
    Ok(Some(match Value::deserialize(deserializer)? {
        Value::String(name) => TokenRef::Name(name),
        spec => TokenRef::Spec(Box::new(
            serde_json::from_value(spec).map_err(serde::de::Error::custom)?,
        )),
    }))
}
