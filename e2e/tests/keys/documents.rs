//! The documents of well-known providers, as they serve them.

use crate::testbed::{TestBed, ask, once};
use anyhow::{Context, Result, ensure};
use attache_e2e::provider::Provider;
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::{self, TokenSpec};
use serde_json::{Value, json};

/// Every provider whose discovery document is in `testing/fixtures/providers`.
const PROVIDERS: [&str; 10] = [
    "auth0",
    "cognito",
    "entra-b2c",
    "entra-v1",
    "entra-v2",
    "firebase",
    "gitlab",
    "google",
    "keycloak",
    "okta",
];

fn provided(name: &str) -> Result<String> {
    let file = attache_test_fixtures::providers().join(name);
    std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))
}

/// The `kid` under which a set holds the key `rsa`.
fn kid(set: &Value) -> Result<Value> {
    let rsa = SigningKey::fixed("rsa")?.jwk()?;
    let keys = set["keys"].as_array().context("a list of keys")?;
    let key = keys.iter().find(|key| key["n"] == rsa["n"]).context("the key `rsa`")?;
    Ok(key["kid"].clone())
}

/// A token of an issuer that a fixed key signed under this `kid`.
fn mint(issuer: &str, key: &str, kid: &Value) -> Result<String> {
    let mut spec = TokenSpec::with_claims(json!({"iss": issuer}));
    spec.header.insert("kid".to_owned(), kid.clone());
    if kid.is_null() {
        spec.without_header.push("kid".to_owned());
    }
    spec.mint_with(&SigningKey::fixed(key)?, token::now())
}

async fn check(testbed: &TestBed, name: &str, issuer: &str, key: &str, kid: &Value) -> Result<()> {
    let answer = ask(testbed.envoy.address(), &mint(issuer, key, kid)?).await?;
    ensure!(
        answer.status == 200,
        "{name}: {} {}\n{}",
        answer.status,
        answer.text(),
        testbed.envoy.log()
    );
    let other = format!("{key}-other");
    let answer = ask(testbed.envoy.address(), &mint(issuer, &other, kid)?).await?;
    ensure!(
        answer.status == 401,
        "{name}: another's signature: {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

#[tokio::test]
async fn the_discovery_documents_of_ten_providers_lead_to_keys_that_verify() -> Result<()> {
    let provider = Provider::start([]).await?;
    let mut issuers = Vec::new();
    let mut tokens = Vec::new();
    for name in PROVIDERS {
        let text = provided(&format!("{name}/openid-configuration.json"))?;
        let document: Value = serde_json::from_str(&text)?;
        let [issuer, jwks_uri] =
            ["issuer", "jwks_uri"].map(|member| document[member].as_str().unwrap_or_default());
        let set = provided(&format!("{name}/jwks.json"))?;
        tokens.push((name, issuer.to_owned(), kid(&serde_json::from_str(&set)?)?));
        let well_known =
            format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        provider.publish(&well_known, "application/json", text.clone())?;
        provider.publish(jwks_uri, "application/json; charset=utf-8", set)?;
        let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
        let elsewhere = host(jwks_uri).filter(|_| host(jwks_uri) != host(issuer));
        let mut entry =
            json!({"name": name, "issuer": issuer, "discovery": true, "refresh": once()});
        if let Some(host) = elsewhere {
            entry["jwksHosts"] = json!([host]);
        }
        issuers.push(entry);
    }
    let testbed = TestBed::start(provider, &json!({"issuers": issuers})).await?;
    for (name, issuer, kid) in tokens {
        check(&testbed, name, &issuer, "rsa", &kid).await?;
    }
    let log = testbed.envoy.log();
    ensure!(log.contains("issuer keycloak: a key of its set is left out: "), "{log}");
    ensure!(log.contains("keys[0].use: a key for `enc` cannot verify signatures"), "{log}");
    ensure!(log.contains("keys[2]: is the same key as `keys[1]`"), "{log}");
    Ok(())
}

#[tokio::test]
async fn one_document_and_set_serve_every_tenant_of_a_provider() -> Result<()> {
    let issuer = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let common = "https://login.microsoftonline.com/common";
    let provider = Provider::start([]).await?;
    let text = provided("entra-v2/jwks.json")?;
    let kid = kid(&serde_json::from_str(&text)?)?;
    let (found_at, keys) = (
        format!("{common}/v2.0/.well-known/openid-configuration"),
        format!("{common}/discovery/v2.0/keys"),
    );
    let document = json!({"issuer": issuer, "jwks_uri": keys}).to_string();
    provider.publish(&found_at, "application/json", document)?;
    provider.publish(&keys, "application/json", text)?;
    let entry = json!({
        "name": "entra", "issuer": issuer, "issuerSegment": {"equalsClaim": "tid"}, "audiences": ["mesh"],
        "discovery": true, "discoveryUri": found_at, "refresh": once(),
    });
    let testbed = TestBed::start(provider, &json!({"issuers": [entry]})).await?;
    for (iss, tid, expected) in [
        ("https://login.microsoftonline.com/acme/v2.0", json!("acme"), 200),
        ("https://login.microsoftonline.com/globex/v2.0", json!("globex"), 200),
        ("https://login.microsoftonline.com/acme/v2.0", json!("globex"), 401),
        ("https://login.microsoftonline.com/acme/v2.0", Value::Null, 401),
        ("https://login.microsoftonline.com/acme/x/v2.0", json!("acme/x"), 401),
        ("https://sts.windows.net/acme/", json!("acme"), 401),
        (issuer, json!("{tenantid}"), 401),
    ] {
        let mut spec = TokenSpec::with_claims(json!({"iss": iss, "tid": tid}));
        spec.header.insert("kid".to_owned(), kid.clone());
        let token = spec.mint_with(&SigningKey::fixed("rsa")?, token::now())?;
        let answer = ask(testbed.envoy.address(), &token).await?;
        let log = testbed.envoy.log();
        ensure!(
            answer.status == expected,
            "{iss} {tid}: {} {}\n{log}",
            answer.status,
            answer.text()
        );
    }
    Ok(())
}

#[tokio::test]
async fn keys_are_taken_in_every_form_that_they_are_served_in() -> Result<()> {
    let provider = Provider::start([]).await?;
    let text = provided("keycloak/jwks.json")?;
    let set: Value = serde_json::from_str(&text)?;
    let kid_of_rsa = kid(&set)?;
    let firebase = kid(&serde_json::from_str(&provided("firebase/jwks.json")?)?)?;
    let mut certified = set["keys"][1].clone();
    for member in ["n", "e"] {
        certified.as_object_mut().context("a key")?.remove(member);
    }
    let mut odd = set.clone();
    let keys = odd["keys"].as_array_mut().context("a list of keys")?;
    keys.push(json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}));
    keys.push(json!({"kty": "RSA", "kid": "broken", "n": "AA=", "e": "AQAB"}));
    let mut anonymous = set["keys"][1].clone();
    anonymous["kid"] = json!("");
    let forms = [
        ("html", "text/html", text.clone(), "rsa", kid_of_rsa.clone()),
        ("mark", "application/json", format!("\u{feff}{text}"), "rsa", kid_of_rsa.clone()),
        ("single", "application/jwk+json", set["keys"][1].to_string(), "rsa", kid_of_rsa.clone()),
        ("certified", "application/json", certified.to_string(), "rsa", kid_of_rsa.clone()),
        ("certificates", "application/json", provided("firebase/x509.json")?, "rsa", firebase),
        ("pem", "binary/octet-stream", provided("certificates/rsa-pkcs1.pem")?, "rsa", Value::Null),
        ("alb", "text/plain", provided("aws-alb/public-key.pem")?, "p256", json!("any")),
        ("odd", "application/json", odd.to_string(), "rsa", kid_of_rsa),
        ("anonymous", "application/json", anonymous.to_string(), "rsa", json!("any")),
    ];
    let mut issuers = Vec::new();
    for (name, content_type, body, ..) in &forms {
        let (issuer, url) =
            (format!("https://{name}.example"), format!("https://{name}.example/keys"));
        provider.publish(&url, content_type, body.as_bytes())?;
        issuers.push(json!({"name": name, "issuer": issuer, "jwksUri": url, "refresh": once()}));
    }
    let testbed = TestBed::start(provider, &json!({"issuers": issuers})).await?;
    for (name, _, _, key, kid) in &forms {
        check(&testbed, name, &format!("https://{name}.example"), key, kid).await?;
    }
    let log = testbed.envoy.log();
    ensure!(
        log.contains("`secret`: keys[2].kty: a symmetric key has no place among public keys"),
        "{log}"
    );
    ensure!(
        log.contains("`broken`: keys[3].n: has more or less `=`") && !log.contains("c2VjcmV0"),
        "{log}"
    );
    Ok(())
}
