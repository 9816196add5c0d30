//! Which of Tyk's algorithms counts for a limit.

use crate::limit::Limit;
use crate::settings::Settings;
use std::fmt;

/// One of Tyk's ways of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// A bucket in each gateway's memory, full again when its window is over: the distributed rate
    /// limiter, Tyk's default.
    Bucket,
    /// A log of every request in Redis, of those too that were refused.
    RedisLog,
    /// A mark in Redis that refuses everything for a whole window, set by the log after the answer.
    Sentinel,
    /// A counter in Redis for each window of the clock.
    FixedWindow,
}

/// How a limit is counted by a number of gateways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// How many gateways share the limit.
    pub gateways: usize,
    /// Whether what they share is not shared: each counts alone.
    pub is_apart: bool,
    /// Whether the rate grows with demand, where the limit says how.
    pub is_smoothed: bool,
    /// Whether the log lets one less pass (`drl_enable_sentinel_rate_limiter`).
    pub is_short: bool,
}

impl Behaviour {
    /// Makes the behaviour of an algorithm as it is by default.
    #[must_use]
    pub const fn of(algorithm: Algorithm, gateways: usize) -> Self {
        Self { algorithm, gateways, is_apart: false, is_smoothed: false, is_short: false }
    }

    /// Returns how gateways of these settings count a limit.
    ///
    /// The bucket decides where there is one gateway, or where the limit is above the threshold for
    /// each of several; else the Redis log does (`SessionLimiter.newRateLimitChecker`).
    #[must_use]
    pub fn chosen(limit: &Limit, settings: &Settings, gateways: usize) -> Self {
        let is_busy = limit.per <= 0.0
            || to_float(gateways) * settings.drl_threshold < limit.rate / limit.per;
        let algorithm = if settings.has_fixed_window {
            Algorithm::FixedWindow
        } else if settings.has_sentinel {
            Algorithm::Sentinel
        } else if settings.has_redis_log {
            Algorithm::RedisLog
        } else if gateways <= 1 || is_busy {
            Algorithm::Bucket
        } else {
            Algorithm::RedisLog
        };
        let is_logged = matches!(algorithm, Algorithm::RedisLog | Algorithm::Sentinel);
        Self {
            algorithm,
            gateways,
            is_apart: false,
            is_smoothed: is_logged && settings.has_smoothing && limit.smoothing.is_some(),
            is_short: algorithm == Algorithm::RedisLog && settings.has_drl_sentinel,
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.algorithm {
            Algorithm::Bucket => "token bucket in memory",
            Algorithm::RedisLog => "Redis log",
            Algorithm::Sentinel => "sentinel",
            Algorithm::FixedWindow => "fixed window",
        })?;
        if self.is_smoothed {
            f.write_str(" with smoothing")?;
        }
        if self.is_short {
            f.write_str(", one less")?;
        }
        match self.gateways {
            0 | 1 => Ok(()),
            count if self.is_apart => write!(f, ", each of {count} gateways alone"),
            count => write!(f, ", {count} gateways"),
        }
    }
}

/// Returns a small count as a number to reckon with.
#[must_use]
pub fn to_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
