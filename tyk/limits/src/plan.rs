//! What to send: a few steps for each target, of which each shows another side of a limit.

use crate::behaviour::to_float;
use crate::limit::Limit;
use crate::model::fixed_window::phase;
use crate::target::Target;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// A step's kind, in the order in which they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Four fifths of what is allowed, evenly over a window: all must pass.
    Below,
    /// As much as is allowed, evenly over a window.
    At,
    /// Half as much again as is allowed, at once.
    Burst,
    /// Another key, while the first has used up its own.
    Second,
    /// Half as much again as is allowed, without end: two and a half windows.
    Over,
    /// Slow requests after that: when do they pass again?
    Recovery,
}

impl Kind {
    /// Returns the name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::At => "at",
            Self::Burst => "burst",
            Self::Second => "second key",
            Self::Over => "over",
            Self::Recovery => "recovery",
        }
    }

    /// Returns whether it lasts for several windows, so that one request more or less may be on
    /// either side of a border.
    #[must_use]
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Over | Self::Recovery)
    }
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its kind.
    pub kind: Kind,
    /// How many requests it needs, and sends: none is sent a second time.
    pub requests: usize,
    /// Seconds from one to the next.
    pub spacing: f64,
    /// Seconds without a request before it.
    pub rest: f64,
}

impl Step {
    /// Returns how long it takes, with the rest before it.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.rest + to_float(self.requests) * self.spacing
    }
}

/// How much may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Requests, all together.
    pub requests: usize,
    /// Seconds, all together.
    pub seconds: f64,
}

impl Bounds {
    /// Returns what is left after a plan.
    #[must_use]
    pub fn less(self, plan: &Plan) -> Self {
        Self {
            requests: self.requests.saturating_sub(plan.requests()),
            seconds: self.seconds - plan.seconds(),
        }
    }
}

/// What is sent for one target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// The longest window of the target's limits.
    pub window: f64,
    /// Steps that are left out, and why.
    pub left_out: Vec<String>,
}

/// A request to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// Of which kind of step.
    pub kind: Kind,
    /// When, in seconds from the beginning of the run.
    pub at: f64,
    /// To which of the URLs.
    pub gateway: usize,
    /// With which of the keys.
    pub key: usize,
}

/// What is given up first where not all of it may be sent; a step that needs another goes with it.
const DISPENSABLE: [&[Kind]; 4] =
    [&[Kind::Below], &[Kind::Over, Kind::Recovery], &[Kind::At], &[Kind::Second]];

impl Plan {
    /// Makes the plan for a target.
    #[must_use]
    pub fn of(target: &Target, has_second_key: bool, bounds: Bounds) -> Self {
        let Some(check) = target.tightest().filter(|_| target.obstacle.is_none()) else {
            return Self::default();
        };
        let windows = target.checks.iter().map(|check| check.limit.per.max(1.0));
        let window = windows.fold(1.0, f64::max);
        let mut plan = Self { steps: steps(&check.limit, window), window, left_out: Vec::new() };
        if !has_second_key || target.key_header.is_none() {
            plan.steps.retain(|step| step.kind != Kind::Second);
        }
        for kinds in DISPENSABLE {
            let Some(reason) = plan.excess(target, bounds) else { return plan };
            plan.leave_out(kinds, &reason);
        }
        if let Some(reason) = plan.excess(target, bounds) {
            plan.leave_out(&[Kind::Burst], &reason);
        }
        plan
    }

    fn leave_out(&mut self, kinds: &[Kind], reason: &str) {
        for kind in kinds {
            if self.steps.iter().any(|step| step.kind == *kind) {
                self.left_out.push(format!("{}: {reason}", kind.name()));
                self.steps.retain(|step| step.kind != *kind);
            }
        }
    }

    /// Returns what it is too much for.
    fn excess(&self, target: &Target, bounds: Bounds) -> Option<String> {
        let of_first = self.steps.iter().filter(|step| step.kind != Kind::Second);
        let of_first: usize = of_first.map(|step| step.requests).sum();
        if self.requests() > bounds.requests {
            return Some(format!(
                "needs {} requests, and {} may be sent",
                self.requests(),
                bounds.requests
            ));
        }
        if self.seconds() > bounds.seconds {
            return Some(format!(
                "needs {:.0} s, and there are {:.0}",
                self.seconds(),
                bounds.seconds.max(0.0)
            ));
        }
        let is_metered = target.quota.max > 0.0 && to_float(of_first) > target.quota.max;
        is_metered.then(|| {
            format!("{of_first} requests are more than the key's quota of {}", target.quota.max)
        })
    }

    /// Returns how many requests are sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.steps.iter().map(|step| step.requests).sum()
    }

    /// Returns how long it takes at most, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        // A step that waits for the middle of a window waits for up to a window more.
        let waits = self.steps.iter().filter(|step| step.kind == Kind::Over).map(|_| self.window);
        self.steps.iter().map(Step::seconds).sum::<f64>() + waits.sum::<f64>()
    }

    /// Returns each request with its time. `from` is when the run is, in seconds from its
    /// beginning, and `wall` the clock's time at that beginning.
    #[must_use]
    pub fn schedule(&self, from: f64, wall: f64, gateways: usize, rng: &mut Rng) -> Vec<Due> {
        let mut list: Vec<Due> = Vec::new();
        let mut start = from;
        for step in &self.steps {
            start += step.rest;
            if step.kind == Kind::Over {
                start += to_middle(wall + start, self.window);
            }
            for index in 0..step.requests {
                let jitter = (rng.f64() - 0.5) * step.spacing * JITTER;
                let at =
                    start + to_float(index) * step.spacing + if index == 0 { 0.0 } else { jitter };
                let gateway = list.len().checked_rem(gateways).unwrap_or(0);
                list.push(Due {
                    kind: step.kind,
                    at,
                    gateway,
                    key: usize::from(step.kind == Kind::Second),
                });
            }
            start += to_float(step.requests) * step.spacing;
        }
        list
    }
}

/// By which part of their distance requests may be off.
const JITTER: f64 = 0.2;

/// Returns the seconds to the middle of a window of the clock: only there do windows of the clock
/// and of the first request differ for sure.
fn to_middle(wall: f64, window: f64) -> f64 {
    (window / 2.0 - phase(wall, window)).rem_euclid(window)
}

fn steps(limit: &Limit, longest: f64) -> Vec<Step> {
    let window = limit.per.max(1.0);
    let rate = limit.whole_requests().max(1.0);
    // A little more than a window, since a border counts for either.
    let rest = longest + (longest / 20.0).max(0.2);
    let over = window / (rate * 1.5);
    let slow = (window * 2.0 / rate).max(window / 8.0);
    let burst = (rate * 1.5).ceil();
    let quick = (window / 4.0 / burst).min(QUICK);
    let second = (rate / 2.0).ceil();
    vec![
        Step {
            kind: Kind::Below,
            requests: count(rate * 0.8),
            spacing: window / (rate * 0.8).floor().max(1.0),
            rest,
        },
        Step { kind: Kind::At, requests: count(rate), spacing: window / rate, rest },
        Step { kind: Kind::Burst, requests: count(burst), spacing: quick, rest },
        Step { kind: Kind::Second, requests: count(second), spacing: quick, rest: 0.0 },
        Step {
            kind: Kind::Over,
            requests: count((window * 2.5 / over).ceil()),
            spacing: over,
            rest,
        },
        Step {
            kind: Kind::Recovery,
            requests: count((window * 1.5 / slow).ceil() + 1.0),
            spacing: slow,
            rest: slow,
        },
    ]
}

/// Seconds between the requests of a burst.
const QUICK: f64 = 0.01;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the range of a count"
)]
fn count(number: f64) -> usize {
    number.clamp(1.0, 1e9) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Check, Scope};

    fn target(rate: f64, per: f64) -> Target {
        Target {
            api: "orders".to_owned(),
            method: "GET".to_owned(),
            path: "/orders/".to_owned(),
            key_header: Some("X-Api-Key".to_owned()),
            checks: vec![Check {
                scope: Scope::Key,
                limit: Limit::new(rate, per),
                origin: String::new(),
            }],
            quota: crate::grant::Quota::default(),
            others: Vec::new(),
            obstacle: None,
        }
    }

    const WIDE: Bounds = Bounds { requests: 100_000, seconds: 3600.0 };

    #[test]
    fn a_plan_keeps_its_bounds_and_says_what_it_leaves_out() {
        let all = Plan::of(&target(10.0, 2.0), true, WIDE);
        assert_eq!((all.steps.len(), all.left_out.len()), (6, 0));
        assert!(
            all.requests() == 8 + 10 + 15 + 5 + 38 + 9 || all.requests() == 84,
            "{}",
            all.requests()
        );
        let short = Plan::of(&target(10.0, 2.0), true, Bounds { requests: 20, ..WIDE });
        assert_eq!(
            short.steps.iter().map(|step| step.kind).collect::<Vec<_>>(),
            [Kind::Burst, Kind::Second]
        );
        assert_eq!(short.left_out.len(), 4, "{:?}", short.left_out);
        let none = Plan::of(&target(10.0, 3600.0), true, Bounds { seconds: 600.0, ..WIDE });
        assert!(
            none.steps.is_empty()
                && none.left_out.iter().any(|reason| reason.starts_with("burst: needs"))
        );
        let mut metered = target(10.0, 2.0);
        metered.quota.max = 30.0;
        let plan = Plan::of(&metered, false, WIDE);
        assert!(
            plan.requests() <= 30
                && plan.left_out.iter().any(|reason| reason.contains("quota of 30"))
        );
    }

    #[test]
    fn a_seed_gives_the_same_schedule_again() {
        let plan = Plan::of(&target(10.0, 2.0), true, WIDE);
        let schedule = |seed| plan.schedule(1.0, 1_700_000_000.3, 2, &mut Rng::with_seed(seed));
        assert_eq!(schedule(7), schedule(7));
        assert_ne!(schedule(7), schedule(8));
        let list = schedule(7);
        assert_eq!(list.len(), plan.requests());
        assert!(list.windows(2).all(|pair| pair[0].at <= pair[1].at), "in the order of time");
        let over = list.iter().find(|due| due.kind == Kind::Over).unwrap();
        assert!(
            (phase(1_700_000_000.3 + over.at, 2.0) - 1.0).abs() < 1e-3,
            "in the middle of a window"
        );
    }
}
