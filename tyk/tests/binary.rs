//! The program as an operator runs it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use attache_issuer::proto::dispatcher_client::DispatcherClient;
use common::{connect, key_folder, minting, outcome, post, session};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use tonic::transport::{Channel, Endpoint};

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
fn check_looks_at_every_file_and_variable_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("empty"), " \n").unwrap();
    let config = format!(
        r#"
grpc: {{listen: "tcp://127.0.0.1:0", tls: {{certFile: {empty:?}, keyFile: {none:?}}}}}
htpp: {{}}
mint: {{issuer: https://t, keys: {{folder: {folder:?}}}}}
providers:
- {{name: a, issuer: i, tokenEndpoint: "https://kc/t", clientId: c, clientSecret: {{file: {empty:?}}}, caFile: {none:?}}}
- {{name: b, issuer: i, tokenEndpoint: "https://kc/t", clientId: c, clientSecret: {{env: ATTACHE_NOT_SET}}}}
apis: [{{id: orders, audiences: [mesh]}}]
"#,
        empty = at("empty"),
        none = at("none"),
        folder = folder.path(),
    );
    let output = check(&config);
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    for (place, what) in [
        ("htpp: ", "is not known"),
        ("grpc.tls.certFile: ", "holds no PEM `CERTIFICATE`"),
        ("grpc.tls.keyFile: ", "can't read"),
        ("mint.keys.folder: ", "openssl genpkey"),
        ("providers[0].caFile: ", "can't read"),
        ("providers[0].clientSecret.file: ", "is empty"),
        ("providers[1].clientSecret.env: ", "`ATTACHE_NOT_SET` is not set"),
    ] {
        let line = told.lines().find(|line| line.starts_with(place));
        assert!(line.is_some_and(|line| line.contains(what)), "{place}{what}\n{told}");
    }
    assert_eq!(told.lines().count(), 7, "{told}");
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
    let config = minting(keys.path(), "log: {level: DEBUG, issued: true}")
        .replace("tcp://127.0.0.1:0", &format!("tcp://{address}"));
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
        let fields: Value = serde_json::from_str(line).unwrap();
        assert!(fields["level"].is_string(), "{line}");
        for (name, value) in fields.as_object().unwrap() {
            let value = value.as_str().unwrap_or_default();
            let debug = ["Tcp(", "Some(", "{\"", "[\""].iter().any(|sign| value.contains(sign));
            assert!(!debug, "{name} is written for programmers: {line}");
        }
    }
    let version = format!(r#""version":"{}""#, env!("CARGO_PKG_VERSION"));
    assert!(logged.contains(&version), "{logged}");
    for line in ["a token was made", "a request gets no token", "ending"] {
        assert!(logged.contains(line), "{line}\n{logged}");
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!logged.contains(key) && !logged.contains(signature), "{logged}");
}

/// What clients do does not fill the log: a thousand sessions, and a thousand requests that get no token.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_a_handful_of_lines_and_a_count() {
    let keys = key_folder();
    let mut process = Serving::start(&minting(keys.path(), ""));
    let mut client = process.client().await;
    for number in 0..1000 {
        let session = session(&format!("k{number}"), &[]);
        let answer = client.dispatch(post("orders", Some(session), &[])).await.unwrap();
        outcome(&answer.into_inner()).unwrap();
        outcome(&client.dispatch(post("orders", None, &[])).await.unwrap().into_inner()).unwrap_err();
    }
    let logged = process.end();
    assert!(!logged.contains("a token was made"), "{logged}");
    let refused: Vec<Value> = (logged.lines())
        .filter(|line| line.contains("a request gets no token"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!refused.is_empty() && refused.len() < 500, "{} lines", refused.len());
    assert!(refused.iter().all(|line| line["left_out"].is_u64()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_holds_up_no_request() {
    let keys = key_folder();
    let mut process = Serving::start(&minting(keys.path(), "log: {level: DEBUG}"));
    let mut client = process.client().await;
    // Far more than a pipe holds.
    for _ in 0..2000 {
        let answer = client.dispatch(post("orders", Some(session("k1", &[])), &[])).await.unwrap();
        outcome(&answer.into_inner()).unwrap();
    }
    process.kill();
}

/// A disk that hangs, played by a pipe that nobody writes to, keeps a thread; it must not keep one for each request.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_keeps_no_request_from_its_answer() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let more = format!(
        r#"
- {{id: swapped, mode: EXCHANGE, provider: idp, audiences: [mesh]}}
providers:
- {{name: idp, issuer: i, tokenEndpoint: "https://127.0.0.1:1/t", clientId: c, clientSecret: {{file: {secret:?}}}, timeout: 200ms, maxConcurrent: 1000}}
"#
    );
    let config = minting(keys.path(), "").trim_end().to_owned() + &more;
    let mut process = Serving::start(&config);
    let mut client = process.client().await;
    std::fs::remove_file(&secret).unwrap();
    for pipe in [&secret, &keys.path().join("z.pem")] {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    // More than there are threads to wait with.
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..600 {
        let mut client = client.clone();
        let bearer = format!("Bearer a.callers.token{number}");
        waiting.spawn(async move {
            let object = post("swapped", Some(session("k1", &[])), &[("Authorization", &bearer)]);
            outcome(&client.dispatch(object).await.unwrap().into_inner()).unwrap_err().1
        });
    }
    assert!(waiting.join_all().await.iter().all(|reason| reason == "exchange-unavailable"));
    let answer = client.dispatch(post("orders", Some(session("k2", &[])), &[])).await.unwrap();
    outcome(&answer.into_inner()).unwrap();
    while !process.get("/metrics").await.contains(r#"key_reloads_total{outcome="late"} 1"#) {}
    assert_eq!(process.get("/healthz").await, "ok");
    // Threads that hang would hold up a plain end.
    process.kill();
}

/// The program with its log.
struct Serving {
    process: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
    logged: String,
    grpc: std::net::SocketAddr,
    http: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

impl Serving {
    fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("issuer.yaml");
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (grpc, http) = (free(), free());
        let config = config
            .replace("tcp://127.0.0.1:0", &format!("tcp://{grpc}"))
            .replace("listen: \"127.0.0.1:0\"", &format!("listen: \"{http}\""));
        std::fs::write(&path, config).unwrap();
        let mut process = issuer().arg("serve").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut logged = String::new();
        while !logged.contains("listening") {
            assert!(output.read_line(&mut logged).unwrap() > 0, "it ended: {logged}");
        }
        Self { process, output, logged, grpc, http, _folder: folder }
    }

    async fn client(&self) -> DispatcherClient<Channel> {
        connect(Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap()).await
    }

    async fn get(&self, path: &str) -> String {
        attache_issuer::listen::choose_cryptography();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("http://{}{path}", self.http)).send().await.unwrap().text().await.unwrap()
    }

    /// Ends it, and returns what it logged.
    fn end(&mut self) -> String {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.output.read_to_string(&mut self.logged).unwrap();
        assert!(self.process.wait().unwrap().success());
        std::mem::take(&mut self.logged)
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
