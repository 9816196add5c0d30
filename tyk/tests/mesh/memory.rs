//! What the program holds in memory: with many tokens, and with large bodies.

use crate::process::free_address;
use crate::program::Program;
use attache_issuer::proto::dispatcher_client::DispatcherClient;
use attache_test_issuer::raw::large;
use attache_test_issuer::{ISSUER, connect, key_folder, outcome, post, session};
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

const TOKENS: usize = 100_000;

/// What the system says of the program, in MiB: now, and the most so far.
fn memory(issuer: &Program) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", issuer.process.id())).unwrap();
    let lines: BTreeMap<_, _> = status.lines().filter_map(|line| line.split_once(':')).collect();
    let mib =
        |name: &str| lines[name].trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024;
    (mib("VmRSS"), mib("VmHWM"))
}

fn tell(what: &str, issuer: &Program) {
    let (now, most) = memory(issuer);
    println!("{what:<44}{now:>8}{most:>8}");
}

async fn bodies(
    client: &DispatcherClient<Channel>,
    number: usize,
    mib: usize,
) -> BTreeMap<i32, usize> {
    let mut requests = JoinSet::new();
    for _ in 0..number {
        let mut client = client.clone();
        requests.spawn(async move {
            let answer =
                client.dispatch(large("orders", (mib << 20) - 4096)).await.unwrap().into_inner();
            answer.request.unwrap().return_overrides.unwrap().response_code
        });
    }
    let mut answers = BTreeMap::new();
    for status in requests.join_all().await {
        *answers.entry(status.max(0)).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: run scripts/bench-tyk memory"]
async fn what_the_issuer_holds() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let (grpc, http) = (free_address(), free_address());
    let config = format!(
        r#"
grpc: {{listen: "tcp://{grpc}", timeout: 60s}}
http: {{listen: "{http}"}}
mint:
  issuer: {ISSUER}
  lifetime: 1h
  keys: {{folder: {:?}}}
  claims: [{{claim: org_id, from: ORG_ID}}]
  roles: {{policies: {{p-read: [reader], p-write: [reader, writer]}}}}
apis: [{{id: orders, audiences: [mesh]}}]
"#,
        keys.path()
    );
    let issuer = Program::start(folder.path(), &config, http).await;
    println!("{:<44}{:>8}{:>8}", "MiB", "now", "most");
    tell("at the start", &issuer);
    let client = connect(Endpoint::from_shared(format!("http://{grpc}")).unwrap()).await;
    let mut sessions = JoinSet::new();
    for part in 0..16 {
        let mut client = client.clone();
        sessions.spawn(async move {
            for number in (part..TOKENS).step_by(16) {
                let mut session = session(&format!("acme{number:032x}"), &["p-read", "p-write"]);
                session.alias = format!("session-{number}");
                let answer = client.dispatch(post("orders", Some(session), &[])).await.unwrap();
                outcome(&answer.into_inner()).unwrap();
            }
        });
    }
    sessions.join_all().await;
    let metrics = issuer.get("/metrics").await;
    let kept = metrics
        .lines()
        .find(|line| line.starts_with("attache_issuer_kept_tokens"))
        .unwrap()
        .to_owned();
    tell(&format!("{TOKENS} sessions ({kept})"), &issuer);
    for (number, mib) in [(64, 4), (128, 8)] {
        let answers = bodies(&client, number, mib).await;
        tell(&format!("{number} bodies of {mib} MiB at once: {answers:?}"), &issuer);
    }
}
