use super::*;
use crate::config::Config;

fn mint(rules: &str) -> Mint {
    let text = format!(
        "grpc: {{listen: unix:///s}}\napis: [{{id: a, audiences: [m]}}]\nmint:\n  issuer: https://tyk.example.com\n  keys: {{folder: /k}}\n{rules}"
    );
    Config::parse(&text).unwrap().mint.unwrap()
}

fn session() -> SessionState {
    SessionState {
        org_id: "acme".into(),
        alias: "billing job".into(),
        key_id: "acme0123456789".into(),
        apply_policies: vec!["p-read".into(), "p-write".into()],
        tags: vec!["gold".into(), "role:auditor".into(), "role:".into()],
        metadata: [
            ("roles".to_owned(), "clerk, , boss".to_owned()),
            ("list".to_owned(), r#"["x","y,z"]"#.to_owned()),
            ("tenant".to_owned(), "t-1".to_owned()),
        ]
        .into(),
        ..SessionState::default()
    }
}

fn made(rules: &str, session: &SessionState, jwt: Option<&Map<String, Value>>) -> Value {
    claims(&mint(rules), &["mesh".to_owned()], Caller { session, api_id: "orders", jwt })
        .unwrap()
        .into()
}

#[test]
fn roles_are_joined_from_policies_tags_and_metadata() {
    let rules = r#"
  roles:
    claim: groups
    policies: {p-read: [reader], p-write: [writer, reader], p-other: [admin]}
    tags: {gold: [premium], silver: [basic]}
    tagPrefix: "role:"
    metadata: [{key: roles, allow: [clerk]}, {key: list}, {key: absent}]
"#;
    let claims = made(rules, &session(), None);
    assert_eq!(
        claims["groups"],
        serde_json::json!(["auditor", "clerk", "premium", "reader", "writer", "x", "y,z"])
    );
}

#[test]
fn without_rules_a_session_has_no_roles() {
    assert_eq!(made("", &session(), None)["roles"], serde_json::json!([]));
}

#[test]
fn the_one_policy_of_an_old_session_counts() {
    let old = SessionState {
        apply_policy_id: "p-read".into(),
        key_id: "k".into(),
        ..SessionState::default()
    };
    assert_eq!(
        made("  roles: {policies: {p-read: [reader]}}", &old, None)["roles"],
        serde_json::json!(["reader"])
    );
}

#[test]
fn the_subject_is_the_first_source_that_has_a_value() {
    let subject = |session: &SessionState| made("", session, None)["sub"].clone();
    assert_eq!(subject(&session()), "alias:acme:billing job");
    let client = SessionState { oauth_client_id: "c1".into(), ..session() };
    assert_eq!(subject(&client), "client:acme:c1");
    let bare = SessionState { key_id: "k".into(), ..SessionState::default() };
    assert_eq!(subject(&bare), format!("key::{}", key_hash("k")));
    let nobody = SessionState::default();
    let caller = Caller { session: &nobody, api_id: "a", jwt: None };
    assert_eq!(claims(&mint(""), &["m".to_owned()], caller), Err(Failure::SubjectMissing));
}

#[test]
fn a_subject_can_be_taken_as_it_is() {
    let rules = "  subject: [{from: METADATA, key: tenant, prefix: \"\", perOrganisation: false}]";
    assert_eq!(made(rules, &session(), None)["sub"], "t-1");
    let rules = "  subject: [{from: METADATA, key: tenant}]";
    assert_eq!(made(rules, &session(), None)["sub"], "metadata.tenant:acme:t-1");
    assert_eq!(made("  subject: [{from: ORG_ID}]", &session(), None)["sub"], "org:acme");
}

#[test]
fn claims_come_from_the_session_the_jwt_and_the_configuration() {
    let rules = r"
  claims:
  - {claim: org_id, from: ORG_ID}
  - {claim: tenant, from: METADATA, key: tenant}
  - {claim: groups, from: JWT_CLAIM, key: groups}
  - {claim: none, from: JWT_CLAIM, key: absent}
  - {claim: api, from: API_ID}
  - {claim: policies, from: POLICIES}
  - {claim: env, value: {name: test}}
";
    let jwt = serde_json::json!({"groups": ["a"], "absent": null});
    let claims = made(rules, &session(), jwt.as_object());
    assert_eq!(claims["org_id"], "acme");
    assert_eq!(claims["tenant"], "t-1");
    assert_eq!(claims["groups"], serde_json::json!(["a"]));
    assert_eq!(claims.get("none"), None);
    assert_eq!(claims["api"], "orders");
    assert_eq!(claims["policies"], serde_json::json!(["p-read", "p-write"]));
    assert_eq!(claims["env"]["name"], "test");
    assert_eq!(made(rules, &session(), None).get("groups"), None);
}

#[test]
fn the_key_itself_is_in_no_claim() {
    let rules = "  claims: [{claim: key, from: KEY_HASH}, {claim: tags, from: TAGS}]";
    let claims = made(rules, &session(), None);
    assert!(!claims.to_string().contains("acme0123456789"));
    assert_eq!(claims["key"].as_str().unwrap().len(), 32);
}

#[test]
fn one_audience_is_a_text_and_several_are_a_list() {
    let several = ["a".to_owned(), "b".to_owned()];
    let caller = Caller { session: &session(), api_id: "orders", jwt: None };
    assert_eq!(claims(&mint(""), &several, caller).unwrap()["aud"], serde_json::json!(["a", "b"]));
    assert_eq!(made("", &session(), None)["aud"], "mesh");
}
