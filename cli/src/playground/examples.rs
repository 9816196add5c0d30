//! What the page lets choose from: configurations of `plugin-config/examples`, each with a request.

use serde_json::{Map, Value, json};

struct Example {
    title: &'static str,
    configuration: &'static str,
    /// What the other fields say.
    fields: &'static [(&'static str, &'static str)],
}

/// The first is what the page begins with.
const EXAMPLES: [Example; 6] = [
    Example {
        title: "Roles: a writer reads an order",
        configuration: include_str!("../../../plugin-config/examples/istio-twin.yaml"),
        fields: &[
            ("request", "GET /orders/7"),
            ("credential", "claims"),
            ("claims", r#"{"sub": "alice", "roles": ["writer"], "org_id": "acme"}"#),
        ],
    },
    Example {
        title: "Tyk at the border, and a caller that may present its tokens",
        configuration: include_str!("../../../plugin-config/examples/tyk.yaml"),
        fields: &[
            ("request", "GET /orders/7"),
            ("credential", "claims"),
            ("claims", r#"{"sub": "alice", "org_id": "acme", "policies": ["orders-read"]}"#),
            ("caller", "cluster.local/ns/tyk/sa/tyk-gateway"),
        ],
    },
    Example {
        title: "Keycloak: a profile of one's own, by a claim in the path",
        configuration: include_str!("../../../plugin-config/examples/keycloak-roles.yaml"),
        fields: &[
            ("request", "GET /users/bob/settings"),
            ("credential", "claims"),
            ("claims", r#"{"sub": "1", "preferred_username": "alice"}"#),
        ],
    },
    Example {
        title: "Two tenants: a document of the other one",
        configuration: include_str!("../../../plugin-config/examples/multi-tenant.yaml"),
        fields: &[
            ("request", "GET /tenants/globex/documents/1"),
            ("credential", "claims"),
            ("claims", r#"{"sub": "alice", "org_id": "acme", "mfa": true}"#),
            ("issuer", "acme"),
            ("workload", "platform/documents"),
            ("labels", "app=documents"),
        ],
    },
    Example {
        title: "Scopes: prices are public",
        configuration: include_str!("../../../plugin-config/examples/scopes.yaml"),
        fields: &[("request", "GET /prices")],
    },
    Example {
        title: "No token: the least configuration",
        configuration: include_str!("../../../plugin-config/examples/minimal.yaml"),
        fields: &[("request", "GET /")],
    },
];

/// Returns the examples as JSON that may stand in an HTML element: a list of `title` and `fields`.
pub(super) fn examples() -> String {
    let all = EXAMPLES.iter().map(|example| {
        let configuration = [("configuration", example.configuration)];
        let fields = configuration.iter().chain(example.fields);
        let fields: Map<String, Value> =
            fields.map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
        json!({"title": example.title, "fields": fields})
    });
    Value::Array(all.collect()).to_string().replace('<', "\\u003c")
}
