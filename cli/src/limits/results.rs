//! What was found, for every form in which it is told.

use attache_tyk_limits::behaviour::Behaviour;
use attache_tyk_limits::envelope::Envelope;
use attache_tyk_limits::judge::{Judgement, Running};
use attache_tyk_limits::plan::Plan;
use attache_tyk_limits::target::Target;
use attache_tyk_limits::targets::Idle;

/// What was found of a target.
pub(super) struct Result {
    pub(super) target: Target,
    pub(super) plan: Plan,
    /// How each of its limits counts, and how many may pass by it.
    pub(super) envelopes: Vec<(Behaviour, Envelope)>,
    pub(super) notes: Vec<String>,
    /// Absent where nothing was sent.
    pub(super) judgement: Option<Judgement>,
    /// Why nothing was sent, where others were tried.
    pub(super) not_tried: Option<String>,
}

/// What was found of all.
pub(super) struct Results {
    pub(super) seed: u64,
    pub(super) gateways: usize,
    pub(super) list: Vec<Result>,
    pub(super) idle: Vec<Idle>,
}

impl Result {
    /// Returns whether it fares otherwise than it is written down, or was not tried where others
    /// were.
    pub(super) fn fails(&self) -> bool {
        self.not_tried.is_some()
            || self.judgement.as_ref().is_some_and(|judgement| !judgement.holds)
    }
}

impl Results {
    /// Returns whether anything fares otherwise than it is written down, or was not tried.
    pub(super) fn fail(&self) -> bool {
        self.list.iter().any(Result::fails) || self.idle.iter().any(|idle| idle.is_mistake)
    }
}

/// Returns what is running, in words.
pub(super) fn running(running: &Running) -> String {
    match running {
        Running::Expected(name, alike) if alike.is_empty() => name.clone(),
        Running::Expected(name, alike) => {
            format!("{name}; what was sent does not tell it from: {}", alike.join("; "))
        }
        Running::Other(names) => match names.as_slice() {
            [] => "nothing that is known".to_owned(),
            [name] => name.clone(),
            [name, other] => format!("{name}; or {other}"),
            [name, other, rest @ ..] => {
                format!("{name}; or {other}; or {} more that --json names", rest.len())
            }
        },
        Running::Untold => "not known, as no request came as far as a limit".to_owned(),
        Running::Unknown(nearest) => format!("nothing that is known; nearest is {nearest}"),
    }
}
