//! A rate that grows with demand (`rate.Smoothing`).

use crate::limit::Smoothing;

/// What each gateway allows at the moment: they keep it in memory once they have read it.
pub(super) struct Allowances {
    smoothing: Smoothing,
    gateways: Vec<Option<Allowance>>,
}

#[derive(Clone, Copy)]
struct Allowance {
    current: f64,
    /// When it may change again.
    next: f64,
}

impl Allowances {
    pub(super) fn new(smoothing: Smoothing, gateways: usize) -> Self {
        Self { smoothing, gateways: vec![None; gateways.max(1)] }
    }

    /// Returns what is allowed to a request that finds `count` others in the log. One that is late
    /// changes nothing.
    pub(super) fn current(
        &mut self,
        at: f64,
        gateway: usize,
        count: f64,
        rate: f64,
        is_late: bool,
    ) -> f64 {
        let Smoothing { threshold, trigger, step, delay } = self.smoothing;
        let slots = self.gateways.len();
        let own = gateway.checked_rem(slots).and_then(|index| self.gateways.get_mut(index));
        let Some(slot) = own else { return rate };
        let next = at + delay;
        if is_late {
            return slot.map_or(rate, |known| known.current);
        }
        let Some(known) = *slot else {
            *slot = Some(Allowance { current: threshold, next });
            return threshold;
        };
        if at <= known.next {
            return known.current;
        }
        let up = (known.current + step).min(rate);
        let down = known.current - step;
        let changed = if count >= known.current - trigger * step {
            up
        } else if count <= down - trigger * step {
            down.max(threshold)
        } else {
            known.current
        };
        if changed != known.current {
            *slot = Some(Allowance { current: changed, next });
        }
        changed
    }
}
