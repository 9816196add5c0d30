//! What the engine says.

use crate::Ask;
use attache_engine::host::Workload;
use attache_engine::policy::{
    ClaimTable, Identity, Policies, PolicyTrace, RequestFacts, Verdict, View,
};
use attache_plugin_config::{
    Authentication, ClaimPath, Config, OnKeysUnavailable, RoleClaim, RoleForm,
};
use serde_json::Value;

/// Returns the places where tests put roles: one claim, a list or words parted by spaces.
fn role_claims() -> Vec<RoleClaim> {
    vec![RoleClaim {
        claim: ClaimPath::new(vec!["roles".into()]).unwrap(),
        form: RoleForm::Strings,
        split: Some(" ".into()),
        prefix: String::new(),
    }]
}

/// What the policies of a configuration say.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Whether a token is needed.
    pub authentication: Authentication,
    /// What becomes of the request.
    pub verdict: Verdict,
    /// The rules whose `to` and `from` match, by index.
    pub candidates: Vec<u32>,
    /// What the rules say of keys that are not available.
    pub without_keys: Option<OnKeysUnavailable>,
}

/// Policies as the engine compiles them.
#[derive(Debug)]
pub struct Compiled {
    /// The policies.
    pub policies: Policies,
    claims: ClaimTable,
}

impl Compiled {
    /// Compiles for a workload of which nothing is known.
    pub fn new(config: &Config) -> Self {
        Self::at(config, &Workload::default())
    }

    /// Compiles for a workload.
    pub fn at(config: &Config, workload: &Workload) -> Self {
        let mut claims = ClaimTable::default();
        let policies = Policies::compile(config, workload, &mut claims);
        Self { policies, claims }
    }

    /// Asks about a request and what its token says.
    fn ask<T>(
        &self,
        ask: &Ask,
        about: impl FnOnce(&RequestFacts<'_>, Option<&Identity<'_>>) -> T,
    ) -> T {
        let Ask { method, path, host, .. } = ask;
        let facts = RequestFacts { method, path, host, peer: ask, headers: ask };
        let token = ask.claims();
        let roles = token.as_ref().map(|token| self.policies.roles().read(token, &role_claims()));
        let values: Vec<Option<Value>> = (self.claims.paths().iter())
            .map(|path| token.as_ref().and_then(|token| token.get(path)).cloned())
            .collect();
        let identity = roles.as_ref().map(|roles| Identity { roles, claims: &values });
        about(&facts, identity.as_ref())
    }

    /// Returns what the policies say of a request.
    pub fn say(&self, view: View, ask: &Ask) -> Said {
        self.ask(ask, |facts, identity| {
            let candidates = self.policies.candidates(facts);
            let authentication = candidates.authentication(view);
            Said {
                authentication,
                verdict: candidates.verdict(view, authentication, facts, identity),
                without_keys: candidates.on_keys_unavailable(view),
                candidates: candidates.rules().into_iter().map(|rule| rule.0).collect(),
            }
        })
    }

    /// Returns what the same tests say, one by one.
    pub fn trace(&self, config: &Config, view: View, ask: &Ask) -> PolicyTrace {
        self.ask(ask, |facts, identity| {
            let (policies, claims) = (&self.policies, &self.claims);
            PolicyTrace::run(config, &Workload::default(), policies, claims, view, facts, identity)
        })
    }

    /// Returns a verdict as `allow`, `allow: policy/rule` or `reason: policy/rule`.
    pub fn names(&self, verdict: &Verdict) -> String {
        let (word, rule) = match verdict {
            Verdict::Allow { rule } => ("allow", rule),
            Verdict::Deny { reason, rule } => (reason.as_str(), rule),
        };
        match rule.map(|rule| self.policies.rule(rule).unwrap()) {
            Some(names) => format!("{word}: {}/{}", names.policy, names.rule),
            None => word.to_owned(),
        }
    }
}
