//! The form of a file of assertions.

use crate::input::WorkloadDocument;
use attache_config_reader::{List, Node, Slot};
use serde::Deserialize;

/// A file of assertions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ProofDocument {
    /// What all of it is about.
    #[serde(rename = "title")]
    _title: Option<String>,
    /// The configuration itself, or the path of the file that holds it, from this file's folder.
    pub(super) configuration: Option<Node>,
    /// The workload that is asked; absent: every one that a policy applies to.
    pub(super) workload: Option<WorkloadDocument>,
    pub(super) assertions: Slot<List<AssertionDocument>>,
}

/// What must become of requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct AssertionDocument {
    pub(super) name: Slot<String>,
    pub(super) expect: Slot<Expectation>,
    pub(super) token: Option<TokenWord>,
    pub(super) to: Option<Node>,
    pub(super) from: Option<Node>,
    pub(super) roles: Option<Node>,
    pub(super) when: Option<Node>,
    /// Which paths count as the same, as in a policy.
    pub(super) paths: Option<Node>,
    pub(super) unless: Option<UnlessDocument>,
}

/// Which requests something is not said of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UnlessDocument {
    pub(super) token: Option<TokenWord>,
    pub(super) to: Option<Node>,
    pub(super) from: Option<Node>,
    pub(super) roles: Option<Node>,
    pub(super) when: Option<Node>,
}

/// What must become of requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Expectation {
    Allowed,
    Refused,
}

/// Whether requests have a token.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum TokenWord {
    /// They have none.
    None,
    /// They have a good one.
    Good,
}

impl TokenWord {
    pub(super) const fn is_there(self) -> bool {
        matches!(self, Self::Good)
    }
}
