//! Scenarios on real gateways.

use crate::cluster::Cluster;
use crate::process::Process;
use crate::scenario::{Meanwhile, Scenario};
use crate::{clean, faults};
use attache_test_issuer::{Issuer, key_folder, minting};
use attache_tyk_limits::drive::{Course, TIMEOUT, drive};
use attache_tyk_limits::hosts::Hosts;
use attache_tyk_limits::record::Record;
use axum::Router;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many scenarios run at once.
const AT_ONCE: usize = 4;

/// Between two writings of a key.
const UPDATE_EVERY: Duration = Duration::from_millis(300);

/// A run is long over by then.
const LASTS: Duration = Duration::from_secs(600);

/// How long Redis lives where it ends.
const REDIS_LASTS: Duration = Duration::from_millis(6500);

/// Returns the file with what was answered.
pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(format!("{name}.json"))
}

#[test]
#[ignore = "needs Tyk and Redis: run scripts/test-tyk"]
fn gateways_are_judged_as_they_are() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let upstream = runtime.block_on(serve());
    let keys = key_folder();
    let issuer = runtime.block_on(Issuer::start(&minting(keys.path(), "")));
    let issuer = issuer.grpc.unwrap();
    let only = std::env::var("ATTACHE_SCENARIO").unwrap_or_default();
    let mut scenarios = clean::scenarios();
    scenarios.extend(faults::scenarios());
    scenarios.retain(|scenario| scenario.name.contains(&only));
    let count = scenarios.len();
    let left = Mutex::new(scenarios);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(count) {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = left.lock().unwrap().pop() else { return };
                    let record = run(&scenario, upstream, issuer);
                    let judged = std::panic::catch_unwind(|| scenario.assert_judged(&record));
                    let word = if judged.is_ok() { "as it must be" } else { "OTHERWISE" };
                    println!("{:<26}{word}: {:?}", scenario.name, scenario.judge(&record).running);
                    if judged.is_err() {
                        failures.lock().unwrap().push(scenario.name.clone());
                    }
                    if std::env::var_os("ATTACHE_RECORD").is_some() {
                        let text = serde_json::to_string(&record).unwrap().replace("},{", "},\n{");
                        std::fs::write(file(&scenario.name), text + "\n").unwrap();
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    println!("{count} scenarios on real gateways, {} otherwise than they must be", failures.len());
    assert!(failures.is_empty(), "{failures:?}");
}

/// Starts the gateways of a scenario, sends its plan, and returns what came back.
fn run(scenario: &Scenario, upstream: SocketAddr, issuer: SocketAddr) -> Record {
    let mut cluster = Cluster::start(scenario, upstream, scenario.has_issuer.then_some(issuer));
    let session = &scenario.real.session;
    let keys = [cluster.key(session), cluster.key(session)];
    let urls: Vec<String> = cluster
        .gateways
        .iter()
        .take(scenario.urls)
        .map(|address| format!("http://{address}"))
        .collect();
    let targets = [(scenario.target(), scenario.plan())];
    let course = Course {
        urls: &urls,
        hosts: &Hosts::default(),
        targets: &targets,
        keys: &keys,
        seed: 7,
        until: LASTS,
        timeout: TIMEOUT,
    };
    let mut stores = std::mem::take(&mut cluster.stores);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if let Meanwhile::KeyUpdates { is_quiet } = scenario.meanwhile {
            let (cluster, keys, is_done) = (&cluster, &keys, &is_done);
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    for key in keys {
                        cluster.update(key, session, is_quiet);
                    }
                    std::thread::sleep(UPDATE_EVERY);
                }
            });
        }
        if scenario.meanwhile == Meanwhile::RedisEnds {
            scope.spawn(|| {
                std::thread::sleep(REDIS_LASTS);
                stores.iter_mut().for_each(Process::end);
            });
        }
        let record = drive(course, &|_| ());
        is_done.store(true, Ordering::Relaxed);
        record.unwrap()
    })
}

/// Starts the service behind the gateways; it ends with the runtime.
async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async || "fine");
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}
