//! Requests that wait for keys, more of them than there are places.

use crate::testbed::{TestBed, ask_from, configuration};
use anyhow::{Result, ensure};
use attache_e2e::envoy::Deadline;
use attache_e2e::provider::Provider;
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;
use std::net::Ipv4Addr;
use tokio::task::JoinSet;

/// The places of both workers.
const MAX_PENDING: u64 = 512;

/// How many requests come at once, and how many at most.
const BATCH: u64 = 100;
const MOST: u64 = 4_000;

#[tokio::test]
async fn a_flood_of_unknown_keys_keeps_no_other_peer_waiting_in_vain() -> Result<()> {
    let [old, new, unknown] = ["old", "new", "unknown"].map(SigningKey::fresh_p256);
    let (old, new, unknown) = (old?, new?, unknown?);
    let provider = Provider::start([&old]).await?;
    // Long enough for the flood to come in before the provider may be asked again.
    let refresh =
        json!({"interval": "1h", "timeout": "40s", "minInterval": "20s", "keepFor": "1h"});
    let document = configuration(&provider, json!({"refresh": refresh}));
    let testbed = TestBed::start(provider, &document).await?;
    testbed.until("keys.fetches.updated", 1).await?;

    let (address, token) = (testbed.envoy.address(), testbed.token(&unknown)?);
    let (mut flood, mut statuses, mut sent) = (JoinSet::new(), Vec::new(), 0);
    // Which worker gets a connection is the kernel's choice: on until both are full.
    while testbed.count("keys.waiting").await? < MAX_PENDING {
        ensure!(
            sent < MOST,
            "the room does not fill: {:?}",
            testbed.envoy.stats().await?.of_filter()
        );
        for _ in 0..BATCH {
            let token = token.clone();
            flood.spawn(async move { ask_from(Ipv4Addr::LOCALHOST, address, &token).await });
        }
        sent = sent.saturating_add(BATCH);
        let deadline = Deadline::new();
        loop {
            while let Some(answer) = flood.try_join_next() {
                let answer = answer??;
                // What finds no place is told so, and is not told that its key is unknown.
                ensure!(
                    answer.status == 503 && !answer.values("retry-after").is_empty(),
                    "{}",
                    answer.status
                );
                statuses.push(answer.status);
            }
            if testbed.count("keys.waiting").await?.saturating_add(statuses.len() as u64) >= sent {
                break;
            }
            ensure!(deadline.wait().await, "requests are neither answered nor do they wait");
        }
    }
    ensure!(!statuses.is_empty(), "all found a place");

    // Somebody else gets a place, though all are taken, and then what the provider has published
    // meanwhile.
    let good = testbed.token(&new)?;
    let asked = ask_from(Ipv4Addr::new(127, 0, 0, 2), address, &good);
    testbed.provider.serve([&old, &new])?;
    let answer = asked.await?;
    ensure!(
        answer.status == 200,
        "{} {}
{}",
        answer.status,
        answer.text(),
        testbed.envoy.log()
    );
    while let Some(answer) = flood.join_next().await {
        statuses.push(answer??.status);
    }
    let of = |wanted: u16| statuses.iter().filter(|&&status| status == wanted).count() as u64;
    // Those that waited have learned that the provider has no such key; one of them gave its place
    // away.
    ensure!(of(401) == MAX_PENDING.saturating_sub(1), "{}", of(401));
    ensure!(of(503) == sent.saturating_sub(of(401)), "{}", of(503));
    Ok(())
}
