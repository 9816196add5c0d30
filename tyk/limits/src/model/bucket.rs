//! The bucket in each gateway's memory (`limitDRL`, `memorycache.Bucket`).

use super::Limiter;
use crate::behaviour::to_float;
use crate::limit::Limit;

/// What a request costs where there is one gateway.
const TOKEN: f64 = 100.0;

/// A bucket for each gateway.
pub(super) struct Buckets {
    /// How many requests each lets pass in a window.
    capacity: f64,
    window: f64,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    /// Before the first request, none.
    reset: Option<f64>,
}

impl Buckets {
    pub(super) fn new(limit: &Limit, gateways: usize) -> Self {
        let capacity = capacity(limit, gateways);
        let bucket = Bucket { left: capacity, reset: None };
        Self { capacity, window: limit.whole_window(), buckets: vec![bucket; gateways.max(1)] }
    }
}

/// Returns how many requests one of several gateways lets pass in a window: its part of the rate,
/// and one at least.
pub(crate) fn capacity(limit: &Limit, gateways: usize) -> f64 {
    let token = (TOKEN * to_float(gateways.max(1))).round();
    let cost = (limit.rate * TOKEN).trunc().max(token);
    (cost / token).floor()
}

impl Limiter for Buckets {
    fn admits(&mut self, at: f64, gateway: usize) -> bool {
        let count = self.buckets.len();
        let own = gateway.checked_rem(count).and_then(|index| self.buckets.get_mut(index));
        let Some(bucket) = own else { return true };
        // A window begins with the first request after the last one was over.
        if bucket.reset.is_none_or(|reset| at > reset) {
            *bucket = Bucket { left: self.capacity, reset: Some(at + self.window) };
        }
        if bucket.left < 1.0 {
            return false;
        }
        bucket.left -= 1.0;
        true
    }
}
