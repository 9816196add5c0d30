//! What a command line says that is not what was meant.

use crate::limits::{GIVEN, ONE};
use crate::support::{attache, attache_given};

const TWIN: &str = "plugin-config/examples/istio-twin.yaml";

/// Asks for a request with further options, and returns what is said of them.
fn explained(arguments: &[&str]) -> (i32, String) {
    let run = attache(&[&["explain", TWIN], arguments].concat());
    (run.status, run.stderr)
}

#[test]
fn an_option_that_is_written_otherwise_says_how() {
    for (arguments, said) in [
        (&["--time", "yesterday"][..], "write seconds since 1970, as `date +%s` prints them"),
        (
            &["--token", "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AQEB"],
            "--token: give the token alone, without `Bearer`",
        ),
        (
            &["--token", "bearer eyJhbGciOiJFUzI1NiJ9.e30.AQEB"],
            "--token: give the token alone, without `Bearer`",
        ),
        (&["--caller", "shop"], "write a SPIFFE ID: spiffe://cluster.local/ns/shop/sa/web"),
        (&["--namespace", "shop"], "`--namespace` is of a cluster; add `--cluster`"),
        (&["--context", "east"], "`--context` is of a cluster; add `--cluster`"),
        (&["--jwks", "b=examples/README.md"], "examples/README.md: "),
    ] {
        let (status, told) = explained(&[&["--request", "GET /"], arguments].concat());
        assert_eq!(status, 2, "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
        assert!(!told.contains("eyJ"), "{told}");
    }
    let run = attache(&["check", TWIN, "-n", "shop"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
}

#[test]
fn keys_of_an_issuer_that_there_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    std::fs::write(&file, r#"{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#)
        .expect("it is written");
    for (name, said) in [
        ("b", "keys of `b`: there is no issuer `b`; there are: tyk"),
        (
            "tyk",
            "keys of `tyk`: its keys stand in the configuration, below `jwks`, and it takes no others",
        ),
    ] {
        let (status, told) =
            explained(&["--request", "GET /", "--jwks", &format!("{name}={}", file.display())]);
        assert_eq!(status, 2, "{told}");
        assert!(told.contains(said), "{told}");
    }
}

/// An option that another makes idle is an error, and not passed over in silence.
#[test]
fn no_option_is_idle_beside_another() {
    let explain = ["explain", TWIN, "--request", "GET /"];
    let judge = [&GIVEN[..], &["--judge", ONE]].concat();
    let with = |first: &[&'static str], more: &[&'static str]| [first, more].concat();
    for arguments in [
        with(&explain, &["--token", "@t.jwt", "--issuer", "tyk"]),
        with(&explain, &["--token", "@t.jwt", "--claims", "{}"]),
        with(&explain, &["--claims", "{}", "--jwks", "tyk=jwks.json"]),
        with(&explain, &["--issuer", "tyk"]),
        with(&["token", "--decode", "eyJ"], &["--against", TWIN]),
        with(&["token", "--decode", "eyJ"], &["--issuer", "tyk"]),
        with(&["token", "--decode", "eyJ"], &["--kid", "a"]),
        with(&["token", "--decode", "eyJ"], &["--claims", "{}"]),
        with(&GIVEN, &["--dry-run", "--record", "target/record.json"]),
        with(&judge, &["--gateway", "http://127.0.0.1:1"]),
        with(&judge, &["--key", "k"]),
        with(&judge, &["--key", "k", "--second-key", "l"]),
        with(&judge, &["--yes"]),
        with(&judge, &["--unsafe-methods"]),
        with(&judge, &["--dry-run"]),
        with(&["keys", "--insecure-test-keys", "--key", "a"], &["--algorithm", "RS256"]),
        with(&["import", "istio", "a.yaml"], &["--label", "app=orders"]),
        with(&["tyk", "diff", "--cluster"], &["--routes", "a.yaml"]),
    ] {
        let run = attache(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        let is_told = ["cannot be used with", "required arguments"];
        assert!(
            is_told.iter().any(|words| run.stderr.contains(words)),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

/// Outside its checkout, a program that carries no engine builds none.
#[test]
fn a_page_needs_its_engine_or_its_checkout() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("attache");
    std::fs::copy(env!("CARGO_BIN_EXE_attache"), &program).expect("it is copied");
    let output = std::process::Command::new(&program)
        .args(["playground", "--out", "page.html"])
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("carries no engine for the page") && told.contains("a release"),
        "{told}"
    );
    assert!(!told.contains("building"), "{told}");
    assert!(!folder.path().join("page.html").exists());
}

#[test]
fn a_method_in_lower_case_is_told() {
    let (_, told) = explained(&["--request", "get /orders/7"]);
    assert!(told.starts_with("note: the method `get` has lower-case letters"), "{told}");
    let (_, told) = explained(&["--request", "DELTE /orders/7"]);
    assert!(told.starts_with("note: `DELTE` is no registered method; did you mean `DELETE`?"));
    for line in ["GET /orders/7", "purge /orders/7"] {
        let (_, told) = explained(&["--request", line]);
        assert_eq!(told, "");
    }
}

#[test]
fn a_file_that_is_named_twice_is_one() {
    let run =
        attache(&["check", TWIN, TWIN, "plugin-config/../plugin-config/examples/istio-twin.yaml"]);
    assert!(run.stderr.starts_with("1 configuration in 1 file: "), "{}", run.stderr);
    let text = "issuers: [{name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}]\n";
    let run = attache_given(&["check", "-", "-"], text);
    assert!(run.stderr.starts_with("1 configuration in 1 file: "), "{}", run.stderr);
}

#[test]
fn a_bare_n_is_a_boolean_to_every_string() {
    let text = "issuers:\n- {name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys, roleClaims: [{claim: n}]}\n";
    let run = attache_given(&["check", "-"], text);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("as YAML reads a bare yes, no, on, off, y or n"), "{}", run.stdout);
}
