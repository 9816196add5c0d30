//! What an explanation comes to for whoever reads its steps.

use attache_engine::policy::{RuleIndex, Verdict};
use attache_engine::{Explanation, Reason, TokenTrace};
use attache_plugin_config::Authentication;

/// Why a request is refused, if it is, and by which rule.
pub type Conclusion = (Option<Reason>, Option<RuleIndex>);

/// Returns what the steps of an explanation come to; `None` where keys are missing, which steps do
/// not tell the end of.
pub fn concluded(explanation: &Explanation<'_>) -> Option<Conclusion> {
    if let Some(flaw) = explanation.flaw {
        return Some((Some(flaw), None));
    }
    match &explanation.token {
        TokenTrace::Rejected(cause) => return Some((Some(cause.reason), None)),
        TokenTrace::KeysPending(_) => return None,
        TokenTrace::Missing if explanation.authentication == Authentication::Required => {
            return Some((Some(Reason::TokenMissing), None));
        }
        TokenTrace::NotLookedAt | TokenTrace::Missing | TokenTrace::Good(_) => {}
    }
    let said = agreed(explanation);
    Some(match (&explanation.token, said) {
        // A preflight request asks for nothing yet: only a DENY rule can refuse it.
        (_, (Some(reason), _)) if explanation.is_preflight && reason != Reason::RuleDenied => {
            (None, None)
        }
        (TokenTrace::Good(token), (None, rule)) => {
            (token.headers.as_ref().err().map(|cause| cause.reason), rule)
        }
        (_, said) => said,
    })
}

/// Returns what the readings come to together.
fn agreed(explanation: &Explanation<'_>) -> Conclusion {
    let said: Vec<Conclusion> =
        explanation.readings.iter().map(|reading| verdict(reading.policies.verdict)).collect();
    let is_denied = |said: &&Conclusion| said.0 == Some(Reason::RuleDenied);
    if let Some(denied) = said.iter().find(is_denied) {
        return *denied;
    }
    let first = said[0];
    let differs = explanation
        .readings
        .iter()
        .zip(&said)
        .find(|(_, said)| said.0.is_some() != first.0.is_some());
    differs.map_or(first, |(reading, _)| (reading.differs, None))
}

fn verdict(verdict: Verdict) -> Conclusion {
    match verdict {
        Verdict::Allow { rule } => (None, rule),
        Verdict::Deny { reason, rule } => (Some(reason), rule),
    }
}
