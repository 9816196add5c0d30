//! `attache keys` and `attache token`: for trials.

use crate::support::{attache, attache_given};
use serde_json::{Value, json};

const LEAVE: &str = "--insecure-test-keys";

#[test]
fn nothing_is_made_without_leave() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key.pem");
    let path = file.to_str().expect("UTF-8");
    for arguments in [&["keys", "--out", path][..], &["token", "--key", path, "--claims", "{}"]] {
        let run = attache(arguments);
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains("say --insecure-test-keys"), "{}", run.stderr);
        assert!(run.stdout.is_empty() && !file.exists());
    }
}

#[test]
fn a_token_by_a_key_is_good_where_its_public_half_is_trusted() {
    for (algorithm, kty) in [("ES256", "EC"), ("RS256", "RSA"), ("EdDSA", "OKP")] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key.pem");
        let path = file.to_str().expect("UTF-8");
        let made = attache(&["keys", LEAVE, "--out", path, "--algorithm", algorithm]);
        assert_eq!(made.status, 0, "{}", made.stderr);
        let set: Value = serde_json::from_str(&made.stdout).expect("a key set");
        assert_eq!(set["keys"][0]["kty"], kty);
        assert_eq!(set["keys"][0]["d"], Value::Null, "the private half was printed");
        assert_eq!(attache(&["keys", LEAVE, "--key", path]).stdout, made.stdout);

        let configuration = json!({
            "issuers": [{"name": "trial", "issuer": "https://trial.example", "audiences": ["mesh"], "tokenTypes": ["at+jwt"],
                "jwks": set, "roleClaims": [{"claim": "roles"}]}],
            "policies": [{"name": "p", "rules": [{"name": "r", "roles": {"anyOf": ["reader"]}}]}],
        });
        let config = folder.path().join("config.json");
        std::fs::write(&config, configuration.to_string()).expect("it is written");
        let config = config.to_str().expect("UTF-8");
        let claims = r#"{"sub":"alice","roles":["reader"]}"#;
        let token =
            attache(&["token", LEAVE, "--key", path, "--claims", claims, "--against", config]);
        assert_eq!(token.status, 0, "{}", token.stderr);
        let token = token.stdout.trim();
        let run = attache(&["explain", config, "--request", "GET /", "--token", token]);
        assert!(run.stdout.starts_with("allowed, by rule p/r\n"), "{}", run.stdout);

        let shown = attache_given(&["token", "--decode", "-"], &format!("Bearer {token}\n"));
        let told: Value = serde_json::from_str(&shown.stdout).expect("JSON");
        assert_eq!(
            (&told["claims"]["sub"], &told["claims"]["aud"]),
            (&json!("alice"), &json!("mesh"))
        );
        assert_eq!(
            (&told["header"]["alg"], &told["header"]["typ"]),
            (&json!(algorithm), &json!("at+jwt"))
        );
        assert_eq!(told["header"]["kid"], set["keys"][0]["kid"]);
        let signature = token.rsplit('.').next().expect("a signature");
        assert!(!shown.stdout.contains(signature));
    }
}

#[test]
fn a_key_is_never_written_over_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key.pem");
    let path = file.to_str().expect("UTF-8");
    assert_eq!(attache(&["keys", LEAVE, "--out", path, "--kid", "trial"]).status, 0);
    let before = std::fs::read(&file).expect("a key");
    let run = attache(&["keys", LEAVE, "--out", path]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("can't write the key into"), "{}", run.stderr);
    assert_eq!(std::fs::read(&file).expect("a key"), before);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&file).expect("a file").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_is_no_token_or_no_key_is_said() {
    for (arguments, said) in [
        (&["token", "--decode", "abc"][..], "it has 1 part where a token has three parts"),
        (&["token", "--decode", "a.b.c"], "the header of the token is not base64url"),
        (&["token", "--decode", "e30.W10.c"], "the payload of the token is no JSON object"),
        (&["token", "--decode", "@no-such.jwt"], "can't read `no-such.jwt`"),
        (
            &["token", LEAVE, "--key", "README.md", "--claims", "{}"],
            "README.md: no private key in PEM",
        ),
        (&["token"], "--decode"),
        (&["keys", LEAVE], "--out"),
    ] {
        let run = attache(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
    // {"a":"\u001b[2J\u202e"}
    let run = attache(&["token", "--decode", "e30.eyJhIjoiXHUwMDFiWzJKXHUyMDJlIn0.c"]);
    assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{:?}", run.stdout);
}
