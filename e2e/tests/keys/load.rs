//! Steady load, keys that rotate every few seconds, and a provider that is away for a third of the
//! time.

use crate::testbed::{TestBed, ask, configuration, mint};
use anyhow::{Result, ensure};
use attache_e2e::provider::Provider;
use attache_test_fixtures::keys::SigningKey;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Requests that are on their way at any time: first with good tokens, then with tokens whose key
/// is gone. The latter wait, as any token with an unknown key id, so they must not keep the former
/// waiting here.
const CLIENTS: [usize; 2] = [6, 4];

/// A key, its token, and what is known of it.
struct Pass {
    key: SigningKey,
    token: String,
    /// The provider serves it.
    published: AtomicBool,
    /// A set that lacks it has been fetched.
    gone: AtomicBool,
}

#[derive(Default)]
struct Counts {
    good: AtomicU64,
    good_refused: AtomicU64,
    gone: AtomicU64,
    gone_accepted: AtomicU64,
    /// The key came or went while the request was on its way: either answer is right.
    undecided: AtomicU64,
    first_failure: Mutex<Option<String>>,
}

type Passes = Arc<Mutex<Vec<Arc<Pass>>>>;

#[tokio::test]
async fn rotation_and_outages_go_unnoticed() -> Result<()> {
    let seconds =
        std::env::var("ATTACHE_KEYS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let provider = Provider::start([]).await?;
    let issuer = provider.issuer();
    let first = pass(&issuer, 0)?;
    provider.serve([&first.key])?;
    first.published.store(true, SeqCst);
    let document = configuration(&provider, json!({}));
    let mut testbed = TestBed::start(provider, &document).await?;
    // Each rotation waits for the update that it brings about: the first set is not to be taken for
    // that.
    testbed.until("keys.fetches.updated", 1).await?;

    let end = Instant::now() + Duration::from_secs(seconds);
    let passes: Passes = Arc::new(Mutex::new(vec![first]));
    let counts = Arc::new(Counts::default());
    let mut clients = tokio::task::JoinSet::new();
    for (good, count) in [true, false].into_iter().zip(CLIENTS) {
        for _ in 0..count {
            clients.spawn(client(
                testbed.envoy.address(),
                Arc::clone(&passes),
                good,
                Arc::clone(&counts),
                end,
            ));
        }
    }
    let (mut rotations, mut away) = (0_u64, Duration::ZERO);
    while Instant::now() < end {
        let round = Instant::now();
        rotations += 1;
        rotate(&testbed, &passes, rotations).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let stopped = Instant::now();
        testbed.provider.stop().await;
        // Half as long as it was there: a third of the round, however long a busy machine takes for
        // it.
        tokio::time::sleep(Duration::from_millis(1500).max(round.elapsed() / 2)).await;
        testbed.provider.start_again()?;
        away += stopped.elapsed();
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    let count = |counter: &AtomicU64| counter.load(SeqCst);
    let stats = testbed.envoy.stats().await?;
    let fetches =
        stats.of_filter().into_iter().filter(|(name, _)| name.starts_with("keys.fetches."));
    println!(
        "{seconds} s, {rotations} rotations, provider away for {:.0} s, asked {} times\n\
         good tokens: {} requests, {} not answered with 200\n\
         tokens whose key is gone: {} requests, {} answered with 200\n\
         while a key came or went: {}\n{:?}",
        away.as_secs_f64(),
        testbed.provider.asked(),
        count(&counts.good),
        count(&counts.good_refused),
        count(&counts.gone),
        count(&counts.gone_accepted),
        count(&counts.undecided),
        fetches.collect::<Vec<_>>(),
    );
    let failure = counts.first_failure.lock().ok().and_then(|failure| failure.clone());
    ensure!(
        count(&counts.good_refused) == 0 && count(&counts.gone_accepted) == 0,
        "{}\n{failure:?}",
        testbed.envoy.log()
    );
    ensure!(
        count(&counts.good) > 100 && count(&counts.gone) > 10 && rotations >= 2,
        "the load was no load"
    );
    Ok(())
}

fn pass(issuer: &str, number: u64) -> Result<Arc<Pass>> {
    let key = SigningKey::fresh_p256(&format!("key-{number}"))?;
    let token = mint(issuer, &key)?;
    Ok(Arc::new(Pass {
        key,
        token,
        published: AtomicBool::new(false),
        gone: AtomicBool::new(false),
    }))
}

/// A new key comes, the oldest of three goes, and the set without it is fetched.
async fn rotate(testbed: &TestBed, passes: &Passes, number: u64) -> Result<()> {
    let new = pass(&testbed.provider.issuer(), number)?;
    let (served, leaving): (Vec<_>, Vec<_>) = {
        let mut passes = passes.lock().unwrap();
        passes.push(new);
        // Those that went long ago go on being tried, but not all of them.
        let excess = passes.len().saturating_sub(6);
        passes.drain(..excess);
        let from = passes.len().saturating_sub(2);
        let (old, served) = passes.split_at(from);
        (served.to_vec(), old.iter().filter(|pass| !pass.gone.load(SeqCst)).cloned().collect())
    };
    for pass in &leaving {
        pass.published.store(false, SeqCst);
    }
    let updates = testbed.count("keys.fetches.updated").await?;
    testbed.provider.serve(served.iter().map(|pass| &pass.key))?;
    for pass in &served {
        pass.published.store(true, SeqCst);
    }
    testbed.until("keys.fetches.updated", updates.saturating_add(1)).await?;
    for pass in &leaving {
        pass.gone.store(true, SeqCst);
    }
    Ok(())
}

async fn client(
    address: SocketAddr,
    passes: Passes,
    good: bool,
    counts: Arc<Counts>,
    end: Instant,
) -> Result<()> {
    for turn in 0_usize.. {
        if Instant::now() >= end {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let pass = {
            let passes = passes.lock().unwrap();
            let fit: Vec<_> =
                passes.iter().filter(|pass| pass.published.load(SeqCst) == good).collect();
            match turn.checked_rem(fit.len()) {
                None => continue,
                Some(index) => Arc::clone(fit[index]),
            }
        };
        let (published, gone) = (pass.published.load(SeqCst), pass.gone.load(SeqCst));
        let answer = ask(address, &pass.token).await?;
        let status = answer.status;
        let (total, wrong, is_wrong) = match (published, gone) {
            (true, _) if pass.published.load(SeqCst) => {
                (&counts.good, &counts.good_refused, status != 200)
            }
            (_, true) => (&counts.gone, &counts.gone_accepted, status == 200),
            _ => (&counts.undecided, &counts.undecided, false),
        };
        total.fetch_add(1, SeqCst);
        if is_wrong {
            wrong.fetch_add(1, SeqCst);
            let mut first = counts.first_failure.lock().unwrap();
            first.get_or_insert_with(|| {
                let text = answer.text();
                format!(
                    "{status} {text} for {} (published {published}, gone {gone})",
                    pass.key.name()
                )
            });
        }
    }
    Ok(())
}
