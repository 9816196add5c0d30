//! What of a gateway's own configuration (`tyk.conf`) decides how it counts.

use attache_config_reader::{Diagnostic, Path};
use attache_tyk_routes::Settings as Routing;
use attache_tyk_routes::fields::Fields;
use serde_json::Value;
use std::cell::RefCell;

/// What of a gateway's own configuration decides how it counts. The default is Tyk's.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `enable_fixed_window_rate_limiter`.
    pub has_fixed_window: bool,
    /// `enable_sentinel_rate_limiter`.
    pub has_sentinel: bool,
    /// `enable_redis_rolling_limiter`.
    pub has_redis_log: bool,
    /// `enable_rate_limit_smoothing`.
    pub has_smoothing: bool,
    /// `drl_enable_sentinel_rate_limiter`: of the Redis log that the bucket hands over to, one
    /// request less.
    pub has_drl_sentinel: bool,
    /// `drl_threshold`: requests a second and gateway above which the bucket counts though there
    /// are several; 5 for 0.
    pub drl_threshold: f64,
    /// How it matches paths.
    pub routing: Routing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            has_fixed_window: false,
            has_sentinel: false,
            has_redis_log: false,
            has_smoothing: false,
            has_drl_sentinel: false,
            drl_threshold: DRL_THRESHOLD,
            routing: Routing::default(),
        }
    }
}

/// Tyk's own `drl_threshold`.
const DRL_THRESHOLD: f64 = 5.0;

impl Settings {
    /// Reads a `tyk.conf`. Environment variables, which Tyk lets override it, are not looked at.
    ///
    /// # Errors
    /// Values of another type than Tyk takes.
    pub fn read(conf: &Value) -> Result<Self, Vec<Diagnostic>> {
        let problems = RefCell::default();
        let root = Path::default();
        let fields = Fields::new(conf, &root, &problems);
        let threshold = fields.number("drl_threshold");
        let settings = Self {
            has_fixed_window: fields.flag("enable_fixed_window_rate_limiter"),
            has_sentinel: fields.flag("enable_sentinel_rate_limiter"),
            has_redis_log: fields.flag("enable_redis_rolling_limiter"),
            has_smoothing: fields.flag("enable_rate_limit_smoothing"),
            has_drl_sentinel: fields.flag("drl_enable_sentinel_rate_limiter"),
            drl_threshold: if threshold == 0.0 { DRL_THRESHOLD } else { threshold },
            routing: Routing::read(conf)?,
        };
        let problems = problems.into_inner();
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}
