//! What a file of tests holds: the form of the project's own scenarios, as far as one process can
//! play them.

use super::text_match::{OneOrMany, TextMatch};
use crate::input::WorkloadDocument;
use attache_config_reader::{List, Node, Slot};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestDocument {
    /// What it shows.
    pub(crate) title: Slot<String>,
    /// What of a design it covers; the tool does not look at it.
    #[serde(rename = "covers")]
    _covers: Option<List<String>>,
    /// The configuration itself, or the path of the file that holds it, from this file's folder.
    pub(super) configuration: Slot<Node>,
    /// Whether signatures count as good.
    pub(crate) signatures: Option<Signatures>,
    /// When requests come, in seconds since 1970; now where none is given.
    pub(crate) time: Option<u64>,
    /// Variables of the module's environment, in place of those that the resource gives it.
    pub(crate) environment: Option<BTreeMap<String, String>>,
    /// The workload that is asked; where none is given, the first that a policy is for.
    pub(crate) workload: Option<WorkloadDocument>,
    /// Tokens, by the names that requests use.
    pub(crate) tokens: Option<BTreeMap<String, TestToken>>,
    /// The requests.
    pub(super) steps: Slot<List<Step>>,
}

/// Whether signatures count as good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Signatures {
    /// Every one: tokens are written as claims.
    #[default]
    Trusted,
    /// Those that the configuration's keys verify: tokens are written as they are.
    Verified,
}

/// A token.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestToken {
    /// Its text, where signatures are verified.
    pub(crate) raw: Option<String>,
    /// Its claims, where signatures count as good; `iss`, `aud`, `exp` and `iat` are added where
    /// they are missing.
    pub(crate) claims: Option<BTreeMap<String, Node>>,
    /// Claims that it lacks, of those that are added.
    pub(crate) without: Option<List<String>>,
    /// Whose it is, where there are several issuers.
    pub(crate) issuer: Option<String>,
}

/// A request and what must become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: Slot<String>,
    pub(crate) request: Slot<TestRequest>,
    pub(crate) expect: Option<Expectation>,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestRequest {
    /// GET where none is given.
    pub(crate) method: Option<String>,
    /// Path and query; `/` where none is given.
    pub(crate) path: Option<String>,
    /// `service` where none is given.
    pub(crate) host: Option<String>,
    pub(crate) token: Option<String>,
    /// Headers; a list is that many headers of one name.
    pub(crate) headers: Option<BTreeMap<String, OneOrMany>>,
    /// The caller's mTLS principal, without `spiffe://`.
    pub(crate) caller: Option<String>,
    /// The address of the direct peer.
    pub(crate) address: Option<IpAddr>,
    /// The address that a header tells the proxy, in place of the peer's.
    pub(crate) client_address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) body: Option<String>,
}

/// What must become of a request; nothing: it reaches the service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// Why it is refused.
    pub(crate) reason: Option<String>,
    /// The status of the refusal.
    pub(crate) status: Option<u16>,
    /// The rule that decides: `policy/rule`.
    pub(crate) rule: Option<String>,
    /// The headers of the answer to a refused request.
    pub(crate) answer: Option<BTreeMap<String, TextMatch>>,
    /// The body of that answer.
    pub(crate) body: Option<TextMatch>,
    /// What the service sees.
    pub(crate) service: Option<Seen>,
}

/// What a service sees of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Path and query.
    pub(crate) path: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
    /// Headers and their values.
    pub(crate) headers: Option<BTreeMap<String, TextMatch>>,
    /// Headers that must not be there.
    pub(crate) absent: Option<Vec<String>>,
}

impl TestDocument {
    /// Returns the requests with their indices.
    pub(super) fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.get().into_iter().flat_map(List::iter)
    }
}
