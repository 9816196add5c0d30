//! Keys rotate under load.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_test_issuer::{Issuer, add_key, key_folder, minting, outcome, post, session, verify};
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

#[derive(Default)]
struct Load {
    stop: AtomicBool,
    tokens: AtomicU64,
    /// The keys whose tokens were seen.
    signing: Mutex<BTreeSet<String>>,
}

/// Every token that the gateway was given verifies with the key set that was published before the
/// token was asked for: a verifier that fetches now and then never meets a key that it can't know.
#[tokio::test(flavor = "multi_thread")]
async fn every_token_verifies_with_the_keys_published_before_it() {
    let keys = key_folder();
    let issuer = Arc::new(Issuer::start(&minting(keys.path(), "")).await);
    let load = Arc::new(Load::default());
    let mut workers = JoinSet::new();
    for worker in 0..4 {
        let (issuer, load) = (Arc::clone(&issuer), Arc::clone(&load));
        workers.spawn(async move {
            let mut client = issuer.client().await;
            while !load.stop.load(Ordering::Relaxed) {
                let (_, before) = issuer.get("/jwks.json").await;
                let key = format!("{worker}-{}", load.tokens.fetch_add(1, Ordering::Relaxed));
                let object = post("orders", Some(session(&key, &[])), &[]);
                let token = outcome(&client.dispatch(object).await.unwrap().into_inner()).unwrap();
                verify(&before, &token).unwrap();
                load.signing.lock().unwrap().insert(signing_key(&token));
            }
        });
    }

    for round in 2..=4 {
        let name = |round: u32| format!("2026-{round:02}.pem");
        add_key(keys.path(), &name(round));
        // Until the load has met the new key; a worker that failed is not waited for.
        while load.signing.lock().unwrap().len() < usize::try_from(round).unwrap() {
            assert!(workers.try_join_next().is_none(), "a worker ended");
            issuer.get("/healthz").await;
        }
        fs::remove_file(keys.path().join(name(round - 1))).unwrap();
    }
    load.stop.store(true, Ordering::Relaxed);
    workers.join_all().await;
    let used = load.signing.lock().unwrap().clone();
    assert_eq!(used.len(), 4);
    // They signed a moment ago: all are still published.
    let (_, jwks) = issuer.get("/jwks.json").await;
    assert!(used.iter().all(|kid| jwks.contains(kid.as_str())), "{jwks}");
    println!("{} tokens, {} keys", load.tokens.load(Ordering::Relaxed), used.len());
}

fn signing_key(token: &str) -> String {
    jwt_simple::token::Token::decode_metadata(token).unwrap().key_id().unwrap().to_owned()
}
