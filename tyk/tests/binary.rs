//! The program as an operator runs it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{connect, key_folder, minting, outcome, post, session};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use tonic::transport::Endpoint;

fn issuer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_attache-issuer"))
}

fn check(config: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.yaml");
    std::fs::write(&path, config).unwrap();
    issuer().arg("check").arg(&path).output().unwrap()
}

#[test]
fn check_tells_every_problem_and_fails() {
    let output = check("grpc: {}\nhtpp: {}\napis: []\n");
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(told.contains("htpp: key `htpp` is not known; did you mean `http`?"), "{told}");
}

#[test]
fn check_passes_what_serve_would_take() {
    let output = check(&minting(key_folder().path(), ""));
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().ends_with(": good\n"));
}

#[test]
fn serve_without_keys_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.yaml");
    std::fs::write(&path, minting(folder.path(), "")).unwrap();
    let output = issuer().arg("serve").arg(&path).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("openssl genpkey"));
}

// The client must answer to the end of the connection while this thread waits for the log.
#[tokio::test(flavor = "multi_thread")]
async fn serve_logs_json_without_secrets_and_ends_at_sigterm() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let path = folder.path().join("issuer.yaml");
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config =
        minting(keys.path(), "log: {level: DEBUG}").replace("tcp://127.0.0.1:0", &format!("tcp://{address}"));
    std::fs::write(&path, config).unwrap();
    let mut process = issuer().arg("serve").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut logged = String::new();
    while !logged.contains("listening") {
        assert!(output.read_line(&mut logged).unwrap() > 0, "it ended: {logged}");
    }

    let key = "acme5f2a-the-key-itself";
    let mut client = connect(Endpoint::from_shared(format!("http://{address}")).unwrap()).await;
    let answer =
        client.dispatch(post("orders", Some(session(key, &[])), &[("Authorization", key)])).await.unwrap();
    let token = outcome(&answer.into_inner()).unwrap();
    let refused =
        client.dispatch(post("jwt", Some(session(key, &[])), &[("Authorization", key)])).await.unwrap();
    outcome(&refused.into_inner()).unwrap_err();

    assert!(Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap().success());
    output.read_to_string(&mut logged).unwrap();
    assert!(process.wait().unwrap().success());
    for line in logged.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["level"].is_string(), "{line}");
    }
    for line in ["a token was made", "a request gets no token", "ending"] {
        assert!(logged.contains(line), "{line}\n{logged}");
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!logged.contains(key) && !logged.contains(signature), "{logged}");
}
