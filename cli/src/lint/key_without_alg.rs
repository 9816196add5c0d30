//! A key that could verify by several algorithms and says none.

use super::Subject;
use crate::finding::{Finding, Rule};
use attache_config_reader::{Path, Severity};
use attache_plugin_config::{Algorithm, KeySource};

pub(super) static RULE: Rule = Rule {
    id: "key-without-alg",
    summary: "A key could verify by several algorithms, and neither its `alg` nor the issuer's `algorithms` says by which.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let issuers = Path::default().key("issuers");
    let mut findings = Vec::new();
    for (index, issuer) in subject.config.issuers.iter().enumerate() {
        let KeySource::Inline(set) = &issuer.keys else { continue };
        let at = issuers.clone().index(index).key("jwks");
        let open = set.keys.iter().filter(|key| key.algorithms.iter().count() > 1);
        for key in open.filter(|_| !issuer.names_algorithms) {
            let served: Vec<&str> = key.algorithms.unnamed().iter().map(Algorithm::name).collect();
            let message = format!(
                "this key has no `alg`, so it verifies {} and nothing else; give it one, or name `algorithms: [{}]` for the \
                 issuer",
                served.join(", "),
                served.first().copied().unwrap_or("RS256")
            );
            findings.push(subject.finding(&RULE, at.clone().join(key.path.clone()), message));
        }
    }
    findings
}
