//! What makes answers tell nothing of a key's limit.

use super::{Policy, Session};
use attache_tyk_routes::fields::Fields;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What makes answers tell nothing of a key's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// `throttle_retry_limit`: Tyk holds back a request that it would refuse, and asks again.
    Throttled,
    /// `rate_limit_pattern`: requests are counted by what it makes of each.
    Pattern,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => {
                "`throttle_retry_limit` has Tyk hold back what it would refuse and ask again: what passes then, and when, \
                 tells nothing of the limit"
            }
            Self::Pattern => {
                "`rate_limit_pattern` has Tyk count by what it makes of each request, not by key: which requests count \
                 together is not known here"
            }
        })
    }
}

impl Obstacle {
    /// Reads that of a session, a policy, or the limit of a right.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.number("throttle_retry_limit") > 0.0 {
            return Some(Self::Throttled);
        }
        // Tyk passes over what is no text.
        let pattern = fields.get("meta_data")?.get("rate_limit_pattern").and_then(Value::as_str)?;
        (!pattern.is_empty()).then_some(Self::Pattern)
    }

    /// Returns that of a key for an API: its own, one of its policies', or one of a right's.
    pub(super) fn of(
        session: &Session,
        policies: &BTreeMap<String, Policy>,
        api: &str,
    ) -> Option<Self> {
        let of_right = |rights: &BTreeMap<String, super::Right>| rights.get(api)?.obstacle;
        let applied = session.policies.iter().filter_map(|id| policies.get(id));
        let of_policies = applied.filter_map(|policy| policy.obstacle.or(of_right(&policy.rights)));
        session.obstacle.or(of_right(&session.rights)).into_iter().chain(of_policies).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{Documents, grants};
    use serde_json::json;

    /// Asserts what is found for the API `orders`, of a key with the policy `plan`.
    fn assert_found(session: &Value, policy: &Value, right: &Value, expected: Option<Obstacle>) {
        let mut documents = Documents::default();
        let merge = |into: &mut Value, from: &Value| {
            let into = into.as_object_mut().unwrap();
            into.extend(from.as_object().unwrap().clone());
        };
        let mut plan = json!({"rate": 8, "per": 2, "access_rights": {"orders": {"limit": right}}});
        merge(&mut plan, policy);
        documents.add_policies(&json!({"plan": plan, "other": {"throttle_retry_limit": 3}}));
        let mut whole = json!({"apply_policies": ["plan"]});
        merge(&mut whole, session);
        documents.set_session(&whole);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        let grants = grants(&documents.session.unwrap(), &documents.policies).unwrap();
        assert_eq!(grants["orders"].obstacle, expected, "{session} {policy} {right}");
    }

    #[test]
    fn it_may_be_of_the_key_of_its_policies_and_of_the_right() {
        let (nothing, throttled) = (json!({}), json!({"throttle_retry_limit": 3}));
        let pattern = json!({"meta_data": {"rate_limit_pattern": "$tyk_meta.team"}});
        for (session, policy, right, expected) in [
            (&nothing, &nothing, &nothing, None),
            (&throttled, &nothing, &nothing, Some(Obstacle::Throttled)),
            (&nothing, &throttled, &nothing, Some(Obstacle::Throttled)),
            (&nothing, &nothing, &throttled, Some(Obstacle::Throttled)),
            (&pattern, &nothing, &nothing, Some(Obstacle::Pattern)),
            (&nothing, &pattern, &nothing, Some(Obstacle::Pattern)),
        ] {
            assert_found(session, policy, right, expected);
        }
    }

    #[test]
    fn what_tyk_passes_over_is_none() {
        for session in [
            json!({"throttle_retry_limit": 0, "throttle_interval": 2}),
            json!({"meta_data": {"rate_limit_pattern": ""}}),
            json!({"meta_data": {"rate_limit_pattern": 7}}),
        ] {
            assert_found(&session, &json!({}), &json!({}), None);
        }
    }
}
