//! A request before the engine itself: what is said of it is said only where the engine agrees.

use super::side::Side;
use super::witness::{Sent, Witness};
use crate::explain::{RequestLine, TrialHost, header_map};
use attache_engine::{Decision, Engine};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Why it is refused; `None`: it is not.
    pub(crate) reason: Option<&'static str>,
    /// The rule that decided.
    pub(crate) rule: Option<String>,
}

impl Outcome {
    pub(crate) fn is_allowed(&self) -> bool {
        self.reason.is_none()
    }
}

/// A request as a proxy hands it on.
pub(crate) struct TrialRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) host: TrialHost,
}

impl Witness {
    /// Returns the request as a side's proxy hands it on; `None` where the side has no place for
    /// its token.
    pub(crate) fn request(&self, number: usize, side: &Side) -> Option<TrialRequest> {
        let sent = match &self.token {
            Some(token) => Some(token.sent(number, side)?),
            None => None,
        };
        let target = match &sent {
            Some(Sent::Query(query)) => format!("{}?{query}", self.path),
            _ => self.path.clone(),
        };
        let line = RequestLine { method: self.method.clone(), target };
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers = header_map(&line, &self.host, own);
        if let Some(Sent::Header(name, value)) = sent {
            headers.push((name, value.into_bytes()));
        }
        let host = TrialHost {
            client: self.client.clone(),
            trusts_signatures: true,
            now: side.now,
            ends_with_headers: true,
        };
        Some(TrialRequest { headers, host })
    }

    /// Returns what the engine of a side decides.
    pub(crate) fn outcome(&self, number: usize, side: &Side) -> Option<Outcome> {
        let request = self.request(number, side)?;
        decide(&side.engine, &request)
    }
}

fn decide(engine: &Engine, request: &TrialRequest) -> Option<Outcome> {
    match engine.decide(&request.headers, &request.host.context()) {
        Decision::Wait { .. } => None,
        Decision::Decided(decided) => Some(Outcome {
            reason: decided.reason().map(|reason| reason.as_str()),
            rule: decided.rule.and_then(|rule| engine.rule(rule)).map(|names| names.to_string()),
        }),
    }
}
