//! What a rule of an AuthorizationPolicy is read against.

use super::source::Meaning;
use super::trust::TrustDomains;

/// What a rule is read against.
pub(super) struct RuleContext<'c> {
    /// What `iss` may be in the workloads that the configuration is for.
    pub(super) issuers: &'c [String],
    /// The claims that Envoy splits at spaces where they are texts.
    pub(super) split_claims: &'c [String],
    pub(super) trust_domains: &'c TrustDomains,
    /// The namespace of the policy.
    pub(super) namespace: &'c str,
}

impl RuleContext<'_> {
    /// Returns what the values of sources are read against.
    pub(super) const fn meaning(&self) -> Meaning<'_> {
        Meaning { namespace: self.namespace, trust_domains: self.trust_domains }
    }
}
