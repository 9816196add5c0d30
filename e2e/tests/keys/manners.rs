//! Every way in which a provider may answer has its outcome, and none that is bad touches the keys that hold.

use crate::stage::{CLUSTER, Stage, configuration, once, request};
use anyhow::{Result, ensure};
use attache_e2e::provider::{Manner, Provider};
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;

#[tokio::test]
async fn good_answers_in_any_form_are_taken() -> Result<()> {
    for manner in [Manner::Good, Manner::Etag, Manner::Chunked] {
        let key = SigningKey::fresh_p256("one")?;
        let provider = Provider::start([&key]).await?;
        provider.behave(manner.clone());
        let document = configuration(&provider, json!({"refresh": once()}));
        let stage = Stage::start(provider, &document).await?;
        let answer = stage.ask(&key).await?;
        ensure!(
            answer.status == 200,
            "{manner:?}: {} {}\n{}",
            answer.status,
            answer.text(),
            stage.envoy.log()
        );
        stage.until("keys.fetches.updated", 1).await?;
        ensure!(stage.provider.asked() == 1, "one worker asks for both");
    }
    Ok(())
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.behave(Manner::Etag);
    let document = configuration(&provider, json!({}));
    let stage = Stage::start(provider, &document).await?;
    stage.until("keys.fetches.not_modified", 1).await?;
    ensure!(stage.provider.not_modified() >= 1);
    ensure!(stage.ask(&key).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn every_bad_answer_has_its_outcome_and_touches_nothing() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let other = SigningKey::fresh_p256("other")?;
    let provider = Provider::start([&key]).await?;
    let refresh = json!({"interval": "1s", "timeout": "500ms", "retryAfter": "100ms", "keepFor": "1h"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let mut stage = Stage::start(provider, &document).await?;
    stage.until("keys.fetches.updated", 1).await?;
    // From now on it would serve another key, if only its answers were good.
    stage.provider.serve([&other])?;
    let location = "location: http://127.0.0.1:1/jwks\r\n";
    let private = format!(r#"{{"keys":[{{"d":"AA",{}]}}"#, other.jwk()?.to_string().trim_start_matches('{'));
    // Neighbours differ in their outcome: so an answer that was still on its way is not taken for the next one.
    let cases = [
        (Manner::Status(500, ""), "bad_status"),
        (Manner::Status(302, location), "redirect"),
        (Manner::Status(404, ""), "bad_status"),
        (Manner::Body("text/html", b"<html>maintenance</html>".to_vec()), "not_json"),
        (Manner::Status(304, ""), "bad_status"),
        (Manner::Body("application/json", b"\x00\xff garbage".to_vec()), "not_json"),
        (Manner::Body("application/json", vec![b' '; 10 * 1024 * 1024]), "too_large"),
        (Manner::Body("application/json", br#"{"keys":[]}"#.to_vec()), "bad_keys"),
        (Manner::Gzip, "encoded"),
        (Manner::Body("application/json", private.into_bytes()), "bad_keys"),
        (Manner::Cut, "no_answer"),
        // Envoy answers for a provider that keeps silent: with 504.
        (Manner::Silent, "bad_status"),
    ];
    for (manner, outcome) in cases {
        let name = format!("keys.fetches.{outcome}");
        let before = stage.count(&name).await?;
        stage.provider.behave(manner.clone());
        if let Err(error) = stage.until(&name, before + 1).await {
            anyhow::bail!("{manner:?}: {error}");
        }
        let answer = stage.ask(&key).await?;
        ensure!(answer.status == 200, "{manner:?}: {} {}", answer.status, answer.text());
    }
    let before = stage.count("keys.fetches.bad_status").await?;
    stage.provider.stop().await;
    // One may still be of its silence.
    stage.until("keys.fetches.bad_status", before + 2).await?;
    ensure!(stage.ask(&key).await?.status == 200, "the last good keys serve on");
    ensure!(stage.count("keys.fetches.updated").await? == 1);
    stage.provider.behave(Manner::Good);
    stage.provider.start_again()?;
    stage.until("keys.fetches.updated", 2).await?;
    ensure!(stage.ask(&other).await?.status == 200);
    ensure!(stage.ask(&key).await?.status == 401);
    Ok(())
}

#[tokio::test]
async fn discovery_finds_the_keys_and_only_its_own_issuers() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"jwksUri": null, "discovery": true}));
    let stage = Stage::start(provider, &document).await?;
    ensure!(stage.ask(&key).await?.status == 200, "{}", stage.envoy.log());
    ensure!(stage.provider.asked_for_document() >= 1);
    drop(stage);

    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"jwksUri": null, "discovery": true}));
    let issuer = provider.issuer();
    provider.pretend_to_be("http://127.0.0.1:1");
    let stage = Stage::start(provider, &document).await?;
    stage.until("keys.fetches.bad_discovery", 1).await?;
    let token = crate::stage::mint(&issuer, &key)?;
    let answer = crate::stage::ask(stage.envoy.address(), &token).await?;
    ensure!(answer.status == 503, "{}", answer.status);
    ensure!(stage.provider.asked() == 0, "it is not asked for keys that would be another's");
    Ok(())
}

#[tokio::test]
async fn no_provider_has_another_service_of_the_mesh_asked() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.pretend_to_be("http://127.0.0.1:1");
    let issuer = format!("http://{}", provider.address());
    let document = configuration(
        &provider,
        json!({"issuer": issuer, "jwksUri": null, "discovery": true, "cluster": null}),
    );
    let stage = Stage::start(provider, &document).await?;
    stage.provider.point_to(&format!("http://{}/admin/reindex", stage.service.address()));
    stage.provider.pretend_to_be(&issuer);
    stage.until_asked_anew().await?;
    ensure!(stage.service.requests() == 0, "a service was asked for what the provider wants");
    ensure!(stage.envoy.log().contains("name it in `jwksHosts`"), "{}", stage.envoy.log());

    let mut document = document;
    let named = serde_json::Value::from(stage.service.address().to_string());
    document["issuers"][0]["jwksHosts"] = serde_json::Value::Array(vec![named]);
    stage.envoy.push(&document.to_string()).await?;
    stage.until("keys.fetches.bad_keys", 1).await?;
    ensure!(stage.service.requests() >= 1, "a host that is named is asked");
    Ok(())
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_an_outage() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"cluster": format!("no-{CLUSTER}")}));
    let stage = Stage::start(provider, &document).await?;
    stage.until("keys.fetches.not_sent", 1).await?;
    let answer = stage.ask(&key).await?;
    ensure!(answer.status == 503 && !answer.values("retry-after").is_empty(), "{}", answer.status);
    ensure!(stage.envoy.log().contains("check that its cluster exists"), "{}", stage.envoy.log());
    Ok(())
}

#[tokio::test]
async fn a_body_waits_with_its_request() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.behave(Manner::Status(500, ""));
    let document = configuration(&provider, json!({}));
    let stage = Stage::start(provider, &document).await?;
    let token = stage.token(&key)?;
    let body = vec![b'x'; 100_000];
    let asked = request(stage.envoy.address(), "POST", "/orders", &token, &body);
    let served = async {
        stage.until("keys.waiting", 1).await?;
        stage.provider.behave(Manner::Good);
        Ok(())
    };
    let (answer, ()) = tokio::try_join!(asked, served)?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let seen = answer.text();
    ensure!(seen.contains("alice") && !seen.contains("mallory"), "{}", seen.get(..500).unwrap_or(&seen));
    ensure!(seen.matches('x').count() >= body.len(), "all of the body arrived");
    stage
        .until_stats("nobody waits any more", |stats| {
            stats.of_filter().get("keys.waiting").copied().unwrap_or(0) == 0
        })
        .await
}
