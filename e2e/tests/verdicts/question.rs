//! What is asked, of whom, and what is heard.

use attache_e2e::envoy::Workload;
use serde_json::Value;
use std::collections::BTreeMap;

/// The port that requests come in on, where no proxy gives them one.
pub(crate) const PORT: u16 = 8080;

/// How many audit lines are asked for within a second: the filter writes no more than a hundred of
/// a kind.
pub(crate) const LINES_A_SECOND: usize = 90;

/// A configuration before a workload, and requests to it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: String,
    /// It has every request logged.
    pub(crate) configuration: Value,
    pub(crate) workload: Workload,
    pub(crate) environment: BTreeMap<String, String>,
    /// When tokens were made, in seconds since 1970.
    pub(crate) now: u64,
    pub(crate) questions: Vec<Question>,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) host: String,
    /// The other headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The principal of the caller, without `spiffe://`.
    pub(crate) caller: Option<String>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Why it is refused; `None` where it goes on.
    pub(crate) reason: Option<String>,
    /// The policy and the rule that decided.
    pub(crate) rule: Option<String>,
}

impl Heard {
    /// Reads an audit line.
    pub(crate) fn of_line(line: &Value) -> Self {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let rule =
            text("policy").zip(text("rule")).map(|(policy, rule)| format!("{policy}/{rule}"));
        let reason = text("reason");
        assert_eq!(line["verdict"] == "denied", reason.is_some(), "{line}");
        Self { reason, rule }
    }
}

impl Question {
    /// Returns the header map, with an ID by which the audit line is found.
    pub(crate) fn header_map(&self, id: &str) -> Vec<(String, Vec<u8>)> {
        let pseudo = [
            (":authority", self.host.as_str()),
            (":path", &self.path),
            (":method", &self.method),
            (":scheme", "http"),
            ("x-request-id", id),
        ];
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all = pseudo.into_iter().chain(own);
        all.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect()
    }
}

/// Has a configuration log every request.
pub(crate) fn logging_all(mut configuration: Value) -> Value {
    configuration["audit"]["log"] = "ALL".into();
    configuration
}
