//! What a key has of several policies, as Tyk merges them.

use crate::scenario::{World, policy, session};
use attache_tyk_limits::target::Scope;
use serde_json::json;

fn checks(world: &World) -> Vec<(Scope, String)> {
    let targets = world.targets();
    targets.list[0].checks.iter().map(|check| (check.scope, check.limit.describe())).collect()
}

#[test]
fn the_highest_rate_of_several_policies_holds() {
    let world = World::of(8.0).with_policy("/low", policy("low", 4.0, 2.0));
    // 9 in 3 seconds are fewer a second than 8 in 2, though more in all.
    let world = world.with_policy("/wide", policy("wide", 9.0, 3.0));
    for order in [["low", "plan", "wide"], ["wide", "plan", "low"]] {
        let world = world.clone().with_session(session(&order));
        assert_eq!(checks(&world), [(Scope::Key, "8 per 2 s".to_owned())], "{order:?}");
    }
}

#[test]
fn the_keys_own_rate_gives_way_to_a_policy() {
    let own = json!({"org_id": "acme", "rate": 1000, "per": 1, "apply_policies": ["plan"]});
    assert_eq!(checks(&World::of(8.0).with_session(own)), [(Scope::Key, "8 per 2 s".to_owned())]);
}

#[test]
fn a_policy_of_rates_alone_is_for_what_others_open() {
    let world = World::of(8.0)
        .with_policy("/plan/partitions", json!({"acl": true}))
        .with_policy("/rates", policy("rates", 5.0, 2.0))
        .with_policy("/rates/partitions", json!({"rate_limit": true}));
    assert_eq!(
        checks(&world.with_session(session(&["plan", "rates"]))),
        [(Scope::Key, "5 per 2 s".to_owned())]
    );
}

#[test]
fn scopes_are_asked_in_order() {
    let endpoint =
        json!([{"path": "/list", "methods": [{"name": "GET", "limit": {"rate": 6, "per": 2}}]}]);
    let world = World::of(8.0)
        .with_policy("/plan/access_rights/orders/endpoints", endpoint)
        .with_definition("/global_rate_limit", json!({"rate": 9, "per": 2}));
    let targets = world.targets();
    let found = targets.list.iter().find(|target| target.path == "/orders/list").unwrap();
    let scopes: Vec<Scope> = found.checks.iter().map(|check| check.scope).collect();
    assert_eq!(scopes, [Scope::KeyEndpoint, Scope::Api]);
    assert_eq!(found.tightest().unwrap().limit.describe(), "6 per 2 s");
    let off = world.with_definition("/disable_rate_limit", json!(true)).targets();
    assert!(off.list.is_empty() && off.idle[0].reason.contains("`disable_rate_limit` is on"));
}

/// What was planned twice would be judged by the first one's answers.
#[test]
fn a_request_is_planned_once() {
    let limits = json!([
        {"path": "/list", "method": "GET", "rate": 5, "per": 2},
        {"path": "/x", "method": "POST", "rate": 5, "per": 2}
    ]);
    let limit = json!([{"name": "GET", "limit": {"rate": 6, "per": 2}}]);
    // Another pattern may come to the same path.
    let endpoints =
        json!([{"path": "/list", "methods": limit}, {"path": "^/list$", "methods": limit}]);
    let world = World::of(8.0)
        .with_policy("/plan/access_rights/orders/endpoints", endpoints)
        .with_definition(
            "/version_data/versions/Default/extended_paths",
            json!({"rate_limit": limits}),
        );
    let targets = world.targets();
    let requests: Vec<String> =
        targets.list.iter().map(|target| format!("{} {}", target.method, target.path)).collect();
    assert_eq!(requests, ["GET /orders/", "GET /orders/list", "POST /orders/x"]);
}

#[test]
fn an_endpoint_named_with_the_listen_path_is_told() {
    for (pattern, is_mistake) in [("/orders/list", true), ("/list", false), ("^/list$", false)] {
        let endpoint = json!([{"path": pattern, "methods": [{"name": "GET", "limit": {"rate": 6, "per": 2}}]}]);
        let world = World::of(8.0).with_policy("/plan/access_rights/orders/endpoints", endpoint);
        let idle = world.targets().idle;
        assert_eq!(idle.iter().any(|idle| idle.is_mistake), is_mistake, "{pattern}: {idle:?}");
    }
}
