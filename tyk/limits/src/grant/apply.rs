//! Merges policies into a session as Tyk does (`internal/policy/apply.go`).

use super::{Grant, KeyEndpoint, Obstacle, Policy, Quota, Right, Session};
use crate::limit::Limit;
use std::collections::{BTreeMap, BTreeSet};

/// Why a key gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A policy that it has is not there.
    UnknownPolicy(String),
    /// A policy of limits per API stands beside one that decides a part only, or is one itself.
    MixedPartitions(String),
}

/// What was merged so far.
#[derive(Default)]
struct Merge {
    rights: BTreeMap<String, Merged>,
    rated: BTreeSet<String>,
    metered: BTreeSet<String>,
    accessed: BTreeSet<String>,
    has_per_api: bool,
    has_partial: bool,
    root: Root,
}

/// An API's part of it.
#[derive(Clone, Default)]
struct Merged {
    limit: Limit,
    quota: Quota,
    endpoints: Vec<KeyEndpoint>,
    /// What the limit is counted by: the API, the policy, or the key where it is empty.
    scope: String,
    set_by: String,
    origin: String,
}

/// The key's own limits.
#[derive(Clone, Default)]
struct Root {
    limit: Limit,
    quota: Quota,
    origin: String,
}

/// Returns what a key has for each API.
///
/// # Errors
/// Tyk refuses the key.
pub fn grants(
    session: &Session,
    policies: &BTreeMap<String, Policy>,
) -> Result<BTreeMap<String, Grant>, Refused> {
    let mut grants = merged(session, policies)?;
    for (api, grant) in &mut grants {
        grant.obstacle = Obstacle::of(session, policies, api);
    }
    Ok(grants)
}

fn merged(
    session: &Session,
    policies: &BTreeMap<String, Policy>,
) -> Result<BTreeMap<String, Grant>, Refused> {
    let mut merge = Merge {
        root: Root {
            limit: session.limit.clone(),
            quota: session.quota,
            origin: "the key".to_owned(),
        },
        ..Merge::default()
    };
    if session.policies.is_empty() {
        return Ok(session
            .rights
            .iter()
            .map(|(api, right)| (api.clone(), own(right, &merge.root)))
            .collect());
    }
    for id in &session.policies {
        let Some(policy) = policies.get(id) else { continue };
        let partitions = policy.partitions;
        if partitions.rate || !partitions.is_partial() {
            merge.root.limit = Limit::default();
        }
        if partitions.quota || !partitions.is_partial() {
            merge.root.quota = Quota { max: 0.0, ..merge.root.quota };
        }
    }
    for id in &session.policies {
        let Some(policy) = policies.get(id) else {
            // Of several, one that is not there is passed over.
            if session.policies.len() > 1 {
                continue;
            }
            return Err(Refused::UnknownPolicy(id.clone()));
        };
        merge.add(policy)?;
    }
    Ok(merge.finish())
}

/// Returns what a key without policies has for an API.
fn own(right: &Right, root: &Root) -> Grant {
    if right.is_bare {
        return Grant {
            limit: root.limit.clone(),
            quota: root.quota,
            is_own: false,
            origin: root.origin.clone(),
            endpoints: right.endpoints.clone(),
            obstacle: None,
        };
    }
    Grant {
        limit: right.limit.clone(),
        quota: right.quota,
        is_own: true,
        origin: "the key, for this API".to_owned(),
        endpoints: right.endpoints.clone(),
        obstacle: None,
    }
}

impl Merge {
    fn add(&mut self, policy: &Policy) -> Result<(), Refused> {
        let partitions = policy.partitions;
        let is_mixed = partitions.per_api && (partitions.is_partial() || self.has_partial)
            || partitions.is_partial() && self.has_per_api;
        if is_mixed {
            return Err(Refused::MixedPartitions(policy.id.clone()));
        }
        if partitions.per_api {
            self.add_per_api(policy)
        } else {
            self.add_whole(policy)
        }
        Ok(())
    }

    fn add_per_api(&mut self, policy: &Policy) {
        for (api, right) in &policy.rights {
            let mut merged = if right.is_bare {
                Merged {
                    limit: policy.limit.clone(),
                    quota: policy.quota,
                    scope: policy.id.clone(),
                    origin: format!("policy {}", policy.id),
                    ..Merged::default()
                }
            } else {
                Merged {
                    limit: right.limit.clone(),
                    quota: right.quota,
                    scope: api.clone(),
                    origin: format!("policy {}, for this API", policy.id),
                    ..Merged::default()
                }
            };
            merged.set_by = merged.scope.clone();
            merged.endpoints = right.endpoints.clone();
            if let Some(known) = self.rights.get(api) {
                merged.raise(known);
            }
            self.rights.insert(api.clone(), merged);
            for set in [&mut self.rated, &mut self.metered, &mut self.accessed] {
                set.insert(api.clone());
            }
        }
        self.has_per_api |= !policy.rights.is_empty();
    }

    fn add_whole(&mut self, policy: &Policy) {
        let partitions = policy.partitions;
        let is_whole = !partitions.is_partial();
        for (api, right) in &policy.rights {
            let merged = self.rights.entry(api.clone()).or_default();
            if is_whole || partitions.access {
                self.accessed.insert(api.clone());
                merged.set_by = policy.id.clone();
            }
            if is_whole || partitions.quota {
                self.metered.insert(api.clone());
                merged.quota = higher_quota(merged.quota, policy.quota);
                self.root.quota = higher_quota(self.root.quota, policy.quota);
            }
            if is_whole || partitions.rate {
                self.rated.insert(api.clone());
                raise(&mut merged.limit, &mut merged.origin, policy);
                raise(&mut self.root.limit, &mut self.root.origin, policy);
                merged.endpoints = higher_endpoints(&right.endpoints, &merged.endpoints);
            }
        }
        if policy.rights.is_empty() {
            if is_whole || partitions.rate {
                self.root.limit = policy.limit.clone();
                self.root.origin = format!("policy {}", policy.id);
            }
            if is_whole || partitions.quota {
                self.root.quota = policy.quota;
            }
        }
        self.has_partial = partitions.is_partial();
    }

    fn finish(self) -> BTreeMap<String, Grant> {
        let setters: BTreeSet<&String> =
            self.rights.values().map(|merged| &merged.set_by).filter(|id| !id.is_empty()).collect();
        let has_several = setters.len() > 1;
        let mut grants = BTreeMap::new();
        for (api, merged) in &self.rights {
            if !self.accessed.contains(api) {
                continue;
            }
            let is_rated = self.rated.contains(api);
            let is_metered = self.metered.contains(api);
            let limit = if is_rated { &merged.limit } else { &self.root.limit };
            let origin = if is_rated { &merged.origin } else { &self.root.origin };
            let mut grant = Grant {
                limit: limit.clone(),
                quota: if is_metered { merged.quota } else { self.root.quota },
                is_own: !merged.scope.is_empty() || (has_several && !merged.set_by.is_empty()),
                origin: origin.clone(),
                endpoints: if is_rated { merged.endpoints.clone() } else { Vec::new() },
                obstacle: None,
            };
            if grant.limit == Limit::default() && grant.quota == Quota::default() {
                grant.limit = self.root.limit.clone();
                grant.quota = self.root.quota;
                grant.origin.clone_from(&self.root.origin);
            }
            grants.insert(api.clone(), grant);
        }
        grants
    }
}

impl Merged {
    /// Takes what an earlier policy allows more of (`applyAPILevelLimits`).
    fn raise(&mut self, known: &Self) {
        let mut is_raised = false;
        if self.limit.spacing() > known.limit.spacing() {
            self.limit = known.limit.clone();
            self.origin.clone_from(&known.origin);
            is_raised = true;
        }
        let quota = higher_quota(self.quota, known.quota);
        is_raised |= quota.max != self.quota.max;
        self.quota = quota;
        if is_raised {
            self.set_by.clone_from(&known.set_by);
            self.scope.clone_from(&known.scope);
        }
        self.endpoints = higher_endpoints(&self.endpoints, &known.endpoints);
    }
}

/// Takes a policy's rate where none is set or it is higher (`ApplyRateLimits`).
fn raise(limit: &mut Limit, origin: &mut String, policy: &Policy) {
    if policy.limit.is_unset() {
        return;
    }
    if limit.is_unset() || limit.spacing() > policy.limit.spacing() {
        *limit = policy.limit.clone();
        *origin = format!("policy {}", policy.id);
    }
}

/// Returns the higher quota, where -1 is without end; the renewal is the longer one.
fn higher_quota(one: Quota, other: Quota) -> Quota {
    let max = if one.max < 0.0 || other.max < 0.0 { -1.0 } else { one.max.max(other.max) };
    Quota { max, renewal: one.renewal.max(other.renewal) }
}

/// Returns the limits of both, of each endpoint the higher one (`ApplyEndpointLevelLimits`).
fn higher_endpoints(new: &[KeyEndpoint], known: &[KeyEndpoint]) -> Vec<KeyEndpoint> {
    if known.is_empty() {
        return new.to_vec();
    }
    let mut all = new.to_vec();
    for endpoint in known {
        let twin =
            all.iter_mut().find(|one| one.method == endpoint.method && one.path == endpoint.path);
        match twin {
            None => all.push(endpoint.clone()),
            Some(twin) => {
                let (own, other) = (twin.limit.spacing(), endpoint.limit.spacing());
                if own > other || (own == other && endpoint.limit.rate > twin.limit.rate) {
                    twin.limit = endpoint.limit.clone();
                }
            }
        }
    }
    // Tyk tries them in the order of their paths.
    all.sort_by(|one, other| (&one.path, &one.method).cmp(&(&other.path, &other.method)));
    all
}
