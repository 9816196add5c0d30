//! Scenarios: data in `e2e/scenarios/*.yaml` that says what is configured, what is sent and what must come of it,
//! without a word on what runs it: one Envoy here, a cluster elsewhere.

mod check;
mod cluster;
mod coverage;
mod envoy_pool;
mod observation;
mod placeholders;
mod reason;
mod runner;

pub use cluster::{ClusterRunner, unfit};
pub use coverage::gaps;
pub use envoy_pool::EnvoyPool;
pub use observation::Observation;
pub use runner::ScenarioRunner;

use crate::envoy::Workload;
use crate::{page, repository, yaml};
use anyhow::{Context, Result, ensure};
use attache_test_fixtures::token::TokenSpec;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;

/// The names of every reason for which a request may be refused.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    reason::REASONS.iter().map(|(name, _)| *name)
}

/// One scenario. Placeholders that any text in it may hold are listed in `e2e/README.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without `.yaml`.
    #[serde(skip)]
    pub name: String,
    /// What it shows, as a sentence.
    pub title: String,
    /// What of the design it covers: `semantics:<id>`. Reasons count by themselves, where a request expects them.
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
    /// The configuration must be refused, and the one before serve on. Each of these must be in the log.
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
    /// In a cluster it goes through Tyk, which lets it pass as it is; a single Envoy has nothing in front of it.
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
    /// The reason of the refusal. Status, gRPC status, challenge, body, filter state and counters follow from it.
    pub reason: Option<String>,
    /// The HTTP status, where it follows neither from the reason nor from success.
    pub status: Option<u16>,
    /// The answer's headers.
    pub answer: BTreeMap<String, Match>,
    /// The answer's body as text.
    pub body: Option<Match>,
    /// What the service saw.
    pub service: Service,
    /// Filter state of a refusal, as access logs show it: `policy`, `rule`, `issuer`, `subject`; and of any request
    /// `shadow_reason`.
    pub state: BTreeMap<String, Match>,
    /// Members of the audit line; `null` is a member that must be absent or null.
    pub log: Option<Map<String, Value>>,
    /// There must be no audit line.
    pub unlogged: bool,
    /// What the filter's counters grow by. Those of allowed and denied requests and of the reason are always checked.
    /// Looked at when the scenario ends, or before it changes the configuration: the filter tells its counts in its
    /// own time.
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
        spec => TokenRef::Spec(Box::new(serde_json::from_value(spec).map_err(serde::de::Error::custom)?)),
    }))
}

/// Reads every scenario of `e2e/scenarios`, by name.
///
/// # Errors
/// A file is no scenario; the message names the file and the place in it.
pub fn all() -> Result<Vec<Scenario>> {
    let folder = repository().join("e2e/scenarios");
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("`{}` can't be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        ensure!(path.extension().is_some_and(|e| e == "yaml"), "`{}` is no scenario", path.display());
        let scenario = parse(&name, yaml::read(&path)?).with_context(|| format!("`{}`", path.display()))?;
        scenarios.push(scenario);
    }
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scenarios)
}

/// Reads the scenario that `e2e/README.md` explains scenarios by.
///
/// # Errors
/// The page has none, or what it has is no scenario.
pub fn from_page() -> Result<Scenario> {
    let page = "e2e/README.md";
    let blocks = page::blocks(&page::read(page)?);
    let block = blocks.iter().find(|block| block.language == "yaml");
    let text = &block.with_context(|| format!("`{page}` shows no scenario"))?.text;
    parse("readme", yaml::parse(text)?).with_context(|| format!("`{page}`"))
}

fn parse(name: &str, document: Value) -> Result<Scenario> {
    let mut scenario: Scenario = serde_path_to_error::deserialize(document)?;
    scenario.name = name.to_owned();
    for step in &scenario.steps {
        let is_one = step.request.is_some() != step.configure.is_some();
        ensure!(is_one, "step `{}` needs either a `request` or a `configure`", step.name);
        ensure!(
            step.configure.is_some() || step.refused.is_empty(),
            "step `{}`: only a configuration can be `refused`: write `expect: {{reason: …}}`",
            step.name
        );
    }
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_misspelled_key_is_an_error_that_names_its_place() {
        let document = json!({"title": "t", "configuration": {},
            "steps": [{"name": "s", "request": {}, "expect": {"raeson": "token-missing"}}]});
        let error = parse("x", document).unwrap_err().to_string();
        assert!(error.contains("steps[0].expect") && error.contains("raeson"), "{error}");
    }

    #[test]
    fn a_step_does_one_thing() {
        let both = json!({"title": "t", "configuration": {},
            "steps": [{"name": "s", "request": {}, "configure": {}}]});
        assert!(parse("x", both).is_err());
        let neither = json!({"title": "t", "configuration": {}, "steps": [{"name": "s"}]});
        assert!(parse("x", neither).is_err());
    }

    #[test]
    fn a_token_is_a_name_or_a_spec_without_unknown_keys() {
        let with = |token: Value| {
            parse(
                "x",
                json!({"title": "t", "configuration": {}, "steps": [{"name": "s", "request": {"token": token}}]}),
            )
        };
        assert!(with(json!("alice")).is_ok());
        assert!(with(json!({"tamper": ["SIGNATURE"]})).is_ok());
        assert!(with(json!({"tampers": []})).is_err());
    }
}
