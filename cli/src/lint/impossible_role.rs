//! A role that no token can bring.

use super::Subject;
use crate::finding::{Finding, Rule};
use attache_config_reader::{Severity, quote};
use attache_plugin_config::{Config, Role};
use std::collections::BTreeSet;

pub(super) static RULE: Rule = Rule {
    id: "impossible-role",
    summary: "A rule names a role that nobody can have: every issuer puts a prefix before its roles, and this has none of them.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let Some(prefixes) = prefixes(subject.config) else { return Vec::new() };
    let given = given(subject.config, &prefixes);
    let mut findings = Vec::new();
    for placed in subject.rules() {
        let roles = &placed.rule.roles;
        let at = placed.path().key("roles");
        for (key, list) in
            [("anyOf", &roles.any_of), ("allOf", &roles.all_of), ("noneOf", &roles.none_of)]
        {
            for (index, role) in list.iter().enumerate() {
                if can_have(role, &prefixes) || given.contains(role) {
                    continue;
                }
                let shown: Vec<String> = prefixes.iter().map(|prefix| quote(prefix)).collect();
                let message = format!(
                    "nobody can have the role {}: roles begin with {}, and `roleHierarchy` gives it to none of them; write \
                     it with its prefix",
                    quote(role),
                    shown.join(" or ")
                );
                findings.push(subject.finding(&RULE, at.clone().key(key).index(index), message));
            }
        }
    }
    findings
}

/// Returns what the roles of all issuers begin with; `None` where some have no prefix, and so any
/// name.
fn prefixes(config: &Config) -> Option<BTreeSet<&str>> {
    let claims = config.issuers.iter().flat_map(|issuer| &issuer.role_claims);
    let prefixes: BTreeSet<&str> = claims.map(|claim| claim.prefix.as_str()).collect();
    (!prefixes.is_empty() && !prefixes.contains("")).then_some(prefixes)
}

fn can_have(role: &Role, prefixes: &BTreeSet<&str>) -> bool {
    prefixes.iter().any(|prefix| role.starts_with(prefix))
}

/// Returns the roles that come with those that a token can bring.
fn given<'c>(config: &'c Config, prefixes: &BTreeSet<&str>) -> BTreeSet<&'c Role> {
    let brought = config.role_hierarchy.keys().filter(|role| can_have(role, prefixes));
    let mut open: Vec<&Role> = brought.collect();
    let mut given = BTreeSet::new();
    while let Some(role) = open.pop() {
        for included in config.role_hierarchy.get(role).into_iter().flatten() {
            if given.insert(included) {
                open.push(included);
            }
        }
    }
    given
}
