//! Bad moments under a steady load: two issuers behind one name, as the deployment has them.

use crate::load::{Load, Seen};
use crate::names;
use crate::process::free_address;
use crate::program::Program;
use crate::service::echo;
use crate::tyk::Tyk;
use attache_test_issuer::{ISSUER, add_key, key_folder};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

/// How long a fault lasts that ends by itself.
const FAULT: Duration = Duration::from_secs(3);

fn config(grpc: SocketAddr, http: SocketAddr, keys: &Path) -> String {
    format!(
        r#"
grpc: {{listen: "tcp://{grpc}"}}
http: {{listen: "{http}"}}
drain: 5s
mint:
  issuer: {ISSUER}
  lifetime: 10s
  keys: {{folder: {keys:?}, poll: 100ms, publishBefore: 1s}}
apis:
- {{id: orders, audiences: [mesh], credential: {{headers: [x-api-key], params: [api_key]}}}}
"#
    )
}

struct Place {
    tyk: Tyk,
    issuers: Vec<Program>,
    key: String,
    keys: tempfile::TempDir,
    _folders: Vec<tempfile::TempDir>,
}

impl Place {
    async fn build() -> Self {
        let keys = key_folder();
        let addresses = [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)];
        let names = names::serve(addresses.to_vec()).await;
        let port = free_address().port();
        let (mut issuers, mut folders) = (Vec::new(), Vec::new());
        for address in addresses {
            let (folder, http) = (tempfile::tempdir().unwrap(), free_address());
            let config = config((address, port).into(), http, keys.path());
            issuers.push(Program::start(folder.path(), &config, http).await);
            folders.push(folder);
        }
        let tyk = Tyk::start(&format!("dns://{names}/issuer.test:{port}"), json!({})).await;
        let service = echo().await;
        tyk.add_api("classic/api-key.json", service, |_| {}).await;
        tyk.reload().await;
        let session = json!({
            "org_id": "acme", "alias": "load", "rate": -1, "per": -1, "quota_max": -1,
            "access_rights": {"orders": {"api_id": "orders", "api_name": "Orders", "versions": ["Default"]}}
        });
        let key = tyk.key_of(&session).await;
        Self { tyk, issuers, key, keys, _folders: folders }
    }

    /// Has the load go on beside a fault, from before it to after it.
    async fn under_load(&mut self, what: &str, fault: impl AsyncFnOnce(&mut Self)) -> Seen {
        let load = Load::start(self.tyk.address, &self.key);
        load.pass(100).await;
        fault(self).await;
        load.pass(300).await;
        let seen = load.end().await;
        println!("{what:<44} {seen}");
        seen
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Tyk and Redis: run scripts/test-tyk"]
async fn what_happens_to_one_issuer_is_not_felt_where_there_are_two() {
    let mut place = Place::build().await;
    let calm = place.under_load("nothing", async |_| {}).await;
    assert_eq!(calm.failed(), 0, "{calm}\n{}", place.tyk.errors());

    let term = place
        .under_load("one issuer is told to end, and comes back", async |place| {
            place.issuers[0].process.signal("-TERM");
            place.issuers[0].again().await;
        })
        .await;
    assert_eq!(term.failed(), 0);

    let rotate = place
        .under_load("the keys rotate", async |place| {
            add_key(place.keys.path(), "2026-02.pem");
            for issuer in &place.issuers {
                while !issuer.get("/metrics").await.contains("attache_issuer_published_keys 2") {}
            }
        })
        .await;
    assert_eq!(rotate.failed(), 0);

    let stop = place
        .under_load("one issuer is stopped for 3 s", async |place| {
            place.issuers[0].process.signal("-STOP");
            tokio::time::sleep(FAULT).await;
            place.issuers[0].process.signal("-CONT");
        })
        .await;
    assert_eq!(stop.failed(), 0, "they wait, and are answered");

    // What it had in hand is lost, and nothing besides: each client has one request at a time.
    let kill = place
        .under_load("one issuer is killed, and comes back", async |place| {
            place.issuers[0].process.signal("-KILL");
            place.issuers[0].again().await;
        })
        .await;
    assert!(kill.failed() <= 16, "{kill}");

    let redis = place
        .under_load("Redis is away for 3 s, and comes back empty", async |place| {
            place.tyk.without_redis(tokio::time::sleep(FAULT)).await;
            place.restore_key().await;
        })
        .await;
    assert!(
        redis.statuses.keys().all(|status| matches!(status, 200 | 400 | 403 | 500 | 503)),
        "{redis}"
    );
}

impl Place {
    /// Makes the key again that an empty store has not: the load has it still.
    async fn restore_key(&mut self) {
        let session = json!({
            "org_id": "acme", "alias": "load", "rate": -1, "per": -1, "quota_max": -1,
            "access_rights": {"orders": {"api_id": "orders", "api_name": "Orders", "versions": ["Default"]}}
        });
        self.tyk.restore(&self.key, &session).await;
    }
}

/// Bodies of every size come through or are told why not, and harm nobody.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Tyk and Redis: run scripts/test-tyk"]
async fn a_body_comes_through_whole_or_is_told_to_be_too_large() {
    let place = Place::build().await;
    let headers = [("x-api-key", place.key.as_str())];
    for (length, status) in
        [(1, 200), (100_000, 200), (5 << 20, 200), (8_300_000, 200), (9 << 20, 413)]
    {
        let body = "x".repeat(length);
        let answer = place.tyk.send("POST", "/orders/list", &headers, Some(&body)).await;
        assert_eq!(answer.status, status, "{length}: {}", answer.body);
        let expected = length.to_string();
        match status {
            200 => assert_eq!(answer.saw("content-length"), Some(expected.as_str())),
            _ => assert_eq!(answer.body["type"], "request-too-large"),
        }
    }
}
