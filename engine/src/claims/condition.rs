//! One demand on one claim.

use super::{Claims, Predicate, RequestValues};
use attache_plugin_config::{ClaimPath, Condition};

/// A [`Condition`] made ready.
#[derive(Clone, Debug)]
pub struct CompiledCondition {
    claim: ClaimPath,
    predicate: Predicate,
}

impl CompiledCondition {
    /// Makes a condition ready.
    pub fn compile(condition: &Condition) -> Self {
        Self { claim: condition.claim.clone(), predicate: Predicate::compile(&condition.test) }
    }

    /// Returns the claim.
    pub fn claim(&self) -> &ClaimPath {
        &self.claim
    }

    /// Returns what is asked of it.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Returns whether it holds of these claims.
    pub fn holds(&self, claims: &Claims, request: &dyn RequestValues) -> bool {
        self.predicate.holds(claims.get(&self.claim), |path| claims.get(path), request)
    }
}
