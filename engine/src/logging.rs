//! What a host logs of a decision: the names behind its numbers, and the claims of audit lines.

use crate::authenticated_token::AuthenticatedToken;
use crate::engine::Engine;
use crate::ids::IssuerIndex;
use crate::policy::{RuleIndex, RuleNames};
use attache_plugin_config::{Audit, ClaimPath, Name};
use serde_json::Value;

impl Engine {
    /// Returns the names of a rule; `None` where the index is of another configuration.
    pub fn rule(&self, index: RuleIndex) -> Option<RuleNames<'_>> {
        self.policies.rule(index)
    }

    /// Returns the name of an issuer.
    pub fn issuer(&self, index: IssuerIndex) -> Option<&Name> {
        self.issuers.name(index)
    }

    /// Returns which requests leave an audit line.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Returns the claims of a token that audit lines name, where it has them.
    pub fn audit_claims<'a>(
        &'a self,
        authenticated: &'a AuthenticatedToken,
    ) -> impl Iterator<Item = (&'a ClaimPath, &'a Value)> {
        let slots = self.claim_table.paths().iter().zip(authenticated.claims.iter());
        slots
            .filter(|(path, _)| self.audit.claims.contains(path))
            .filter_map(|(path, value)| Some((path, value.as_ref()?)))
    }
}
