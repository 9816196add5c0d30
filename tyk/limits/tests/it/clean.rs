//! Gateways that do as is written down: none may be called faulty.

use crate::scenario::{Meanwhile, Scenario, World, policy, session};
use serde_json::{Value, json};

fn smoothing() -> Value {
    json!({"enabled": true, "threshold": 4, "trigger": 0.5, "step": 4, "delay": 2})
}

/// The limit of an endpoint for all callers.
fn api_endpoint(world: World, rate: u32) -> World {
    let limits =
        json!({"rate_limit": [{"path": "/list", "method": "GET", "rate": rate, "per": 2}]});
    world.with_definition("/version_data/versions/Default/extended_paths", limits)
}

/// The limit of an endpoint for each key.
fn key_endpoint(world: World, rate: u32) -> World {
    let limits =
        json!([{"path": "/list", "methods": [{"name": "GET", "limit": {"rate": rate, "per": 2}}]}]);
    world.with_policy("/plan/access_rights/orders/endpoints", limits)
}

/// The limit of an endpoint for all callers, written in other letters than requests have.
fn in_capitals(world: World) -> World {
    let path = "/version_data/versions/Default/extended_paths/rate_limit/0/path";
    world.with_definition(path, json!("/LIST"))
}

/// The limit of an endpoint for each key, written in other letters than requests have.
fn key_in_capitals(world: World, rate: u32) -> World {
    let path = "/plan/access_rights/orders/endpoints/0/path";
    key_endpoint(world, rate).with_policy(path, json!("/LIST"))
}

fn api_limit(world: World, rate: u32) -> World {
    world.with_definition("/global_rate_limit", json!({"rate": rate, "per": 2}))
}

fn api_off(world: World) -> World {
    let limits = json!({"rate_limit": [{"path": "/other", "method": "GET", "rate": 4, "per": 2}]});
    let world = world.with_definition("/version_data/versions/Default/extended_paths", limits);
    world.with_definition("/global_rate_limit", json!({"rate": 8, "per": 2, "disabled": true}))
}

/// The same API as an OAS definition, with a limit of its own and a lower one for an endpoint.
fn oas() -> Value {
    json!({
        "openapi": "3.0.3", "info": {"title": "orders", "version": "1"},
        "paths": {"/list": {"get": {"operationId": "list", "responses": {"200": {"description": "fine"}}}}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}},
        "security": [{"key": []}],
        "x-tyk-api-gateway": {
            "info": {"id": "orders", "name": "orders", "orgId": "acme", "state": {"active": true}},
            "server": {"listenPath": {"value": "/orders/", "strip": true},
                "authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true}}}},
            "upstream": {"url": "http://127.0.0.1:1/", "rateLimit": {"enabled": true, "rate": 9, "per": "2s"}},
            "middleware": {"operations": {"list": {"rateLimit": {"enabled": true, "rate": 6, "per": "2s"}}}}
        }
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let rolling = json!({"enable_redis_rolling_limiter": true});
    let sentinel = json!({"enable_sentinel_rate_limiter": true});
    let fixed = json!({"enable_fixed_window_rate_limiter": true});
    let caseless = json!({"ignore_endpoint_case": true});
    let per_api = |world: World| {
        world.with_policy("/plan/partitions", json!({"per_api": true})).with_policy(
            "/plan/access_rights/orders/limit",
            json!({"rate": 6, "per": 2, "quota_max": -1}),
        )
    };
    let two_policies = |world: World| {
        let world = world.with_policy("/low", policy("low", 4.0, 2.0));
        world.with_session(session(&["low", "plan"]))
    };
    let own = json!({"org_id": "acme", "rate": 8, "per": 2, "quota_max": -1, "access_rights":
        {"orders": {"api_id": "orders", "api_name": "orders", "versions": ["Default"]}}});
    let smooth = json!({"enable_redis_rolling_limiter": true, "enable_rate_limit_smoothing": true});
    let smooth_sentinel =
        json!({"enable_sentinel_rate_limiter": true, "enable_rate_limit_smoothing": true});
    let many = |rate: f64| World::of(rate).with_gateways(2);
    let conf = |conf: &Value| World::of(8.0).with_conf(conf.clone());
    let mut list: Vec<(&str, World)> = vec![
        ("bucket", World::of(8.0)),
        ("bucket-odd", World::of(7.0)),
        ("bucket-one", World::of(1.0)),
        ("bucket-large", World::of(60.0)),
        ("bucket-two", many(30.0)),
        ("bucket-two-odd", many(31.0)),
        ("bucket-threshold", many(8.0).with_conf(json!({"drl_threshold": 1}))),
        ("log-two", many(8.0)),
        ("log-two-edge", many(20.0)),
        ("log-two-short", many(8.0).with_conf(json!({"drl_enable_sentinel_rate_limiter": true}))),
        ("rolling", conf(&rolling)),
        ("rolling-two", conf(&rolling).with_gateways(2)),
        ("rolling-large", World::of(60.0).with_conf(rolling.clone())),
        ("sentinel", conf(&sentinel)),
        ("sentinel-two", conf(&sentinel).with_gateways(2)),
        ("fixed", conf(&fixed)),
        ("fixed-two", conf(&fixed).with_gateways(2)),
        ("smoothing", conf(&smooth).with_policy("/plan/smoothing", smoothing())),
        ("smoothing-sentinel", conf(&smooth_sentinel).with_policy("/plan/smoothing", smoothing())),
        ("api", api_limit(World::of(200.0), 8)),
        ("api-two", api_limit(many(200.0), 8)),
        ("api-and-key", api_limit(World::of(8.0), 10)),
        // Tyk takes the API's own limit though it is switched off, since an endpoint has one.
        ("api-off", api_off(World::of(200.0))),
        ("api-endpoint", api_endpoint(World::of(200.0), 6)),
        ("api-endpoint-rolling", api_endpoint(World::of(200.0), 6).with_conf(rolling.clone())),
        // Letter case does not count where the gateway says so, for endpoints of an API alone.
        ("letter-case", in_capitals(api_endpoint(World::of(200.0), 6)).with_conf(caseless.clone())),
        (
            "letter-case-version",
            in_capitals(api_endpoint(World::of(8.0), 4)).with_definition(
                "/version_data/versions/Default/ignore_endpoint_case",
                json!(true),
            ),
        ),
        ("letter-case-key", key_in_capitals(World::of(8.0), 4).with_conf(caseless.clone())),
        ("key-endpoint", key_endpoint(World::of(20.0), 6)),
        ("key-endpoint-two", key_endpoint(many(20.0), 6)),
        ("per-api", per_api(World::of(20.0))),
        ("two-policies", two_policies(World::of(8.0))),
        ("own-limit", World::of(8.0).with_session(own)),
        ("rates-told", conf(&json!({"rate_limit_response_headers": "rate_limits"}))),
    ];
    let mut scenarios: Vec<Scenario> =
        list.drain(..).map(|(name, world)| Scenario::clean(name, world)).collect();
    for (name, path) in [("oas", "/orders/other"), ("oas-endpoint", "/orders/list")] {
        let world = World { definition: oas(), ..World::of(200.0) };
        scenarios.push(Scenario { path, ..Scenario::clean(name, world) });
    }
    scenarios.extend(with_issuer());
    scenarios
}

/// The issuer mints a token for each request, and leaves sessions alone: of which no bucket notices
/// anything, even while keys are written.
fn with_issuer() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (name, world, is_updated) in [
        ("issuer", World::of(8.0), false),
        ("issuer-two", World::of(30.0).with_gateways(2), false),
        ("issuer-two-log", World::of(8.0).with_gateways(2), false),
        ("issuer-updates", World::of(8.0), true),
        ("issuer-two-updates", World::of(30.0).with_gateways(2), true),
    ] {
        let hook =
            json!({"driver": "grpc", "post": [{"name": "AttacheIssue", "raw_body_only": true}]});
        // Each request reads the session anew.
        let uncached = json!({"local_session_cache": {"disable_cached_session_state": true}});
        let world = world.with_definition("/custom_middleware", hook).with_conf(uncached);
        let scenario = Scenario::clean(name, world);
        let meanwhile =
            if is_updated { Meanwhile::KeyUpdates { is_quiet: true } } else { Meanwhile::Nothing };
        scenarios.push(Scenario { has_issuer: true, meanwhile, ..scenario });
    }
    scenarios
}
