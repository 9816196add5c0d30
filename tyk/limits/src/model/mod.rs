//! Tyk's algorithms, played: which of the requests that come at these times pass.
//!
//! Times are seconds from the beginning of a run; the wall clock's at that moment is told where
//! windows go by it.

pub(crate) mod bucket;
pub(crate) mod fixed_window;
mod sentinel;
mod sliding_log;
mod smoothing;

use crate::behaviour::{Algorithm, Behaviour};
use crate::limit::Limit;
use bucket::Buckets;
use fixed_window::FixedWindow;
use sentinel::Sentinel;
use sliding_log::SlidingLog;

/// What lets requests of one count pass or not.
pub trait Limiter {
    /// Returns whether a request passes that comes at a time, not before the last one, to one of
    /// the gateways.
    fn admits(&mut self, at: f64, gateway: usize) -> bool;
}

/// What a play needs besides the limit.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The gateways' wall clock at the beginning, in seconds since 1970.
    pub wall: f64,
    /// For how many seconds after a request the sentinel's log is written.
    pub lag: f64,
    /// What decides whether an allowance can be changed behind an answer: it can't once the request
    /// has ended.
    pub chance: u64,
}

/// Makes what counts a limit in a way.
#[must_use]
pub fn limiter(limit: &Limit, behaviour: &Behaviour, scene: Scene) -> Box<dyn Limiter> {
    if behaviour.is_apart {
        let alone = Behaviour { gateways: 1, is_apart: false, ..*behaviour };
        let each = |_| limiter(limit, &alone, scene);
        return Box::new(Apart((0..behaviour.gateways.max(1)).map(each).collect()));
    }
    match behaviour.algorithm {
        Algorithm::Bucket => Box::new(Buckets::new(limit, behaviour.gateways)),
        Algorithm::RedisLog => Box::new(SlidingLog::new(limit, behaviour)),
        Algorithm::Sentinel => Box::new(Sentinel::new(limit, behaviour, scene)),
        Algorithm::FixedWindow => Box::new(FixedWindow::new(limit, scene.wall)),
    }
}

/// Gateways that know nothing of each other.
struct Apart(Vec<Box<dyn Limiter>>);

impl Limiter for Apart {
    fn admits(&mut self, at: f64, gateway: usize) -> bool {
        let count = self.0.len();
        let own = gateway.checked_rem(count).and_then(|index| self.0.get_mut(index));
        own.is_none_or(|limiter| limiter.admits(at, 0))
    }
}

#[cfg(test)]
mod tests;
