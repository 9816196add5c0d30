//! What becomes of a request of which not everything is known.

use super::Need;
use attache_engine::Reason;
use attache_engine::policy::RuleIndex;
use std::collections::BTreeSet;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// It goes on.
    Allowed { rule: Option<RuleIndex> },
    /// It is refused.
    Refused { says: Says, rule: Option<RuleIndex> },
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Says {
    /// For this reason.
    Reason(Reason),
    /// Its token is bad, as it was.
    BadToken,
    /// For one of several reasons: which, the log does not tell.
    OneOfSeveral,
}

/// What becomes of a request of which not everything is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// This, whatever the rest may be.
    Known(Outcome),
    /// It depends on these.
    Unknown(BTreeSet<Need>),
}

impl Outcome {
    pub(crate) fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    pub(super) fn refused(reason: Reason, rule: Option<RuleIndex>) -> Self {
        Self::Refused { says: Says::Reason(reason), rule }
    }

    pub(super) fn is_denial(self) -> bool {
        matches!(self, Self::Refused { says: Says::Reason(Reason::RuleDenied), .. })
    }
}

/// Returns the one thing that all outcomes say; `None` where some go on and some do not.
pub(super) fn one_of(outcomes: &[Outcome]) -> Option<Outcome> {
    let first = *outcomes.first()?;
    if outcomes.iter().any(|outcome| outcome.is_allowed() != first.is_allowed()) {
        return None;
    }
    if outcomes.iter().all(|outcome| *outcome == first) {
        return Some(first);
    }
    let rule_of = |outcome: &Outcome| match outcome {
        Outcome::Allowed { rule } | Outcome::Refused { rule, .. } => *rule,
    };
    let rule = rule_of(&first)
        .filter(|rule| outcomes.iter().all(|outcome| rule_of(outcome) == Some(*rule)));
    Some(match first {
        Outcome::Allowed { .. } => Outcome::Allowed { rule },
        Outcome::Refused { .. } => Outcome::Refused { says: Says::OneOfSeveral, rule },
    })
}
