//! The program as an operator runs it.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_issuer::proto::dispatcher_client::DispatcherClient;
use attache_test_issuer::{connect, key_folder, minting, outcome, post, session};
use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tonic::transport::{Channel, Endpoint};

fn issuer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_attache-issuer"))
}

fn check(config: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.yaml");
    std::fs::write(&path, config).unwrap();
    issuer().arg("check").arg(&path).env("ATTACHE_TEST_BLANK", " \n").output().unwrap()
}

#[test]
fn check_tells_every_problem_and_fails() {
    let output = check("grpc: {}\nhtpp: {}\napis: []\n");
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        told.contains("issuer.yaml:2:7: htpp: unknown key `htpp`; did you mean `http`?"),
        "{told}"
    );
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
        ("3:7: htpp: ", "unknown key"),
        ("2:53: grpc.tls.certFile: ", "holds no PEM `CERTIFICATE`"),
        ("grpc.tls.keyFile: ", "can't read"),
        ("mint.keys.folder: ", "openssl genpkey"),
        ("providers[0].caFile: ", "can't read"),
        ("providers[0].clientSecret.file: ", "is empty"),
        ("providers[1].clientSecret.env: ", "`ATTACHE_NOT_SET` is not set"),
    ] {
        let line = told.lines().find(|line| line.contains(place));
        assert!(line.is_some_and(|line| line.contains(what)), "{place}{what}\n{told}");
    }
    assert_eq!(told.lines().count(), 7, "{told}");
}

/// What can be read one by one may not fit together, and what looks like a certificate may be none.
#[test]
fn check_refuses_what_serve_would_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let one = rcgen::generate_simple_self_signed(["issuer".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["issuer".to_owned()]).unwrap();
    std::fs::write(at("cert.pem"), one.cert.pem()).unwrap();
    std::fs::write(at("key.pem"), one.signing_key.serialize_pem()).unwrap();
    std::fs::write(at("other.pem"), other.signing_key.serialize_pem()).unwrap();
    let junk = "-----BEGIN CERTIFICATE-----\nanVuaw==\n-----END CERTIFICATE-----\n";
    std::fs::write(at("junk.pem"), junk).unwrap();
    std::fs::write(at("secret"), "secret").unwrap();
    let keys = key_folder();
    let with = |tls: &str, provider: &str| {
        let config =
            minting(keys.path(), "").trim_end().replace("grpc: {", &format!("grpc: {{{tls} "));
        format!(
            "{config}\nproviders:\n- {{name: p, issuer: i, tokenEndpoint: \"https://kc/t\", clientId: c{provider}}}\n"
        )
    };
    let tls = |cert: &str, key: &str, more: &str| {
        format!("tls: {{certFile: {:?}, keyFile: {:?}{more}}},", at(cert), at(key))
    };
    let secret = format!(", clientSecret: {{file: {:?}}}", at("secret"));
    let file = |key: &str| format!(", {key}: {:?}", at("junk.pem"));
    assert!(check(&with(&tls("cert.pem", "key.pem", ""), &secret)).status.success());
    for (config, place) in [
        (with(&tls("cert.pem", "other.pem", ""), &secret), "grpc.tls: "),
        (with(&tls("junk.pem", "key.pem", ""), &secret), "grpc.tls: "),
        (with(&tls("cert.pem", "key.pem", &file("clientCaFile")), &secret), "grpc.tls: "),
        (with("", &format!("{secret}{}", file("caFile"))), "providers[0].caFile: "),
        (with("", ", clientSecret: {env: ATTACHE_TEST_BLANK}"), "providers[0].clientSecret.env: "),
    ] {
        let output = check(&config);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{place}\n{config}");
        assert!(told.lines().count() == 1 && told.contains(place), "{place}\n{told}");
    }
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
    let keys = key_folder();
    let mut process = Serving::start(&minting(keys.path(), "log: {level: DEBUG, issued: true}"));
    let key = "acme5f2a-the-key-itself";
    let mut client = process.client().await;
    let answer = client
        .dispatch(post("orders", Some(session(key, &[])), &[("Authorization", key)]))
        .await
        .unwrap();
    let token = outcome(&answer.into_inner()).unwrap();
    let refused = client
        .dispatch(post("jwt", Some(session(key, &[])), &[("Authorization", key)]))
        .await
        .unwrap();
    outcome(&refused.into_inner()).unwrap_err();

    let logged = process.end();
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

/// What a provider says may hold what it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_in_its_answers_is_not_logged() {
    const SENT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.the-callers-signature";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let says = Arc::new(Mutex::new((StatusCode::OK, String::new())));
    let answer = Arc::clone(&says);
    let router = Router::new().fallback(async move || answer.lock().unwrap().clone());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let keys = key_folder();
    let config = minting(keys.path(), "").trim_end().to_owned()
        + &format!(
            r#"
- {{id: swapped, mode: EXCHANGE, provider: idp, audiences: [mesh]}}
providers:
- {{name: idp, issuer: i, tokenEndpoint: "http://{address}/t", allowPlaintext: true, clientId: c, clientSecret: {{env: PATH}}}}
"#
        );
    let mut process = Serving::start(&config);
    let mut client = process.client().await;
    let bearer = format!("Bearer {SENT}");
    for (status, answer, reason) in [
        (StatusCode::OK, json!(SENT), "exchange-unexpected"),
        (
            StatusCode::OK,
            json!({"access_token": "a.b.c", "token_type": SENT}),
            "exchange-unexpected",
        ),
        (
            StatusCode::OK,
            json!({"access_token": SENT, "token_type": "Bearer"}),
            "exchange-unexpected",
        ),
        (StatusCode::BAD_REQUEST, json!({"error": SENT}), "exchange-failed"),
        (StatusCode::BAD_REQUEST, json!({"error": format!("no grant: {SENT}")}), "exchange-failed"),
        (
            StatusCode::BAD_REQUEST,
            json!({"error": "invalid_grant", "error_description": SENT}),
            "exchange-refused",
        ),
        (StatusCode::BAD_REQUEST, json!({"error": "unsupported_token_type"}), "exchange-failed"),
    ] {
        *says.lock().unwrap() = (status, answer.to_string());
        let object = post("swapped", Some(session("k1", &[])), &[("Authorization", &bearer)]);
        let told = outcome(&client.dispatch(object).await.unwrap().into_inner()).unwrap_err().1;
        assert_eq!(told, reason, "{answer}");
    }
    let logged = process.end();
    assert!(!logged.contains("the-callers-signature"), "{logged}");
    for code in ["invalid_grant", "unsupported_token_type"] {
        assert!(logged.contains(code), "what it is about must still be told: {logged}");
    }
}

/// What clients do does not fill the log: a thousand sessions, and a thousand requests that get no
/// token.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_a_handful_of_lines_and_a_count() {
    let keys = key_folder();
    let mut process = Serving::start(&minting(keys.path(), ""));
    let mut client = process.client().await;
    for number in 0..1000 {
        let session = session(&format!("k{number}"), &[]);
        let answer = client.dispatch(post("orders", Some(session), &[])).await.unwrap();
        outcome(&answer.into_inner()).unwrap();
        outcome(&client.dispatch(post("orders", None, &[])).await.unwrap().into_inner())
            .unwrap_err();
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

/// A disk that hangs, played by a pipe that nobody writes to, keeps a thread; it must not keep one
/// for each request.
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
        client
            .get(format!("http://{}{path}", self.http))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
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
