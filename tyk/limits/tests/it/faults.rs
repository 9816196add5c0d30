//! Gateways that do otherwise than is written down: each must be found.

use crate::scenario::{Meanwhile, Scenario, World, policy, session};
use serde_json::json;

/// A plugin in the place of Tyk's own authentication, which gives the session a new time of change
/// at each request.
const TOUCH: &str = r#"
var touch = new TykJS.TykMiddleware.NewMiddleware({});
var count = 0;
touch.NewProcessRequest(function(request, session) {
  count = count + 1;
  var own = {"rate": 8, "per": 2, "quota_max": -1, "last_updated": String(new Date().getTime()) + String(count),
    "access_rights": {}};
  return touch.ReturnAuthData(request, own);
});
"#;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let plain = || World::of(8.0);
    let conf = |key: &str| plain().with_conf(json!({ (key): true }));
    // A session that a gateway has read is good for ten seconds.
    let uncached = || {
        plain().with_conf(json!({"local_session_cache": {"disable_cached_session_state": true}}))
    };
    let two = |rate: f64| World::of(rate).with_gateways(2);
    let endpoint = |path: &str| {
        let limits =
            json!([{"path": path, "methods": [{"name": "GET", "limit": {"rate": 4, "per": 2}}]}]);
        World::of(8.0).with_policy("/plan/access_rights/orders/endpoints", limits)
    };
    let api_endpoint = |path: &str| {
        let limits = json!({"rate_limit": [{"path": path, "method": "GET", "rate": 4, "per": 2}]});
        World::of(200.0).with_definition("/version_data/versions/Default/extended_paths", limits)
    };
    let api = |rate: u32| {
        World::of(200.0).with_definition("/global_rate_limit", json!({"rate": rate, "per": 2}))
    };
    let touching = plain()
        .with_conf(json!({"enable_jsvm": true}))
        .with_definition(
            "/custom_middleware",
            json!({"driver": "otto", "auth_check": {"name": "touch", "path": "touch.js"}}),
        )
        .with_definition("/enable_coprocess_auth", json!(true))
        .with_definition("/custom_plugin_auth_enabled", json!(true))
        .with_definition("/use_standard_auth", json!(false));
    let smooth = json!({"enable_redis_rolling_limiter": true, "enable_rate_limit_smoothing": true});
    let smoothing = json!({"enabled": true, "threshold": 2, "trigger": 0.5, "step": 2, "delay": 4});
    let mut list = vec![
        // One is told and two share the bucket, of whom one is asked: half of it.
        Scenario {
            urls: 1,
            ..Scenario::fault(
                "two-where-one",
                World::of(30.0),
                two(30.0),
                "2 gateways have a part each, and 1 is asked",
            )
        },
        Scenario {
            urls: 1,
            ..Scenario::fault("two-where-one-log", plain(), two(8.0), "Redis log")
        },
        Scenario::fault("one-where-two", two(8.0), two(8.0), "each gateway"),
        Scenario::fault("sentinel", plain(), conf("enable_sentinel_rate_limiter"), "sentinel"),
        Scenario::fault("rolling", plain(), conf("enable_redis_rolling_limiter"), "Redis log"),
        Scenario::fault(
            "fixed-window",
            plain(),
            conf("enable_fixed_window_rate_limiter"),
            "fixed window",
        ),
        Scenario::fault(
            "smoothing",
            plain().with_policy("/plan/smoothing", smoothing.clone()),
            plain().with_policy("/plan/smoothing", smoothing).with_conf(smooth),
            "smoothing",
        ),
        Scenario::fault("touched", plain(), touching, "no limit"),
        Scenario {
            meanwhile: Meanwhile::KeyUpdates { is_quiet: false },
            ..Scenario::fault("key-updates", uncached(), uncached(), "new counts every second")
        },
        Scenario {
            meanwhile: Meanwhile::RedisEnds,
            ..Scenario::fault(
                "redis-away",
                conf("enable_redis_rolling_limiter"),
                conf("enable_redis_rolling_limiter"),
                "refused",
            )
        },
        Scenario {
            meanwhile: Meanwhile::RedisEnds,
            ..Scenario::fault(
                "redis-away-fixed",
                conf("enable_fixed_window_rate_limiter"),
                conf("enable_fixed_window_rate_limiter"),
                "failed",
            )
        },
        // Told for each key, and really for all callers together.
        Scenario::fault("wrong-scope", plain(), api(8), "all keys share one count"),
        Scenario::fault(
            "unstripped-key",
            endpoint("/orders/list"),
            endpoint("/orders/list"),
            "write `/list`",
        ),
        Scenario::fault(
            "unstripped-api",
            api_endpoint("/orders/list"),
            api_endpoint("/orders/list"),
            "write `/list`",
        ),
        Scenario::fault(
            "endpoint-not-there",
            endpoint("/list"),
            endpoint("/other"),
            "8 per 2 s in place of 4 per 2 s",
        ),
        Scenario::fault(
            "limits-off",
            plain(),
            plain().with_definition("/disable_rate_limit", json!(true)),
            "no limit",
        ),
        Scenario::fault(
            "another-policy",
            plain(),
            plain()
                .with_policy("/high", policy("high", 16.0, 2.0))
                .with_session(session(&["plan", "high"])),
            "twice the rate",
        ),
        Scenario::fault(
            "another-window",
            plain(),
            plain().with_policy("/plan/per", json!(4.0)),
            "twice the window",
        ),
        Scenario::fault(
            "threshold",
            two(8.0),
            two(8.0).with_conf(json!({"drl_threshold": 1})),
            "token bucket",
        ),
    ];
    for scenario in &mut list {
        scenario.name.insert_str(0, "fault-");
        if scenario.name == "fault-one-where-two" {
            scenario.is_apart = true;
        }
    }
    list
}

/// Returns the plugin that a definition names.
pub(crate) fn plugin() -> &'static str {
    TOUCH
}
