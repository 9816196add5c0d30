//! AuthorizationPolicies, as policies.

use super::clause::{Draft, Effect};
use super::documents::{ActionName, AuthorizationPolicySpec};
use super::names::Names;
use super::output::{PolicyOut, RuleOut};
use super::place::{LEFT_OUT, NARROWER, NO_EQUAL, NOT_ISTIO, Notes, Place};
use super::resources::Resource;
use super::rule;
use super::rule_context::RuleContext;
use super::scope::Scope;
use super::target::Target;
use super::trust::TrustDomains;
use attache_config_reader::{List, quote};

/// What policies are read against.
pub(super) struct ImportContext<'s> {
    pub(super) issuers: &'s [String],
    pub(super) split_claims: &'s [String],
    pub(super) trust_domains: &'s TrustDomains,
    pub(super) target: &'s Target,
    /// The policies that stay in force beside Attaché, as `namespace/name`.
    pub(super) kept: &'s [String],
    pub(super) accepts_wider: bool,
}

/// Policies in the making.
#[derive(Debug, Default)]
pub(super) struct Policies {
    pub(super) policies: Vec<PolicyOut>,
    /// The place of each, and of each of its rules.
    pub(super) places: Vec<(Place, Vec<Place>)>,
    /// The workloads that ALLOW policies in force are for.
    allowing: Vec<(Scope, Place)>,
}

impl Policies {
    /// Adds what a resource says of the workloads that the configuration is for.
    pub(super) fn add(
        &mut self,
        resource: &Resource<AuthorizationPolicySpec>,
        context: &ImportContext<'_>,
        names: &mut Names,
        notes: &mut Notes,
    ) {
        let place = resource.spec_place();
        let full_name = format!("{}/{}", resource.namespace, resource.name);
        let is_kept = context.kept.contains(&full_name);
        let found: Vec<Scope> =
            resource.scopes.iter().filter_map(|scope| context.target.part_of(scope)).collect();
        if found.is_empty() && !resource.scopes.is_empty() {
            let message = format!(
                "{full_name} is for other workloads than the configuration, which is for {}",
                context.target
            );
            notes.add(&LEFT_OUT, &resource.name_place(), message);
            return;
        }
        let Some(effect) = effect(resource, &full_name, is_kept, notes) else { return };
        if resource.scopes.iter().any(|scope| context.target.is_part_of(scope)) {
            let message = format!(
                "{full_name} is for more workloads than the configuration, which is for {}; keep it applied for the others",
                context.target
            );
            notes.add(&LEFT_OUT, &resource.name_place(), message);
        }
        let rules = self.rules(resource, effect, context, notes);
        for scope in found {
            if effect == Effect::Allow && !resource.is_dry_run {
                self.allowing.push((scope.clone(), place.clone()));
            }
            let wanted = [resource.name.clone(), full_name.replace('/', ".")];
            let policy = PolicyOut {
                name: names.give(&wanted),
                selector: context.target.selector(&scope),
                // Istio's DENY policies let through what they do not refuse.
                default_action: (effect == Effect::Deny).then_some("ALLOW"),
                mode: resource.is_dry_run.then_some("SHADOW"),
                rules: rules.iter().map(|(rule, _)| rule.clone()).collect(),
            };
            let of_rules = rules.iter().map(|(_, place)| place.clone()).collect();
            self.policies.push(policy);
            self.places.push((place.clone(), of_rules));
        }
    }

    fn rules(
        &self,
        resource: &Resource<AuthorizationPolicySpec>,
        effect: Effect,
        context: &ImportContext<'_>,
        notes: &mut Notes,
    ) -> Vec<(RuleOut, Place)> {
        let rule_context = RuleContext {
            issuers: context.issuers,
            split_claims: context.split_claims,
            trust_domains: context.trust_domains,
            namespace: &resource.namespace,
        };
        let place = resource.spec_place().key("rules");
        let mut all = Vec::new();
        for (index, document) in resource.spec.rules.iter().flat_map(List::iter) {
            let place = place.index(index);
            let accepts_wider = context.accepts_wider;
            let mut draft = Draft { effect, accepts_wider, is_for_more: false, notes };
            let rules = rule::rules(document, &rule_context, &place, &mut draft);
            let count = rules.len();
            for (number, mut rule) in rules.into_iter().enumerate() {
                // As Istio's metrics and logs number rules.
                rule.name = if count == 1 {
                    format!("rule-{index}")
                } else {
                    format!("rule-{index}-{number}")
                };
                all.push((rule, place.clone()));
            }
        }
        all
    }

    /// Adds the policy of workloads without an ALLOW policy, which Istio leaves open to everybody.
    pub(super) fn finish(&mut self, target: &Target, names: &mut Names, notes: &mut Notes) {
        if self.allowing.iter().any(|(scope, _)| target.is_within(scope)) {
            return;
        }
        if !self.allowing.is_empty() {
            for (scope, place) in &self.allowing {
                let message = format!(
                    "Istio lets everything through to workloads that no ALLOW policy is for; here they need a good token, \
                     since no selector leaves out {scope}; `--workload` makes the configuration of one workload alone"
                );
                notes.add(&NARROWER, place, message);
            }
            return;
        }
        let rule = RuleOut {
            name: "everything".to_owned(),
            action: None,
            authentication: Some("OPTIONAL"),
            from: Vec::new(),
            to: Vec::new(),
            when: Vec::new(),
        };
        self.policies.push(PolicyOut {
            name: names.give(&["no-allow-policy".to_owned()]),
            selector: target.selector(target.scope()),
            default_action: None,
            mode: None,
            rules: vec![rule],
        });
    }
}

/// Returns what the rules of a policy do; `None` for one that is not imported.
fn effect(
    resource: &Resource<AuthorizationPolicySpec>,
    full_name: &str,
    is_kept: bool,
    notes: &mut Notes,
) -> Option<Effect> {
    let place = resource.spec_place();
    let action = resource.spec.action.unwrap_or_default();
    if resource.spec.provider.is_some() && action != ActionName::Custom {
        notes.add(
            &NOT_ISTIO,
            &place.key("provider"),
            "only a CUSTOM policy has a provider; take it away",
        );
    }
    let keep = |notes: &mut Notes| {
        let message = format!(
            "{full_name} stays with Istio: keep it applied, with the RequestAuthentication it reads"
        );
        notes.add(&LEFT_OUT, &resource.name_place(), message);
    };
    match action {
        ActionName::Audit => {
            let message = "AUDIT decides nothing; which requests leave a line is for `audit.log`";
            notes.add(&LEFT_OUT, &resource.name_place(), message);
            None
        }
        ActionName::Custom if is_kept || resource.is_dry_run => {
            keep(notes);
            None
        }
        ActionName::Custom => {
            let message = format!(
                "who decides for a CUSTOM policy is another program; keep the policy applied, and name it with `--keep \
                 {full_name}`"
            );
            notes.add(&NO_EQUAL, &resource.name_place(), message);
            None
        }
        ActionName::Deny if is_kept => {
            keep(notes);
            None
        }
        ActionName::Deny => {
            if resource.spec.rules.is_none() {
                notes.add(
                    &NOT_ISTIO,
                    &place,
                    "Istio refuses a DENY policy without rules; give it some",
                );
            }
            Some(Effect::Deny)
        }
        ActionName::Allow if is_kept => {
            let message = format!(
                "an ALLOW policy says together with all others what is allowed, so it can't stay alone; import {} too",
                quote(full_name)
            );
            notes.add(&NO_EQUAL, &resource.name_place(), message);
            None
        }
        ActionName::Allow => Some(Effect::Allow),
    }
}
