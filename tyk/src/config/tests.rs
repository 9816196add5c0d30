use super::*;

const WHOLE: &str = r#"
grpc: {listen: "tcp://127.0.0.1:5555", hookNames: [AttacheIssue], maxMessageBytes: 1048576}
http: {listen: "127.0.0.1:8080"}
log: {level: WARN}
drain: 5s
upstream: {header: x-mesh-token, prefix: ""}
strip: {headers: [x-internal], cookies: [legacy], params: [token]}
mint:
  issuer: https://tyk.example.com/mesh
  lifetime: 2m
  keys: {folder: /keys, poll: 1s, publishBefore: 1h}
  subject:
  - {from: METADATA, key: user, prefix: "user:"}
  - {from: KEY_HASH}
  claims:
  - {claim: org_id, from: ORG_ID}
  - {claim: email, from: JWT_CLAIM, key: email}
  - {claim: env, value: production}
  roles:
    policies: {p1: [reader, writer]}
    tags: {gold: [premium]}
    tagPrefix: "role:"
    metadata: [{key: roles, split: " ", allow: [auditor]}]
providers:
- name: keycloak
  issuer: https://keycloak.example.com/realms/mesh
  tokenEndpoint: https://keycloak.example.com/realms/mesh/protocol/openid-connect/token
  clientId: gateway
  clientSecret: {file: /secrets/keycloak}
apis:
- id: orders
  audiences: [mesh]
  orgId: acme
  jwt: {}
- id: "*"
  mode: EXCHANGE
  provider: keycloak
  audiences: [mesh]
  credential: {headers: [x-api-key], cookies: [session], params: [api_key]}
"#;

fn problems(text: &str) -> Vec<String> {
    match Config::parse(text) {
        Err(ConfigError::Invalid(problems)) => {
            problems.iter().map(|one| one.diagnostic.to_string()).collect()
        }
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn a_whole_document_is_read() {
    let config = Config::parse(WHOLE).unwrap();
    assert_eq!(config.upstream.header, "X-Mesh-Token");
    assert_eq!(config.grpc.max_message_bytes, 1 << 20);
    assert_eq!(config.drain, Duration::from_secs(5));
    let mint = config.mint.as_ref().unwrap();
    assert_eq!(mint.jwks_uri, "https://tyk.example.com/mesh/jwks.json");
    assert_eq!(
        mint.keys.publish_after,
        Duration::from_secs(180),
        "the lifetime and a minute of skew"
    );
    assert_eq!(mint.subject.len(), 2);
    assert_eq!(config.apis[1].credential.headers, ["X-Api-Key"]);
    let guarded: Vec<_> = config.guarded_issuers().into_iter().collect();
    assert_eq!(
        guarded,
        ["https://keycloak.example.com/realms/mesh", "https://tyk.example.com/mesh"]
    );
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let text = "
grpc: {listen: unix:///run/attache/issuer.sock}
mint: {issuer: https://tyk.example.com, keys: {folder: /keys}}
apis: [{id: orders, audiences: [mesh]}]
";
    let config = Config::parse(text).unwrap();
    assert_eq!(config.grpc.listen, Listen::Unix("/run/attache/issuer.sock".into()));
    assert_eq!(*config.grpc.hook_names, ["AttacheIssue"]);
    assert_eq!(config.drain, Duration::from_secs(20));
    assert_eq!(
        (config.upstream.header.as_str(), config.upstream.prefix.as_str()),
        ("Authorization", "Bearer ")
    );
    assert_eq!(config.apis[0].credential.headers, ["Authorization"]);
    let mint = config.mint.unwrap();
    assert_eq!(mint.lifetime, Duration::from_secs(60));
    assert_eq!(mint.keys.publish_before, Duration::from_secs(600));
    assert_eq!(mint.keys.publish_after, Duration::from_secs(120));
    assert_eq!(mint.roles.claim, "roles");
}

#[test]
fn every_problem_is_told_at_once() {
    let found = problems(
        r#"
grpc: {listen: "127.0.0.1:5555", hookname: x}
mint:
  issuer: https://tyk.example.com/
  lifetime: 5s
  keys: {folder: /keys, publishBefore: 10}
  subject: [{from: TAGS}, {from: METADATA}]
  claims: [{claim: sub, from: ALIAS}, {claim: a, from: ALIAS, value: 1}, {claim: b, value: 1, key: k}]
providers:
- {name: p, issuer: i, tokenEndpoint: "https://kc/token", clientId: c, clientSecret: {env: A}, timeout: 1}
- {name: p, issuer: i, tokenEndpoint: "https://kc/token", clientId: c, clientSecret: {env: A}}
apis:
- {id: a, audiences: []}
- {id: b, mode: EXCHANGE, audience: [mesh]}
- {id: c, mode: SWAP, audiences: [mesh], provider: p}
- {id: c, mode: EXCHANGE, audiences: [mesh], provider: q}
- {id: d, audiences: [mesh], orgId: }
"#,
    );
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn contradictions_are_refused() {
    let base = "grpc: {listen: unix:///s}\n";
    let mint = "mint: {issuer: https://t, keys: {folder: /k}}\n";
    for (text, told) in [
        (format!("{base}apis: [{{id: a, audiences: [m]}}]"), "apis[0].mode: mints tokens, but there is no `mint`"),
        (format!("{base}apis: [{{id: a, mode: EXCHANGE, audiences: [m], provider: p}}]"), "apis[0].provider: no provider is named `p`"),
        (format!("{base}{mint}apis: [{{id: a, audiences: [m]}}, {{id: a, audiences: [n]}}]"), "apis[1].id: another API has the id `a`"),
        (format!("{base}{mint}apis: []"), "is empty"),
        (format!("{base}{mint}upstream: {{header: Host}}\napis: [{{id: a, audiences: [m]}}]"), "belongs to the connection"),
        (format!("{base}{mint}upstream: {{header: 'a b'}}\napis: [{{id: a, audiences: [m]}}]"), "is no header name"),
        (
            format!("{base}{mint}apis: [{{id: a, audiences: [m], jwt: {{}}, credential: {{cookies: [t]}}}}]"),
            "take the JWT from the header alone",
        ),
        (
            "grpc: {listen: unix:///s, tls: {certFile: c, keyFile: k}}\nmint: {issuer: https://t, keys: {folder: /k}}\napis: [{id: a, audiences: [m]}]".to_owned(),
            "TLS needs `listen: tcp://…`",
        ),
        (
            format!("{base}mint: {{issuer: https://t, keys: {{folder: /k}}, claims: [{{claim: roles, from: TAGS}}]}}\napis: [{{id: a, audiences: [m]}}]"),
            "mint.claims[0].claim: claim `roles` is written by another rule",
        ),
        (
            format!("{base}mint: {{issuer: https://t, keys: {{folder: /k}}, subject: [{{from: ALIAS, prefix: 'u:'}}, {{from: KEY_HASH, prefix: 'u:k:'}}]}}\napis: [{{id: a, audiences: [m]}}]"),
            "mint.subject[1].prefix: `u:k:` and the prefix of `mint.subject[0]` begin alike",
        ),
        (
            format!("{base}mint: {{issuer: https://t, keys: {{folder: /k}}, roles: {{metadata: [{{key: a, allow: []}}]}}}}\napis: [{{id: a, audiences: [m]}}]"),
            "mint.roles.metadata[0].allow: is empty",
        ),
        (
            format!("grpc: {{listen: \"tcp://127.0.0.1:8080\"}}\n{mint}apis: [{{id: a, audiences: [m]}}]"),
            "http.listen: has the port of `grpc.listen`",
        ),
        (
            format!("grpc: {{listen: \"unix:///{}\"}}\n{mint}apis: [{{id: a, audiences: [m]}}]", "s".repeat(107)),
            "is longer than 107 bytes",
        ),
        (
            "grpc: {listen: unix:///s, maxMessageBytes: 1048576, maxBytesInFlight: 65536}\nmint: {issuer: https://t, keys: {folder: /k}}\napis: [{id: a, audiences: [m]}]".to_owned(),
            "grpc.maxBytesInFlight: expected a whole number from 1048576",
        ),
        (
            format!("{base}providers: [{{name: p, issuer: i, tokenEndpoint: 'http://kc/token', clientId: c, clientSecret: {{env: A}}}}]\napis: [{{id: a, mode: EXCHANGE, audiences: [m], provider: p}}]"),
            "would travel in the clear",
        ),
        (
            format!("{base}providers: [{{name: p, issuer: i, tokenEndpoint: 'https://kc/token', clientId: c, clientSecret: {{env: A, file: b}}}}]\napis: [{{id: a, mode: EXCHANGE, audiences: [m], provider: p}}]"),
            "give either `env` or `file`",
        ),
    ] {
        let found = problems(&text);
        assert!(found.len() == 1 && found[0].contains(told), "{text}\n{found:?}");
    }
}

#[test]
fn a_key_without_a_value_is_never_taken_for_its_default() {
    for key in ["tls:", "hookNames:", "maxMessageBytes:"] {
        let text = format!(
            "grpc:\n  listen: unix:///s\n  {key}\nmint: {{issuer: https://t, keys: {{folder: /k}}}}\napis: [{{id: a, audiences: [m]}}]"
        );
        let found = problems(&text);
        assert!(found.len() == 1 && found[0].contains("has no value"), "{key} {found:?}");
    }
}

#[test]
fn words_that_were_booleans_once_are_texts() {
    let text = "grpc: {listen: unix:///s}\nmint: {issuer: https://t, keys: {folder: /k}}\napis: [{id: no, audiences: [y]}]";
    assert_eq!(Config::parse(text).unwrap().apis[0].id, "no");
}

#[test]
fn what_is_no_mapping_or_says_a_key_twice_is_refused() {
    assert_eq!(problems("[]"), ["expected an object, got a list"]);
    assert!(problems("grpc: {listen: a, listen: b}")[0].contains("not valid YAML"));
    assert!(problems("grpc: [")[0].contains("not valid YAML"));
}

#[test]
fn what_is_misspelt_or_belongs_to_another_mode_is_named_once() {
    let base = "grpc: {listen: unix:///s}\nmint: {issuer: https://t, keys: {folder: /k}}\n";
    let provider = "providers: [{name: p, issuer: i, tokenEndpoint: 'https://kc/token', clientId: c, clientSecret: {env: A}}]\n";
    for (text, told) in [
        (
            "apis: [{id: a, audiences: [m], mode: EXHANGE, provider: p}]",
            "apis[0].mode: `EXHANGE` is none of `MINT`, `EXCHANGE`; did you mean `EXCHANGE`?",
        ),
        (
            "apis: [{id: a, audiences: [m], provider: p}]",
            "apis[0].provider: goes with `mode: EXCHANGE` only; leave it out",
        ),
        (
            "apis: [{id: a, audiences: [m], mode: EXCHANGE, provider: p, jwt: {}}]",
            "apis[0].jwt: goes with `mode: MINT` only; `subjectToken` says where the token is",
        ),
        (
            "apis: [{id: a, audiences: [m], mode: EXCHANGE, provider: 7}]",
            "apis[0].provider: expected a string, got a number",
        ),
        (
            "apis: [{id: a, audiences: [m], mode: EXCHANGE, provder: p}]",
            "apis[0].provder: unknown key `provder`; did you mean `provider`?",
        ),
        ("apis: [{id: a, audiences: [m]}]\ndrain: 1h30m", "drain: is out of range; use 0s to 5m"),
        (
            "apis: [{id: a, audiences: [m, '']}]",
            "apis[0].audiences[1]: is empty; give a text or leave the key out",
        ),
    ] {
        let found = problems(&format!("{base}{provider}{text}"));
        // A provider that was misspelt is missing too.
        assert!(found.contains(&told.to_owned()), "{text}\n{found:#?}");
        assert!(found.len() == 1 || text.contains("provder"), "{text}\n{found:#?}");
    }
}

#[test]
fn what_could_not_be_read_is_not_missing_too() {
    let base = "grpc: {listen: unix:///s}\n";
    for (text, told) in [
        ("mint: 7\napis: [{id: a, audiences: [m]}]", "mint: expected an object, got a number"),
        (
            "providers: [{name: 7, issuer: i, tokenEndpoint: 'https://kc/token', clientId: c, clientSecret: {env: A}}]\n\
             apis: [{id: a, audiences: [m], mode: EXCHANGE, provider: p}]",
            "providers[0].name: expected a string, got a number",
        ),
        (
            "mint: {issuer: https://t, keys: {folder: /k}, claims: [{claim: a, from: ALAS}]}\napis: [{id: a, audiences: [m]}]",
            "mint.claims[0].from: `ALAS` is none of `ORG_ID`, `ALIAS`, `JWT_IDENTITY`, `KEY_HASH`, `OAUTH_CLIENT`, `POLICIES`, \
             `TAGS`, `METADATA`, `JWT_CLAIM`, `API_ID`; did you mean `ALIAS`?",
        ),
    ] {
        assert_eq!(problems(&format!("{base}{text}")), [told], "{text}");
    }
}

#[test]
fn a_constant_is_json_that_every_reader_holds() {
    let with = |value: &str| {
        format!(
            "grpc: {{listen: unix:///s}}\nmint: {{issuer: https://t, keys: {{folder: /k}}, claims: [{{claim: a, value: {value}}}]}}\n\
             apis: [{{id: a, audiences: [m]}}]"
        )
    };
    for (value, expected) in [
        ("1", serde_json::json!(1)),
        ("-2.5", serde_json::json!(-2.5)),
        ("9007199254740991", serde_json::json!(9_007_199_254_740_991_u64)),
        ("[a, true, {b: null}]", serde_json::json!(["a", true, {"b": null}])),
    ] {
        let config = Config::parse(&with(value)).unwrap();
        assert_eq!(config.mint.unwrap().claims[0].taken, Taken::Value(expected), "{value}");
    }
    for (value, told) in [
        (
            "9007199254740993",
            "mint.claims[0].value: a number holds integers to 53 bits only; write a larger one as a string",
        ),
        ("null", "mint.claims[0].value: `value` has no value; write a value, or remove the line"),
    ] {
        assert_eq!(problems(&with(value)).first().map(String::as_str), Some(told), "{value}");
    }
}

#[test]
fn a_document_has_an_end() {
    let found = problems(&"#".repeat(MAX_DOCUMENT_BYTES + 1));
    assert_eq!(
        found,
        [
            "a configuration has 4194304 bytes at most, this one 4194305; leave out what no API needs"
        ]
    );
}
