//! What goes on beside requests: keys are looked for, old tokens dropped, and the process shows
//! that it works.

use crate::heartbeat;
use crate::http::HttpState;
use crate::keys::Keys;
use crate::metrics::{Metrics, Reload};
use serde_json::Map;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often kept tokens that are of no use are dropped.
const SWEEP: Duration = Duration::from_secs(10);

/// Drops kept tokens that are given out no more.
pub async fn sweep(state: Arc<HttpState>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for exchanger in &state.exchangers {
            exchanger.sweep();
        }
        if let Some(minting) = &state.minting {
            minting.minter.sweep();
        }
    }
}

/// Shows that threads are left to work with, by doing what a request needs.
pub async fn beat(state: Arc<HttpState>) {
    let mut ticks = interval(heartbeat::BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let signer =
            state.minting.as_ref().map(|minting| Arc::clone(&minting.keys.current().signer));
        let work = tokio::task::spawn_blocking(move || {
            signer.is_none_or(|key| key.sign(Map::new()).is_ok())
        });
        if work.await.is_ok_and(|done| done) {
            state.heartbeat.beat();
        }
    }
}

/// Looks into the key folder again and again, and lets time tell which key signs.
pub async fn keys(keys: Arc<Keys>, poll: Duration, metrics: Arc<Metrics>) {
    let mut ticks = interval(poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut signing = keys.current().signer.key_id().to_owned();
    let published: Vec<_> = keys.current().key_ids.iter().cloned().collect();
    tracing::info!(kid = signing, published = published.join(", "), "signing");
    // The first tick is now, when the keys have just been read.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let reloading = Arc::clone(&keys);
        let mut reading = tokio::task::spawn_blocking(move || reloading.reload());
        let reloaded = loop {
            // One thread waits for a disk that hangs, however long that takes.
            match timeout(poll.max(Duration::from_secs(1)), &mut reading).await {
                Ok(reloaded) => break reloaded,
                Err(_) => {
                    metrics.reloaded(Reload::Late);
                    tracing::error!("the key folder does not answer; the keys stay as they are");
                }
            }
        };
        let Ok(reloaded) = reloaded else { continue };
        metrics.reloaded(if reloaded.is_ok() { Reload::Taken } else { Reload::Refused });
        match reloaded {
            Ok(changes) if changes.added.is_empty() && changes.removed.is_empty() => {}
            Ok(changes) => {
                let (added, removed) = (changes.added.join(", "), changes.removed.join(", "));
                tracing::info!(added, removed, "the published keys changed");
            }
            Err(error) => {
                tracing::error!(%error, "the key folder can't be used; the keys stay as they are")
            }
        }
        let now = keys.current().signer.key_id().to_owned();
        if now != signing {
            tracing::info!(kid = now, before = signing, "another key signs");
            signing = now;
        }
    }
}
