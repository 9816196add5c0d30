//! Who asks for what, and what the configuration of the demo answers.

use anyhow::Result;
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::{Tamper, TokenSpec, now};
use serde_json::json;

/// The tokens of the demo.
pub(crate) struct Tokens {
    pub alice: String,
    pub bob: String,
    pub carol: String,
    expired: String,
    altered: String,
}

/// One request.
pub(crate) struct Scene<'a> {
    pub who: &'static str,
    pub service: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    /// A token, or what passes itself off as one.
    pub bearer: Option<&'a str>,
    pub forged: &'static [(&'static str, &'static str)],
    /// The status that must come.
    pub status: u16,
    /// The reason that the answer, or the shadowed rule's verdict, must name.
    pub reason: Option<&'static str>,
}

impl Tokens {
    pub(crate) fn mint(key: &SigningKey) -> Result<Self> {
        let now = now();
        let of = |sub: &str, roles: &[&str]| {
            TokenSpec::with_claims(json!({
                "iss": "https://tyk.example.com", "sub": sub, "aud": "mesh", "org_id": "acme", "roles": roles,
                "jti": format!("{sub}-{now}"), "exp": now.saturating_add(8 * 3600),
            }))
        };
        let mut expired = of("alice", &["reader"]);
        expired.claims.insert("exp".into(), now.saturating_sub(3600).into());
        let mut altered = of("alice", &["reader"]);
        altered.tamper = vec![Tamper::Payload];
        Ok(Self {
            alice: of("alice", &["reader"]).mint_with(key, now)?,
            bob: of("bob", &["admin"]).mint_with(key, now)?,
            carol: of("carol", &["accountant"]).mint_with(key, now)?,
            expired: expired.mint_with(key, now)?,
            altered: altered.mint_with(key, now)?,
        })
    }
}

/// The requests in their order.
pub(crate) fn scenes(tokens: &Tokens) -> Vec<Scene<'_>> {
    let scene = |who, service, method, path, bearer, status, reason| Scene {
        who,
        service,
        method,
        path,
        bearer,
        forged: &[],
        status,
        reason,
    };
    let alice = Some(tokens.alice.as_str());
    vec![
        scene("anybody", "orders", "GET", "/healthz", None, 200, None),
        scene("anybody", "orders", "GET", "/orders/7", None, 401, Some("token-missing")),
        scene("alice, reader", "orders", "GET", "/orders/7", alice, 200, None),
        Scene {
            who: "alice, as root",
            forged: &[("x-user", "root"), ("X_Tenant", "globex"), ("x-roles", "admin")],
            ..scene("", "orders", "GET", "/orders/7", alice, 200, None)
        },
        scene("alice, reader", "orders", "POST", "/orders", alice, 403, Some("role-missing")),
        scene("bob, admin", "orders", "POST", "/orders", Some(tokens.bob.as_str()), 200, None),
        scene("alice, reader", "orders", "GET", "/users/alice/orders", alice, 200, None),
        scene(
            "alice, reader",
            "orders",
            "GET",
            "/users/bob/orders",
            alice,
            403,
            Some("no-rule-matched"),
        ),
        scene("alice, reader", "orders", "GET", "/orders%2F7", alice, 400, Some("path-ambiguous")),
        scene(
            "alice, too late",
            "orders",
            "GET",
            "/orders",
            Some(&tokens.expired),
            401,
            Some("token-expired"),
        ),
        scene(
            "alice, altered",
            "orders",
            "GET",
            "/orders",
            Some(&tokens.altered),
            401,
            Some("signature-invalid"),
        ),
        scene(
            "a Tyk key",
            "orders",
            "GET",
            "/orders",
            Some("5e9d9544a1dcd60001d0ed20"),
            401,
            Some("token-opaque"),
        ),
        scene("alice, reader", "billing", "GET", "/invoices", alice, 403, Some("role-missing")),
        scene(
            "carol, accountant",
            "billing",
            "POST",
            "/invoices",
            Some(&tokens.carol),
            200,
            Some("rule-denied"),
        ),
    ]
}
