//! Every test of every rule, whatever the request turns out to need: for who knows only a part of
//! it. Not in the module.

use super::Evaluation;
use super::explain::TokenTrace;
use crate::Reason;
use crate::engine::Engine;
use crate::host::Workload;
use crate::host_context::HostContext;
use crate::policy::{Identity, RuleTrace, View, read_path, rule_traces, shown_path};
use attache_plugin_config::Config;

/// A request before every rule, with its token and without.
#[derive(Clone, Debug)]
pub struct RequestTrace {
    /// Why no rule can judge the request, where that is so, and what of it is at fault.
    pub flaw: Option<(Reason, String)>,
    /// What its token comes to, whether it needs one or not.
    pub token: TokenTrace,
    /// A policy applies to the workload.
    pub applies: bool,
    /// A policy applies that refuses what no rule is for.
    pub denies: bool,
    /// The ways in which a backend may read it, the plain one first.
    pub readings: Vec<ReadingRules>,
}

/// One reading of a request before every rule.
#[derive(Clone, Debug)]
pub struct ReadingRules {
    /// The method that is judged.
    pub method: String,
    /// The path that is judged, percent-decoded but for what is data and no separator there.
    pub path: String,
    /// Why the request is refused where the policies say something else of this reading than of the
    /// first; `None` for the first.
    pub differs: Option<Reason>,
    /// Every rule that applies, as it fares without a token.
    pub anonymous: Vec<RuleTrace>,
    /// The same with the token; empty where there is no good one.
    pub identified: Vec<RuleTrace>,
}

impl Engine {
    /// Runs every test of every rule on a request, with its token and without, and looks at the
    /// token in any case.
    ///
    /// `config` and `workload` are what the engine was made of.
    pub fn trace(
        &self,
        config: &Config,
        workload: &Workload,
        view: View,
        headers: &[(String, Vec<u8>)],
        host_context: &HostContext<'_>,
    ) -> RequestTrace {
        let request = self.header_uses.read(headers);
        let path = read_path(request.path, self.ambiguous_paths);
        let (methods, flaws) = self.other_methods(&request, path.is_err());
        let evaluation = Evaluation::new(self, &request, &path, &methods, flaws, host_context);
        let token = evaluation.token_looked_at();
        let identity = match &token {
            TokenTrace::Good(token) => {
                Some(Identity { roles: &token.roles, claims: &token.claims })
            }
            _ => None,
        };
        let (policies, claims) = (&self.policies, &self.claim_table);
        let all = std::iter::once((&evaluation.reading, None))
            .chain(evaluation.others.iter().map(|reading| (reading, Some(reading.differs))));
        let readings = all.map(|(reading, differs)| {
            let rules = |identity| {
                rule_traces(config, workload, policies, claims, &reading.facts, identity)
            };
            ReadingRules {
                method: reading.facts.method.to_owned(),
                path: shown_path(reading.facts.path),
                differs,
                anonymous: rules(None),
                identified: identity
                    .as_ref()
                    .map(|identity| rules(Some(identity)))
                    .unwrap_or_default(),
            }
        });
        let readings = readings.collect();
        let (applies, denies) = policies.defaults(view);
        let flaw =
            flaws.reason(policies, view).map(|reason| (reason, self.flaw_words(reason, &request)));
        RequestTrace { flaw, token, applies, denies, readings }
    }
}
