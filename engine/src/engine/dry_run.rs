//! A dry run: the document decides, and nothing is refused.

use super::Engine;
use super::judge::{Judge, Judged};
use crate::decision::{Decision, Shadow};
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
    pub(super) fn let_go_on(&self, judge: &Judge<'_>, refused: Judged) -> Decision {
        let shadow = Shadow { cause: refused.cause, rule: refused.rule };
        let looked_at_tokens = !judge.preflight;
        if looked_at_tokens {
            judge.tokens();
        }
        let goes_on = Judged { cause: None, rule: None, looked_at_tokens, unverified: None, waits_for: None };
        self.carry_out(judge, goes_on, Some(shadow), None)
    }
}
