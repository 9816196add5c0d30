//! What a key may do: its session, its policies, and what Tyk makes of both.

mod apply;
mod obstacle;
mod read;

pub use apply::{Refused, grants};
pub use obstacle::Obstacle;
pub use read::Documents;

use crate::limit::Limit;
use std::collections::BTreeMap;

/// How many requests may pass in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quota {
    /// Requests until it is renewed; no quota where it is 0 or less.
    pub max: f64,
    /// Seconds from the first request until it is renewed; 0 for never.
    pub renewal: f64,
}

/// The limit of an endpoint for a key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyEndpoint {
    /// The method.
    pub method: String,
    /// The pattern, as it is written.
    pub path: String,
    /// How many.
    pub limit: Limit,
}

/// Access to an API, as a key or a policy gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Right {
    /// The limit for this API alone.
    pub limit: Limit,
    /// The quota for this API alone.
    pub quota: Quota,
    /// Whether neither is said, so that the whole key's hold.
    pub is_bare: bool,
    /// The limits of endpoints.
    pub endpoints: Vec<KeyEndpoint>,
    /// What makes answers tell nothing of the limit.
    pub obstacle: Option<Obstacle>,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// `id`, or the name under which it stands.
    pub id: String,
    /// `rate` and `per`.
    pub limit: Limit,
    /// `quota_max` and `quota_renewal_rate`.
    pub quota: Quota,
    /// What it decides.
    pub partitions: Partitions,
    /// `access_rights` by API.
    pub rights: BTreeMap<String, Right>,
    /// What makes answers tell nothing of the limit.
    pub obstacle: Option<Obstacle>,
}

/// What a policy decides; all of it where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    /// `quota`.
    pub quota: bool,
    /// `rate_limit`.
    pub rate: bool,
    /// `acl`.
    pub access: bool,
    /// `complexity`.
    pub complexity: bool,
    /// `per_api`: each API has its own limit.
    pub per_api: bool,
}

impl Partitions {
    /// Returns whether it decides a part only.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.quota || self.rate || self.access || self.complexity
    }
}

/// A key's session, as Tyk's API shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// `rate` and `per`.
    pub limit: Limit,
    /// `quota_max` and `quota_renewal_rate`.
    pub quota: Quota,
    /// `apply_policies`, or the one of `apply_policy_id`.
    pub policies: Vec<String>,
    /// `access_rights` by API.
    pub rights: BTreeMap<String, Right>,
    /// What makes answers tell nothing of the limit.
    pub obstacle: Option<Obstacle>,
}

/// What a key has for an API in the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grant {
    /// How many requests.
    pub limit: Limit,
    /// Whether they are counted for this API alone, and not for all of the key's.
    pub is_own: bool,
    /// Who says so: `policy gold`, `the key`.
    pub origin: String,
    /// How many in all.
    pub quota: Quota,
    /// The limits of endpoints.
    pub endpoints: Vec<KeyEndpoint>,
    /// What makes answers tell nothing of the limits.
    pub obstacle: Option<Obstacle>,
}
