//! A provider that is not there.

use crate::testbed::{TestBed, configuration, quick, request};
use anyhow::{Result, ensure};
use attache_e2e::envoy::Deadline;
use attache_e2e::http1::Response;
use attache_e2e::provider::{FaultMode, Provider};
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;

#[tokio::test]
async fn requests_wait_for_the_first_keys() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let mut provider = Provider::start([&key]).await?;
    let document = configuration(&provider, json!({}));
    provider.stop().await;
    let mut testbed = TestBed::start(provider, &document).await?;
    let address = testbed.envoy.address();
    let token = testbed.token(&key)?;
    let waiting =
        tokio::spawn(async move { request(address, "GET", "/orders", &token, &[]).await });
    testbed.until("keys.waiting", 1).await?;
    testbed.provider.start_again()?;
    let answer = waiting.await??;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    Ok(())
}

#[tokio::test]
async fn they_do_not_wait_for_ever() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Silent);
    let mut refresh = quick();
    refresh["timeout"] = json!("2s");
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    let answer = testbed.ask(&key).await?;
    ensure!(answer.status == 503, "{}", answer.status);
    ensure!(answer.text().contains("keys-unavailable"), "{}", answer.text());
    ensure!(answer.values("retry-after").len() == 1);
    ensure!(testbed.count("keys.waiting").await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_does_no_harm() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Status(500, ""));
    let document = configuration(&provider, json!({}));
    let testbed = TestBed::start(provider, &document).await?;
    let address = testbed.envoy.address();
    for _ in 0..5 {
        let token = testbed.token(&key)?;
        let waiting =
            tokio::spawn(async move { request(address, "GET", "/orders", &token, &[]).await });
        testbed.until("keys.waiting", 1).await?;
        waiting.abort();
        testbed
            .until_stats("it left", |stats| {
                stats.of_filter().get("keys.waiting").copied().unwrap_or(0) == 0
            })
            .await?;
    }
    testbed.provider.set_fault(FaultMode::Good);
    ensure!(testbed.ask(&key).await?.status == 200, "{}", testbed.envoy.log());
    Ok(())
}

#[tokio::test]
async fn after_keep_for_each_rule_fails_as_it_says() -> Result<()> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    let mut refresh = quick();
    refresh["interval"] = json!("1s");
    refresh["keepFor"] = json!("3s");
    refresh["timeout"] = json!("300ms");
    let mut document =
        configuration(&provider, json!({"refresh": refresh, "onKeysUnavailable": "DENY"}));
    document["policies"] = json!([{"name": "shop", "rules": [
        {"name": "browse", "to": [{"paths": ["/catalogue/{**}"]}], "onKeysUnavailable": "ALLOW"},
        {"name": "buy", "to": [{"paths": ["/orders"]}]},
    ]}]);
    let mut testbed = TestBed::start(provider, &document).await?;
    let token = testbed.token(&key)?;
    let address = testbed.envoy.address();
    let get = |path: &'static str| request(address, "GET", path, &token, &[]);
    until_answered(&get, 200).await?;
    testbed.provider.stop().await;
    until_answered(&get, 503).await?;
    let open = get("/catalogue/a").await?;
    ensure!(open.status == 200, "{} {}", open.status, open.text());
    let seen = open.text();
    ensure!(
        !seen.contains("mallory") && !seen.contains("alice") && !seen.contains("Bearer"),
        "{seen}"
    );
    // Whether any rule would be for this path is not told to whom nobody vouches for.
    ensure!(get("/elsewhere").await?.status == 503);
    testbed.until("requests.unverified", 1).await?;
    ensure!(
        testbed.envoy.log().contains(r#""unverified":"keys-unavailable""#),
        "{}",
        testbed.envoy.log()
    );
    testbed.until_logged("why it went on", |line| line["unverified"] == "keys-unavailable").await?;
    // And back.
    testbed.provider.start_again()?;
    testbed.until("keys.fetches.updated", 2).await?;
    until_answered(&get, 200).await
}

/// Waits until all workers answer so: each looks at the age of its keys once a second, so one may
/// still serve when the other does no more.
async fn until_answered<F: Future<Output = Result<Response>>>(
    get: &impl Fn(&'static str) -> F,
    status: u16,
) -> Result<()> {
    let deadline = Deadline::new();
    let mut in_a_row = 0_u32;
    while in_a_row < 20 {
        let answer = get("/orders").await?;
        if answer.status == status {
            in_a_row = in_a_row.saturating_add(1);
            continue;
        }
        in_a_row = 0;
        ensure!(matches!(answer.status, 200 | 503), "{} {}", answer.status, answer.text());
        ensure!(deadline.wait().await, "never answered with {status}");
    }
    Ok(())
}
