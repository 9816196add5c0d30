//! Keys that come and go.

use crate::testbed::{TestBed, ask, configuration, mint, once};
use anyhow::{Result, ensure};
use attache_e2e::envoy::Deadline;
use attache_e2e::provider::{FaultMode, Provider};
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_new_key_is_fetched_when_the_first_token_brings_it() -> Result<()> {
    let (one, two) = (SigningKey::fresh_p256("one")?, SigningKey::fresh_p256("two")?);
    let provider = Provider::start([&one]).await?;
    // Nothing but a token could bring this about within the time of the test.
    let refresh = once();
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    ensure!(testbed.ask(&one).await?.status == 200);
    testbed.provider.serve([&one, &two])?;
    let answer = testbed.ask(&two).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    ensure!(testbed.provider.asked() == 2);
    testbed.until("keys.fetches.updated", 2).await?;
    ensure!(
        testbed
            .envoy
            .log()
            .contains(r#""event":"keys-changed","issuer":"issuer","added":["two"],"removed":[]"#)
    );
    Ok(())
}

#[tokio::test]
async fn a_key_that_takes_the_place_of_another_under_its_kid_is_noticed() -> Result<()> {
    let (one, two) = (SigningKey::fresh_p256("same")?, SigningKey::fresh_p256("same")?);
    let provider = Provider::start([&one]).await?;
    // Only a refuted signature could bring this about within the time of the test.
    let document = configuration(&provider, json!({"refresh": once()}));
    let testbed = TestBed::start(provider, &document).await?;
    ensure!(testbed.ask(&one).await?.status == 200);
    testbed.provider.serve([&two])?;
    let deadline = Deadline::new();
    loop {
        let answer = testbed.ask(&two).await?;
        if answer.status == 200 {
            break;
        }
        ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
        ensure!(deadline.wait().await, "the new key is never noticed\n{}", testbed.envoy.log());
    }
    ensure!(testbed.ask(&one).await?.status == 401);
    Ok(())
}

#[tokio::test]
async fn a_removed_key_is_worth_nothing_in_any_worker_at_once() -> Result<()> {
    let (one, two) = (SigningKey::fresh_p256("one")?, SigningKey::fresh_p256("two")?);
    let provider = Provider::start([&one, &two]).await?;
    let document = configuration(&provider, json!({}));
    let testbed = TestBed::start(provider, &document).await?;
    let token = testbed.token(&one)?;
    // Both workers have it in their cache.
    for _ in 0..20 {
        ensure!(ask(testbed.envoy.address(), &token).await?.status == 200);
    }
    testbed.provider.serve([&two])?;
    testbed.until("keys.fetches.updated", 2).await?;
    for _ in 0..20 {
        let answer = ask(testbed.envoy.address(), &token).await?;
        ensure!(answer.status == 401, "{}", answer.status);
    }
    ensure!(testbed.envoy.log().contains(r#""removed":["one"]"#), "{}", testbed.envoy.log());
    Ok(())
}

#[tokio::test]
async fn a_flood_of_unknown_keys_causes_one_question_in_a_while() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    // A question that fails on a busy machine is not asked again sooner either.
    let refresh =
        json!({"interval": "1h", "timeout": "1s", "minInterval": "2s", "retryAfter": "2s"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    // Where the time to wait is shorter than the time between two questions, most strangers are
    // refused at once.
    testbed.until("keys.fetches.updated", 1).await?;
    ensure!(testbed.ask(&key).await?.status == 200);
    let (issuer, address) = (testbed.provider.issuer(), testbed.envoy.address());
    let start = Instant::now();
    let mut refused = 0_u64;
    let mut flood = tokio::task::JoinSet::new();
    for client in 0..64 {
        let issuer = issuer.clone();
        flood.spawn(async move {
            let mut refused = 0_u64;
            for number in 0.. {
                if start.elapsed() > Duration::from_secs(7) {
                    break;
                }
                let stranger = SigningKey::fresh_p256(&format!("random-{client}-{number}"))?;
                let answer = ask(address, &mint(&issuer, &stranger)?).await?;
                ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
                refused += 1;
            }
            Ok(refused)
        });
    }
    while let Some(done) = flood.join_next().await {
        refused += done??;
    }
    let elapsed = start.elapsed().as_secs_f64();
    let asked = testbed.provider.asked();
    println!(
        "{refused} tokens with random key ids in {elapsed:.1} s: {asked} questions to the provider"
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
    let allowed = (elapsed / 2.0) as u64 + 2;
    ensure!(refused > 100 && asked <= allowed, "{asked} questions, {allowed} allowed");
    ensure!(testbed.ask(&key).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_new_configuration_serves_with_the_keys_of_the_old_one() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let refresh = json!({"interval": "1h", "timeout": "20s", "minInterval": "10s"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    ensure!(testbed.ask(&key).await?.status == 200);
    testbed.provider.set_fault(FaultMode::Status(500, ""));
    let mut next = document.clone();
    next["responses"] = json!({"realm": "next"});
    testbed.envoy.push(&next.to_string()).await?;
    for _ in 0..10 {
        ensure!(testbed.ask(&key).await?.status == 200);
    }
    ensure!(testbed.provider.asked() == 1, "nobody had to ask");
    Ok(())
}

#[tokio::test]
async fn requests_that_wait_outlive_the_configuration_they_came_under() -> Result<()> {
    wait_under_changing_configurations("20s", true).await
}

#[tokio::test]
async fn they_wait_no_longer_for_it() -> Result<()> {
    wait_under_changing_configurations("5s", false).await
}

/// Has requests wait for keys while the configuration is replaced, more than once; then the keys
/// come, or never do.
async fn wait_under_changing_configurations(timeout: &str, keys_come: bool) -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Status(500, ""));
    let refresh =
        json!({"interval": "2s", "timeout": timeout, "retryAfter": "100ms", "minInterval": "1s"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    let (address, token) = (testbed.envoy.address(), testbed.token(&key)?);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let token = token.clone();
        waiting.spawn(async move { ask(address, &token).await });
    }
    testbed.until("keys.waiting", 20).await?;
    for realm in ["one", "two", "three"] {
        let mut next = document.clone();
        next["responses"] = json!({"realm": realm});
        testbed.envoy.push(&next.to_string()).await?;
    }
    if keys_come {
        testbed.provider.set_fault(FaultMode::Good);
    }
    let expected = if keys_come { 200 } else { 503 };
    while let Some(answer) = waiting.join_next().await {
        let answer = answer??;
        ensure!(
            answer.status == expected,
            "{} {}\n{}",
            answer.status,
            answer.text(),
            testbed.envoy.log()
        );
    }
    testbed
        .until_stats("nobody waits any more", |stats| {
            stats.of_filter().get("keys.waiting").copied().unwrap_or(0) == 0
        })
        .await
}
