//! Reads policies and sessions as Tyk writes them: what is missing or null is empty.

use super::{KeyEndpoint, Obstacle, Partitions, Policy, Quota, Right, Session};
use crate::limit::Limit;
use attache_config_reader::{Diagnostic, Path};
use attache_tyk_routes::fields::Fields;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Policies and a session, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// By id.
    pub policies: BTreeMap<String, Policy>,
    /// The key's own.
    pub session: Option<Session>,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
}

impl Documents {
    /// Adds policies: an object with a policy for each id, as files have them, or a list, as the
    /// gateway's API has it.
    pub fn add_policies(&mut self, value: &Value) {
        let problems = RefCell::default();
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add_policy("", item, &Path::default().index(index), &problems);
                }
            }
            Value::Object(members) => {
                for (id, item) in members {
                    self.add_policy(id, item, &Path::default().key(id), &problems);
                }
            }
            _ => {
                let message = "expected policies: an object with one for each id, or a list";
                self.problems.push(Diagnostic::error(Path::default(), message));
            }
        }
        self.problems.extend(problems.into_inner());
    }

    fn add_policy(
        &mut self,
        id: &str,
        value: &Value,
        path: &Path,
        problems: &RefCell<Vec<Diagnostic>>,
    ) {
        let fields = Fields::new(value, path, problems);
        let own = [fields.text("id"), fields.text("_id")];
        let id = if id.is_empty() {
            own.into_iter().find(|own| !own.is_empty())
        } else {
            Some(id.to_owned())
        };
        let Some(id) = id else {
            problems
                .borrow_mut()
                .push(Diagnostic::error(path.clone(), "the policy has no id; give it `id`"));
            return;
        };
        let policy = Policy {
            limit: Limit::read(&fields),
            quota: quota(&fields),
            partitions: Partitions {
                quota: fields.flag("partitions/quota"),
                rate: fields.flag("partitions/rate_limit"),
                access: fields.flag("partitions/acl"),
                complexity: fields.flag("partitions/complexity"),
                per_api: fields.flag("partitions/per_api"),
            },
            rights: rights(&fields, path),
            obstacle: Obstacle::read(&fields),
            id: id.clone(),
        };
        self.policies.insert(id, policy);
    }

    /// Sets the key's session, as `GET /tyk/keys/…` prints it.
    pub fn set_session(&mut self, value: &Value) {
        let problems = RefCell::default();
        let root = Path::default();
        let fields = Fields::new(value, &root, &problems);
        let mut policies = fields.texts("apply_policies");
        let single = fields.text("apply_policy_id");
        if policies.is_empty() && !single.is_empty() {
            policies.push(single);
        }
        self.session = Some(Session {
            limit: Limit::read(&fields),
            quota: quota(&fields),
            policies,
            rights: rights(&fields, &root),
            obstacle: Obstacle::read(&fields),
        });
        self.problems.extend(problems.into_inner());
    }
}

fn quota(fields: &Fields<'_>) -> Quota {
    Quota { max: fields.number("quota_max"), renewal: fields.number("quota_renewal_rate") }
}

fn rights(fields: &Fields<'_>, path: &Path) -> BTreeMap<String, Right> {
    let mut rights = BTreeMap::new();
    for (api, value) in fields.members("access_rights") {
        let at = path.clone().key("access_rights").key(api);
        let own = fields.within(value, &at);
        let at_limit = at.clone().key("limit");
        let nothing = Value::Null;
        let limit = fields.within(own.get("limit").unwrap_or(&nothing), &at_limit);
        let right = Right {
            limit: Limit::read(&limit),
            quota: quota(&limit),
            is_bare: is_bare(&limit),
            endpoints: endpoints(&own, &at),
            obstacle: Obstacle::read(&limit),
        };
        rights.insert(api.clone(), right);
    }
    rights
}

/// Returns whether a limit is empty as Tyk sees it (`APILimit.IsEmpty`).
fn is_bare(limit: &Fields<'_>) -> bool {
    let numbers = [
        "rate",
        "per",
        "throttle_interval",
        "throttle_retry_limit",
        "max_query_depth",
        "quota_max",
        "quota_renews",
        "quota_remaining",
        "quota_renewal_rate",
    ];
    numbers.iter().all(|key| limit.number(key) == 0.0)
}

fn endpoints(right: &Fields<'_>, path: &Path) -> Vec<KeyEndpoint> {
    let mut endpoints = Vec::new();
    for (index, value) in right.items("endpoints").iter().enumerate() {
        let at = path.clone().key("endpoints").index(index);
        let endpoint = right.within(value, &at);
        for (index, value) in endpoint.items("methods").iter().enumerate() {
            let at_method = at.clone().key("methods").index(index);
            let method = endpoint.within(value, &at_method);
            let nothing = Value::Null;
            let at_limit = at_method.clone().key("limit");
            let limit = endpoint.within(method.get("limit").unwrap_or(&nothing), &at_limit);
            endpoints.push(KeyEndpoint {
                method: method.text("name"),
                path: endpoint.text("path"),
                limit: Limit::read(&limit),
            });
        }
    }
    endpoints
}
