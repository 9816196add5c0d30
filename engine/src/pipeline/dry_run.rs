//! A dry run: the document decides, and nothing is refused.

use super::Evaluation;
use super::authorize::ViewVerdict;
use crate::decision::{Decided, Shadow};
use crate::engine::Engine;

impl Engine {
    /// Lets a request go on that would be refused: as it came, but for identity headers that the
    /// client sent. Where its tokens are good they give it their identity, whatever else is wrong
    /// with it; else it has none.
    #[inline(never)]
    pub(super) fn let_go_on<'r>(
        &self,
        evaluation: &Evaluation<'_, 'r>,
        refused: ViewVerdict,
    ) -> Decided<'r> {
        let shadow = Shadow { cause: refused.cause, rule: refused.rule };
        let looked_at_tokens = !evaluation.preflight;
        if looked_at_tokens {
            evaluation.token_outcome();
        }
        let goes_on = ViewVerdict {
            cause: None,
            rule: None,
            looked_at_tokens,
            unverified: None,
            waits_for: None,
        };
        self.carry_out(evaluation, goes_on, Some(shadow), None)
    }
}
