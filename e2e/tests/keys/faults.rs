//! Every way in which a provider may answer has its outcome, and none that is bad touches the keys
//! that hold.

use crate::testbed::{CLUSTER, TestBed, configuration, once, request};
use anyhow::{Result, ensure};
use attache_e2e::provider::{FaultMode, Provider};
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;

#[tokio::test]
async fn good_answers_in_any_form_are_taken() -> Result<()> {
    for fault in [FaultMode::Good, FaultMode::Etag, FaultMode::Chunked] {
        let key = SigningKey::fresh_p256("one")?;
        let provider = Provider::start([&key]).await?;
        provider.set_fault(fault.clone());
        let document = configuration(&provider, json!({"refresh": once()}));
        let testbed = TestBed::start(provider, &document).await?;
        let answer = testbed.ask(&key).await?;
        ensure!(
            answer.status == 200,
            "{fault:?}: {} {}\n{}",
            answer.status,
            answer.text(),
            testbed.envoy.log()
        );
        testbed.until("keys.fetches.updated", 1).await?;
        ensure!(testbed.provider.asked() == 1, "one worker asks for both");
    }
    Ok(())
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Etag);
    let document = configuration(&provider, json!({}));
    let testbed = TestBed::start(provider, &document).await?;
    testbed.until("keys.fetches.not_modified", 1).await?;
    ensure!(testbed.provider.not_modified() >= 1);
    ensure!(testbed.ask(&key).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn every_bad_answer_has_its_outcome_and_touches_nothing() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let other = SigningKey::fresh_p256("other")?;
    let provider = Provider::start([&key]).await?;
    let refresh =
        json!({"interval": "1s", "timeout": "500ms", "retryAfter": "100ms", "keepFor": "1h"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let mut testbed = TestBed::start(provider, &document).await?;
    testbed.until("keys.fetches.updated", 1).await?;
    // From now on it would serve another key, if only its answers were good.
    testbed.provider.serve([&other])?;
    let location = "location: http://127.0.0.1:1/jwks\r\n";
    let private =
        format!(r#"{{"keys":[{{"d":"AA",{}]}}"#, other.jwk()?.to_string().trim_start_matches('{'));
    // Neighbours differ in their outcome: so an answer that was still on its way is not taken for
    // the next one.
    let cases = [
        (FaultMode::Status(500, ""), "bad_status"),
        (FaultMode::Status(302, location), "redirect"),
        (FaultMode::Status(404, ""), "bad_status"),
        (FaultMode::Body("text/html", b"<html>maintenance</html>".to_vec()), "not_json"),
        (FaultMode::Status(304, ""), "bad_status"),
        (FaultMode::Body("application/json", b"\x00\xff garbage".to_vec()), "not_json"),
        (FaultMode::Body("application/json", vec![b' '; 10 * 1024 * 1024]), "too_large"),
        (FaultMode::Body("application/json", br#"{"keys":[]}"#.to_vec()), "bad_keys"),
        (FaultMode::Gzip, "encoded"),
        (FaultMode::Body("application/json", private.into_bytes()), "bad_keys"),
        (FaultMode::Cut, "no_answer"),
        // Envoy answers for a provider that keeps silent: with 504.
        (FaultMode::Silent, "bad_status"),
    ];
    for (fault, outcome) in cases {
        let name = format!("keys.fetches.{outcome}");
        let before = testbed.count(&name).await?;
        testbed.provider.set_fault(fault.clone());
        if let Err(error) = testbed.until(&name, before + 1).await {
            anyhow::bail!("{fault:?}: {error}");
        }
        let answer = testbed.ask(&key).await?;
        ensure!(answer.status == 200, "{fault:?}: {} {}", answer.status, answer.text());
    }
    let before = testbed.count("keys.fetches.bad_status").await?;
    testbed.provider.stop().await;
    // One may still be of its silence.
    testbed.until("keys.fetches.bad_status", before + 2).await?;
    ensure!(testbed.ask(&key).await?.status == 200, "the last good keys serve on");
    ensure!(testbed.count("keys.fetches.updated").await? == 1);
    testbed.provider.set_fault(FaultMode::Good);
    testbed.provider.start_again()?;
    testbed.until("keys.fetches.updated", 2).await?;
    ensure!(testbed.ask(&other).await?.status == 200);
    ensure!(testbed.ask(&key).await?.status == 401);
    Ok(())
}

#[tokio::test]
async fn discovery_finds_the_keys_and_only_its_own_issuers() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"jwksUri": null, "discovery": true}));
    let testbed = TestBed::start(provider, &document).await?;
    ensure!(testbed.ask(&key).await?.status == 200, "{}", testbed.envoy.log());
    ensure!(testbed.provider.asked_for_document() >= 1);
    drop(testbed);

    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"jwksUri": null, "discovery": true}));
    let issuer = provider.issuer();
    provider.pretend_to_be("http://127.0.0.1:1");
    let testbed = TestBed::start(provider, &document).await?;
    testbed.until("keys.fetches.bad_discovery", 1).await?;
    let token = crate::testbed::mint(&issuer, &key)?;
    let answer = crate::testbed::ask(testbed.envoy.address(), &token).await?;
    ensure!(answer.status == 503, "{}", answer.status);
    ensure!(testbed.provider.asked() == 0, "it is not asked for keys that would be another's");
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
    let testbed = TestBed::start(provider, &document).await?;
    testbed.provider.point_to(&format!("http://{}/admin/reindex", testbed.service.address()));
    testbed.provider.pretend_to_be(&issuer);
    testbed.until_asked_anew().await?;
    ensure!(testbed.service.requests() == 0, "a service was asked for what the provider wants");
    ensure!(testbed.envoy.log().contains("name it in `jwksHosts`"), "{}", testbed.envoy.log());

    let mut document = document;
    let named = serde_json::Value::from(testbed.service.address().to_string());
    document["issuers"][0]["jwksHosts"] = serde_json::Value::Array(vec![named]);
    testbed.envoy.push(&document.to_string()).await?;
    testbed.until("keys.fetches.bad_keys", 1).await?;
    ensure!(testbed.service.requests() >= 1, "a host that is named is asked");
    Ok(())
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_an_outage() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({"cluster": format!("no-{CLUSTER}")}));
    let testbed = TestBed::start(provider, &document).await?;
    testbed.until("keys.fetches.not_sent", 1).await?;
    let answer = testbed.ask(&key).await?;
    ensure!(answer.status == 503 && !answer.values("retry-after").is_empty(), "{}", answer.status);
    ensure!(
        testbed.envoy.log().contains("check that its cluster exists"),
        "{}",
        testbed.envoy.log()
    );
    Ok(())
}

#[tokio::test]
async fn a_body_waits_with_its_request() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Status(500, ""));
    let document = configuration(&provider, json!({}));
    let testbed = TestBed::start(provider, &document).await?;
    let token = testbed.token(&key)?;
    let body = vec![b'x'; 100_000];
    let asked = request(testbed.envoy.address(), "POST", "/orders", &token, &body);
    let served = async {
        testbed.until("keys.waiting", 1).await?;
        testbed.provider.set_fault(FaultMode::Good);
        Ok(())
    };
    let (answer, ()) = tokio::try_join!(asked, served)?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let seen = answer.text();
    ensure!(
        seen.contains("alice") && !seen.contains("mallory"),
        "{}",
        seen.get(..500).unwrap_or(&seen)
    );
    ensure!(seen.matches('x').count() >= body.len(), "all of the body arrived");
    testbed
        .until_stats("nobody waits any more", |stats| {
            stats.of_filter().get("keys.waiting").copied().unwrap_or(0) == 0
        })
        .await
}
