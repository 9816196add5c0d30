//! Tables of pages that say what each request is answered, played against the configuration beside
//! them.

use crate::testbed::{TestBed, seen};
use anyhow::{Context, Result, bail, ensure};
use attache_e2e::{page, repository, yaml};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{Tamper, TokenSpec, now};
use serde_json::{Value, json};

/// A line of such a table.
struct Row {
    request: String,
    token: String,
    status: u16,
    reason: Option<String>,
}

/// Returns the rows below a heading: the first cell is the request, the second the token, the last
/// the answer.
fn rows(text: &str, heading: &str) -> Result<Vec<Row>> {
    let rows = page::rows(text, heading);
    let played = rows.iter().filter(|row| row.first().is_some_and(|cell| cell.contains(" /")));
    played
        .map(|row| {
            let [request, token, .., answer] = row.as_slice() else { bail!("{row:?}") };
            let (status, reason) = answer.split_once(' ').unwrap_or((answer, ""));
            let reason = reason.trim_matches('`');
            Ok(Row {
                request: request.trim_matches('`').to_owned(),
                token: token.clone(),
                status: status.parse().with_context(|| answer.clone())?,
                reason: (!reason.is_empty()).then(|| reason.to_owned()),
            })
        })
        .collect()
}

/// Returns claims that hold `value` where a dotted claim says.
fn nested(claim: &str, value: Value) -> Value {
    claim.rsplit('.').fold(value, |inner, step| json!({ step: inner }))
}

/// Returns a token of the document's first issuer as the page words it; `None` for none.
fn token(words: &str, issuer: &Value) -> Result<Option<String>> {
    let roles = issuer
        .pointer("/roleClaims/0/claim")
        .and_then(Value::as_str)
        .context("a claim with roles")?;
    let role = if words == "a writer's" { "writer" } else { "reader" };
    let mut claims = nested(roles, json!([role]));
    claims["iss"] = issuer["issuer"].clone();
    claims["aud"] = issuer["audiences"].clone();
    claims["exp"] = json!(now().saturating_add(60));
    let mut tamper = Vec::new();
    match words {
        "none" => return Ok(None),
        "a reader's" | "a writer's" => {}
        "an altered one" => tamper.push(Tamper::Signature),
        "an expired one" => claims["exp"] = json!(now().saturating_sub(600)),
        other => bail!("the page has a token that no test knows: `{other}`"),
    }
    Ok(Some(TokenSpec { tamper, ..TokenSpec::with_claims(claims) }.mint(now())?))
}

/// Sends every request of a table to an Envoy with the document, whose issuer has the tests' keys
/// in place of a provider.
async fn play(document: &Value, text: &str, heading: &str) -> Result<()> {
    let rows = rows(text, heading)?;
    ensure!(rows.len() >= 6, "only {} requests are in the table", rows.len());
    ensure!(rows.iter().any(|row| row.status == 200) && rows.iter().any(|row| row.status == 403));
    let mut document = document.clone();
    let issuer =
        document.pointer_mut("/issuers/0").and_then(Value::as_object_mut).context("no issuer")?;
    for remote in ["jwksUri", "discovery"] {
        issuer.remove(remote);
    }
    issuer.insert("jwks".into(), jwks([&SigningKey::fixed("rsa")?, &SigningKey::fixed("p256")?])?);
    let testbed = TestBed::start(&document.to_string()).await?;
    for row in rows {
        let token = token(&row.token, &document["issuers"][0])?;
        let answer = testbed.send(&row.request, token.as_deref()).await?;
        let case =
            format!("{} with {}: {} {}", row.request, row.token, answer.status, answer.text());
        ensure!(answer.status == row.status, "{case}");
        if let Some(reason) = &row.reason {
            let problem: Value =
                serde_json::from_slice(&answer.body).with_context(|| case.clone())?;
            ensure!(problem["type"] == reason.as_str(), "{case}");
        } else {
            ensure!(!seen(&answer)?.values("x-user").contains(&"root"), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_migrated_policies_answer_as_the_page_says() -> Result<()> {
    let text = page::read("docs/migration.md")?;
    let block = page::blocks(&text).into_iter().find(|block| block.text.starts_with("issuers:"));
    let document = yaml::parse(&block.context("the page has no document")?.text)?;
    play(&document, &text, "An example").await
}

#[tokio::test]
async fn the_examples_answer_as_they_say() -> Result<()> {
    for example in ["tyk-istio", "keycloak-istio"] {
        let plugin = yaml::read(&repository().join(format!("examples/{example}/wasmplugin.yaml")))?;
        let text = page::read(&format!("examples/{example}/README.md"))?;
        play(&plugin["spec"]["pluginConfig"], &text, "What is answered").await.context(example)?;
    }
    Ok(())
}

#[test]
fn the_example_with_tyk_takes_what_the_deployed_issuer_makes() -> Result<()> {
    let plugin = yaml::read(&repository().join("examples/tyk-istio/wasmplugin.yaml"))?;
    let made = yaml::read(&repository().join("tyk/deploy/config/issuer.yaml"))?;
    let issuer = &plugin["spec"]["pluginConfig"]["issuers"][0];
    ensure!(issuer["issuer"] == made["mint"]["issuer"]);
    ensure!(issuer["audiences"] == made["apis"][0]["audiences"]);
    Ok(())
}
