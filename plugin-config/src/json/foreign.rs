//! Words of Istio and Envoy for what is called otherwise here.

/// Where an unknown key is a word of Istio or Envoy: what to write instead, given the keys that may stand there.
pub(super) fn instead(word: &str, keys: &[&str]) -> Option<&'static str> {
    let known = WORDS.iter().find(|(other, beside, _)| *other == word && keys.contains(beside));
    known.map(|(_, _, instead)| *instead)
}

/// A word, a key that may stand where it was written, and what to write.
const WORDS: &[(&str, &str, &str)] = &[
    ("matchLabels", "labels", "write `labels: {app: …}`"),
    ("source", "principals", "its keys stand here without it: `from: [{namespaces: […]}]`"),
    ("operation", "methods", "its keys stand here without it: `to: [{methods: […], paths: […]}]`"),
    ("requestPrincipals", "principals", SUBJECT),
    ("notRequestPrincipals", "principals", SUBJECT),
    ("key", "equalsClaim", "write `claim: NAME` for `key: request.auth.claims[NAME]`"),
    ("values", "equalsClaim", "write `in: […]`"),
    ("notValues", "equalsClaim", "write `notIn: […]`"),
    ("action", "defaultAction", "each rule has its `action`; where no rule matches, `defaultAction` holds"),
    ("rules", "policies", "rules belong into a policy: `policies: [{name: …, rules: […]}]`"),
    (
        "selector",
        "policies",
        "a policy has a selector: `policies: [{name: …, selector: {labels: {app: …}}, rules: […]}]`",
    ),
    ("jwtRules", "issuers", "write `issuers`"),
    ("providers", "issuers", "write `issuers: [{name: …, issuer: …}]`"),
    ("forward", "forwardOriginalToken", "write `forwardOriginalToken`"),
    ("localJwks", "jwks", "write `jwks: {keys: […]}`"),
    ("local_jwks", "jwks", "write `jwks: {keys: […]}`"),
    ("remoteJwks", "jwksUri", "write `jwksUri: https://…`"),
    ("remote_jwks", "jwksUri", "write `jwksUri: https://…`"),
];

const SUBJECT: &str = "whom a token speaks for is asked of its claims: `when: [{claim: sub, equals: …}]`";
