//! No secret stands in what the tool writes, whatever is wrong with what holds it.

use crate::support::{Run, attache, attache_given, attache_with};
use std::fs;

/// What must stand nowhere.
const SECRETS: [&str; 4] = [
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hunter2",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlc2lnbmF0dXJl",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
];

const HEAD: &str = "issuers:\n- name: tyk\n  issuer: https://tyk.example.com\n";

fn assert_hidden(run: &Run, what: &str) {
    assert_ne!(run.status, 0, "{what}: nothing was found: {run:?}");
    for secret in SECRETS {
        // Not the beginning of one either.
        let part = secret.get(..secret.len().min(20)).expect("ASCII");
        assert!(!run.stdout.contains(part) && !run.stderr.contains(part), "{what}: {run:?}");
    }
}

/// Returns texts that hold a secret on the line at fault, or near it.
fn texts() -> Vec<String> {
    let [key, password, token, pem] = SECRETS;
    let set = |keys: &str| format!("{HEAD}  jwks: {{keys: [{keys}]}}\n");
    vec![
        set(&format!("{{kty: oct, k: {key}}}")),
        set(&format!("{{kty: oct, k: \"{key}\", unknown: 1}}")),
        set(&format!("{{kty: {key}, k: {key}}}")),
        set(&format!("{{kty: oct, k: {password}, k: {password}}}")),
        set(&format!("{{ky: oct, secret: {password}}}")),
        set(&format!("{{kty: RSA, n: AQAB, e: AQAB, d: {key}, oth: [{{r: {key}}}]}}")),
        set(&format!("{{kty: oct, alg: {key}, k: {key}}}")),
        set(&format!("\"{token}\"")),
        format!("{HEAD}  jwks: '{{\"keys\":[{{\"kty\":\"oct\",\"k\":\"{key}\"}}]}}'\n"),
        format!(
            "{HEAD}  jwks: \"-----BEGIN PRIVATE KEY-----\\n{pem}\\n-----END PRIVATE KEY-----\"\n"
        ),
        format!("{HEAD}  jwksUri: https://admin:{password}@tyk.example.com/keys#x\n"),
        format!("{HEAD}  jwksUri: http://admin:{password}@tyk.example.com/keys\n"),
        format!("{HEAD}  jwks: {{keys: [{{kty: oct, k: {key}\n"),
        format!("{HEAD}  jwks: [\n  -----BEGIN PRIVATE KEY-----\n{pem}: {{\n"),
        format!("{HEAD}  {token}: [\n"),
        format!("{HEAD}  secret: {key}\n  audiences: {token}\n"),
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: attache}}\nspec:\n  \
             url: oci://admin:{password}@registry.example/attache:latest\n  vmConfig: {{env: [{{name: HMAC, value: {password}, vlue: {password}}}]}}\n  \
             pluginConfig: '{{\"issuers\":[{{\"jwks\":{{\"keys\":[{{\"k\":\"{key}\"}}]}}}}]}}'\n"
        ),
    ]
}

#[test]
fn a_text_at_fault_is_shown_without_its_secrets() {
    for text in texts() {
        for format in ["text", "json", "sarif", "github"] {
            let run = attache_given(&["check", "-", "--deny-warnings", "--format", format], &text);
            assert_hidden(&run, &text);
        }
        let run = attache_given(&["explain", "-", "--request", "GET /"], &text);
        assert!(run.status != 0, "{text}");
        assert_hidden(&run, &text);
    }
}

#[test]
fn what_is_wrong_is_still_shown() {
    let text = format!("{HEAD}  jwks: {{keys: [{{kty: oct, k: {}, kid: a}}]}}\n", SECRETS[0]);
    let run = attache_given(&["check", "-"], &text);
    assert!(run.stdout.contains("4 |   jwks: {keys: [{kty: oct, k: ********"), "{}", run.stdout);
    assert!(run.stdout.contains("***, kid: a}]}\n"), "{}", run.stdout);
    let torn = "issuers: [{name: tyk, issuer: https://tyk.example.com]\n";
    let run = attache_given(&["check", "-"], torn);
    assert!(
        run.stdout.contains(torn.trim_end()),
        "a text without secrets is shown as it is: {}",
        run.stdout
    );
}

#[test]
fn files_of_tests_and_assertions_are_told_of_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    for (index, text) in texts().into_iter().enumerate() {
        let write = |name: &str, text: &str| {
            let path = folder.path().join(format!("{index}-{name}"));
            fs::write(&path, text).expect("it is written");
            path.display().to_string()
        };
        let configuration = write("configuration.yaml", &text);
        let named = format!("{index}-configuration.yaml");
        let tests = format!(
            "title: t\nconfiguration: {named}\nsteps: [{{name: n, request: {{path: /}}}}]\n"
        );
        let tests = write("tests.yaml", &tests);
        let proofs = write(
            "proofs.yaml",
            &format!("configuration: {named}\nassertions: [{{name: n, expect: REFUSED}}]\n"),
        );
        for arguments in [
            &["test", &tests][..],
            &["mutate", &tests],
            &["prove", &proofs],
            &["diff", &configuration, &configuration],
            &["replay", "examples/debugging/audit.log", "--against", &configuration],
            &["why", "x", &configuration],
            // A file that is none of what it is taken for.
            &["test", &configuration],
            &["prove", &configuration],
            &["token", "--insecure-test-keys", "--key", &configuration, "--claims", "{}"],
            &["keys", "--insecure-test-keys", "--key", &configuration],
            &["token", "--decode", &format!("@{configuration}")],
            &[
                "explain",
                "plugin-config/examples/istio-twin.yaml",
                "--request",
                "GET /",
                "--jwks",
                &format!("tyk={configuration}"),
            ],
            &[
                "explain",
                "plugin-config/examples/istio-twin.yaml",
                "--request",
                "GET /",
                "--claims",
                &format!("@{configuration}"),
            ],
            &[
                "explain",
                "plugin-config/examples/istio-twin.yaml",
                "--request",
                "GET /",
                "--token",
                &format!("@{configuration}"),
            ],
            &["tyk", "routes", &configuration],
            &["import", "istio", &configuration],
        ] {
            assert_hidden(&attache(arguments), &format!("{arguments:?} of {text}"));
        }
    }
    let [key, password, token, _] = SECRETS;
    for tests in [
        format!("title: t\nsteps: []\ntokens: {{a: {{raw: {token}, rwa: {token}}}}}\n"),
        format!(
            "title: t\nconfiguration: {{}}\nenvironment: {{HMAC: {password}}}\nenvironmnt: {{HMAC: {password}}}\nsteps: [{{name: \"{token}\", request: {{path: /, token: \"{token}\"}}}}]\n"
        ),
        format!(
            "title: t\nconfiguration: {{}}\nsteps: [{{name: n, request: {{path: \"{token}\"}}, expect: {{reason: \"{token}\"}}}}]\n"
        ),
        format!(
            "configuration: \"{token}\"\ntitle: t\nsteps: [{{name: n, request: {{path: /}}}}]\n"
        ),
        format!("title: t\nsteps: [{{name: n, request: {{headers: {{authorization: Bearer {key}\n"),
    ] {
        let file = folder.path().join("t.yaml");
        fs::write(&file, &tests).expect("it is written");
        assert_hidden(&attache(&["test", file.to_str().expect("UTF-8")]), &tests);
    }
}

#[test]
fn an_option_at_the_wrong_place_is_not_repeated() {
    let [key, password, token, _] = SECRETS;
    let twin = "plugin-config/examples/istio-twin.yaml";
    let explain = ["explain", twin, "--request", "GET /"];
    let jwks = format!("{{\"keys\":[{{\"kty\":\"oct\",\"k\":\"{key}\"}}]}}");
    let header = format!("authorization Bearer {key}");
    let opaque = format!("authorization {password}");
    for wrong in [
        &["--header", &format!("authorization {token}")][..],
        &["--header", &header],
        &["--header", &opaque],
        &["--header", token],
        &["--header", &format!(": {password}")],
        &["--jwks", &jwks],
        &["--jwks", &format!("{jwks}=")],
        &["--jwks", token],
        &["--token", &format!("Bearer {token}")],
        &["--token", &format!("@{token}")],
        &["--token", &format!("{token}.x")],
        &["--claims", token],
        &["--claims", &format!("{{\"a\":\"{token}\",\"a\":1}}")],
        &["--claims", &format!("@{token}")],
        &["--time", token],
        &["--workload", token],
        &["--label", token],
        &["--caller", token],
        &["--port", token],
        &["--toke", token],
        &["--format", token],
        // As a shell splits what has no quotes.
        &["--header", "authorization:", "Bearer", token],
        &["--header", "authorization:", token],
    ] {
        assert_hidden(&attache(&[&explain[..], wrong].concat()), &format!("{wrong:?}"));
    }
    for wrong in [
        &["why", token, twin][..],
        &["why", "-", twin, "--header", &header],
        &["why", "-", twin, "--header", &opaque],
        &["why", "-", twin, "--request-id", token],
        &["token", token],
        &["token", "--decode", "a", token],
        &["token", "--decode", &format!("{token}.x")],
        &["token", "--decode", &format!("@{token}")],
        &["token", "--insecure-test-keys", "--key", token, "--claims", "{}"],
        &["keys", "--insecure-test-keys", "--key", token],
        &["keys", "--insecure-test-keys", "--algorithm", token, "--out", "x"],
        &[token],
        &["check", token],
        &["check", "https://admin:hunter2@example.com/a.yaml"],
        &["import", "istio", "https://admin:hunter2@example.com/a.yaml"],
        &["replay", token, "--against", twin],
        &["prove", token],
        &["test", token],
    ] {
        assert_hidden(&attache(wrong), &format!("{wrong:?}"));
    }
}

#[test]
fn the_password_of_a_gateway_is_not_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for url in [
        format!("http://admin:hunter2@127.0.0.1:{port}"),
        format!("http://admin:hun/hunter2@127.0.0.1:{port}"),
        "http://admin:hunter2@".to_owned(),
        "gateway://admin:hunter2@127.0.0.1/x".to_owned(),
        "http://admin:hunter2@[::1".to_owned(),
    ] {
        for arguments in [
            &["tyk", "routes", "--gateway", &url][..],
            &["tyk", "diff", "--gateway", &url, "--routes", "examples/tyk-routes/routes.yaml"],
            &["tyk", "routes", "--gatway", &url],
            &["tyk", "routes", &url],
        ] {
            for secret in ["", "352d20ee67be67f6340b4c0605b044b7"] {
                let run = attache_with(arguments, &[("TYK_GW_SECRET", secret)]);
                assert_hidden(&run, &format!("{arguments:?}"));
                assert!(secret.is_empty() || !run.stderr.contains(secret), "{run:?}");
            }
        }
    }
}
