//! Words of Istio and Envoy for what is called otherwise here.

use attache_config_reader::ForeignKey;

/// What to write for keys that Istio and Envoy have.
pub(crate) const FOREIGN_KEYS: &[ForeignKey] = &[
    foreign("matchLabels", "labels", "write `labels: {app: …}`"),
    foreign("source", "principals", "its keys stand here without it: `from: [{namespaces: […]}]`"),
    foreign(
        "operation",
        "methods",
        "its keys stand here without it: `to: [{methods: […], paths: […]}]`",
    ),
    foreign("requestPrincipals", "principals", SUBJECT),
    foreign("notRequestPrincipals", "principals", SUBJECT),
    foreign("key", "equalsClaim", "write `claim: NAME` for `key: request.auth.claims[NAME]`"),
    foreign("values", "equalsClaim", "write `in: […]`"),
    foreign("notValues", "equalsClaim", "write `notIn: […]`"),
    foreign(
        "action",
        "defaultAction",
        "each rule has its `action`; where no rule matches, `defaultAction` holds",
    ),
    foreign("rules", "policies", "rules belong into a policy: `policies: [{name: …, rules: […]}]`"),
    foreign(
        "selector",
        "policies",
        "a policy has a selector: `policies: [{name: …, selector: {labels: {app: …}}, rules: […]}]`",
    ),
    foreign("jwtRules", "issuers", "write `issuers`"),
    foreign("providers", "issuers", "write `issuers: [{name: …, issuer: …}]`"),
    foreign("forward", "forwardOriginalToken", "write `forwardOriginalToken`"),
    foreign("localJwks", "jwks", "write `jwks: {keys: […]}`"),
    foreign("local_jwks", "jwks", "write `jwks: {keys: […]}`"),
    foreign("remoteJwks", "jwksUri", "write `jwksUri: https://…`"),
    foreign("remote_jwks", "jwksUri", "write `jwksUri: https://…`"),
];

const fn foreign(key: &'static str, beside: &'static str, instead: &'static str) -> ForeignKey {
    ForeignKey { key, beside, instead }
}

const SUBJECT: &str =
    "whom a token speaks for is asked of its claims: `when: [{claim: sub, equals: …}]`";
