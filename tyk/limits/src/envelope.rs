//! How many requests may pass in a window: least and most.

use crate::behaviour::{Algorithm, Behaviour, to_float};
use crate::limit::Limit;
use crate::model::bucket::capacity;

/// What a limit promises, and what it lets through at worst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// The window, in seconds.
    pub window: f64,
    /// How many pass at least, of whoever was still and then asks for as many as the limit names.
    pub least: f64,
    /// How many pass at most in any window, however they are asked for.
    pub most: f64,
    /// How many pass in a window at most, of whoever asks for more without end, after the first.
    pub overload: f64,
}

impl Envelope {
    /// Returns the envelope of a limit; `is_spread` where requests come to all gateways in turn.
    #[must_use]
    pub fn of(limit: &Limit, behaviour: &Behaviour, is_spread: bool) -> Self {
        let gateways = behaviour.gateways.max(1);
        let copies = if behaviour.is_apart { to_float(gateways) } else { 1.0 };
        let whole = limit.whole_requests();
        match behaviour.algorithm {
            Algorithm::Bucket => {
                let gateways_each = if behaviour.is_apart { 1 } else { gateways };
                let each = capacity(limit, gateways_each);
                let all = each * to_float(gateways);
                let first = if is_spread { all } else { each };
                // The end of one window and the beginning of the next.
                Self { window: limit.whole_window(), least: first, most: all * 2.0, overload: all }
            }
            Algorithm::RedisLog => {
                let short = if behaviour.is_short { 1.0 } else { 0.0 };
                let least = limit
                    .smoothing
                    .filter(|_| behaviour.is_smoothed)
                    .map_or(whole, |smoothing| smoothing.threshold.min(whole));
                let most = (whole - short).max(0.0) * copies;
                Self {
                    window: limit.whole_window(),
                    least: (least - short).max(0.0),
                    most,
                    overload: if behaviour.is_smoothed { most } else { 0.0 },
                }
            }
            // What the mark does not see in its last half second has no bound but the caller's own
            // speed.
            Algorithm::Sentinel => Self {
                window: limit.whole_window(),
                least: whole,
                most: f64::INFINITY,
                overload: f64::INFINITY,
            },
            Algorithm::FixedWindow => {
                let all = whole * copies;
                Self { window: limit.per, least: whole, most: all * 2.0, overload: all }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_limit_has_many_envelopes() {
        let limit = Limit::new(9.0, 2.0);
        let of = |behaviour: Behaviour, is_spread| {
            let Envelope { least, most, overload, .. } =
                Envelope::of(&limit, &behaviour, is_spread);
            (least, most, overload)
        };
        assert_eq!(of(Behaviour::of(Algorithm::Bucket, 1), false), (9.0, 18.0, 9.0));
        assert_eq!(of(Behaviour::of(Algorithm::Bucket, 2), true), (8.0, 16.0, 8.0));
        assert_eq!(of(Behaviour::of(Algorithm::Bucket, 2), false), (4.0, 16.0, 8.0));
        assert_eq!(of(Behaviour::of(Algorithm::RedisLog, 2), true), (9.0, 9.0, 0.0));
        assert_eq!(of(Behaviour::of(Algorithm::FixedWindow, 2), true), (9.0, 18.0, 9.0));
        let short = Behaviour { is_short: true, ..Behaviour::of(Algorithm::RedisLog, 2) };
        assert_eq!(of(short, true), (8.0, 8.0, 0.0));
    }
}
