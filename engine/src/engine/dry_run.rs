//! A dry run: the document decides, and nothing is refused.

use super::Engine;
use super::evaluation::{Evaluation, ViewVerdict};
use crate::decision::{Decided, Shadow};
use crate::host::Workload;
use crate::policy;
use attache_plugin_config::DryRun;

/// Whether a document is a dry run for this workload.
pub(super) fn is_for(dry_run: &DryRun, workload: &Workload) -> bool {
    match dry_run {
        DryRun::Nowhere => false,
        DryRun::For(selectors) => selectors.iter().any(|selector| policy::selector_fits(selector, workload)),
        DryRun::Everywhere => true,
    }
}

impl Engine {
    /// Whether nothing is refused here, only counted and logged.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether anything is in SHADOW here: the document, a policy or a rule.
    pub fn has_shadow(&self) -> bool {
        self.dry_run || self.policies.has_shadow()
    }

    /// Lets a request go on that would be refused: as it came, but for identity headers that the client sent. Where its
    /// tokens are good they give it their identity, whatever else is wrong with it; else it has none.
    #[inline(never)]
    pub(super) fn let_go_on<'r>(&self, evaluation: &Evaluation<'_, 'r>, refused: ViewVerdict) -> Decided<'r> {
        let shadow = Shadow { cause: refused.cause, rule: refused.rule };
        let looked_at_tokens = !evaluation.preflight;
        if looked_at_tokens {
            evaluation.token_outcome();
        }
        let goes_on =
            ViewVerdict { cause: None, rule: None, looked_at_tokens, unverified: None, waits_for: None };
        self.carry_out(evaluation, goes_on, Some(shadow), None)
    }
}
