//! Hosts that verify signatures, and hosts that don't.

use crate::support::{document, request};
use crate::vm;
use anyhow::{Result, ensure};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{Tamper, TokenSpec};
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::verify_signature::{NAME, unable};
use proxy_wasm_test_host::{ForeignFunction, LogLevel, START_TIME, State, Status};
use serde_json::{Value, json};

/// What hosts verify, each with a key.
const OF_HOSTS: [(&str, &str); 6] = [
    ("rsa", "RS256"),
    ("rsa", "RS384"),
    ("rsa", "RS512"),
    ("p256", "ES256"),
    ("p384", "ES384"),
    ("p521", "ES512"),
];

/// The document, whose first issuer has a key of each kind and these algorithms.
fn document_with(algorithms: Value) -> Result<Value> {
    let keys = ["rsa", "p256", "p384", "p521", "ed25519"].map(SigningKey::fixed);
    let keys = keys.into_iter().collect::<Result<Vec<_>>>()?;
    let mut document = document();
    let issuers = document["issuers"].as_array_mut().into_iter().flatten();
    for issuer in issuers.filter(|issuer| issuer.get("jwks").is_some()) {
        issuer["jwks"] = jwks(&keys)?;
        issuer["algorithms"] = algorithms.clone();
    }
    Ok(document)
}

fn without_function() -> State {
    let mut state = State::default();
    state.set_foreign_function(NAME, None);
    state
}

/// Sends a token by each algorithm, good and forged; the good ones alone must go on.
fn verifies(vm: &mut Vm, algorithms: &[(&str, &str)]) -> Result<()> {
    for (key, algorithm) in algorithms {
        let spec = TokenSpec {
            key: Some((*key).into()),
            algorithm: Some((*algorithm).into()),
            ..TokenSpec::default()
        };
        let forged = TokenSpec { tamper: vec![Tamper::Signature], ..spec.clone() };
        let response = vm.request(2, &request("GET", "/orders", Some(&spec.mint(START_TIME)?)))?;
        ensure!(response.goes_on, "{algorithm}: {:?}", vm::reason(&response));
        let response =
            vm.request(3, &request("GET", "/orders", Some(&forged.mint(START_TIME)?)))?;
        let reason = vm::reason(&response);
        ensure!(reason.as_deref() == Some("signature-invalid"), "{algorithm}, forged: {reason:?}");
    }
    Ok(())
}

#[test]
fn the_host_verifies_what_hosts_verify() -> Result<()> {
    let algorithms: Vec<&str> = OF_HOSTS.iter().map(|(_, algorithm)| *algorithm).collect();
    let document = document_with(json!(algorithms))?;
    let mut vm = vm::configured_in(State::default(), &document)?;
    verifies(&mut vm, &OF_HOSTS)
}

#[test]
fn a_host_without_the_function_is_told_so_and_lets_nobody_in() -> Result<()> {
    let mut vm = vm::configured_in(without_function(), &document_with(json!(["ES256", "PS256"]))?)?;
    let log = &vm.state().log;
    let mut errors =
        log.iter().filter(|line| line.level == LogLevel::Error && line.text.contains(NAME));
    let told = errors.next().map(|line| line.text.as_str()).unwrap_or_default();
    let expected = "attache: configuration: issuers[0].algorithms: `ES256` is verified by the host's function \
                    `verify_signature`, which this host lacks: ";
    ensure!(told.starts_with(expected) && errors.next().is_none(), "{log:#?}");
    let token = TokenSpec {
        key: Some("rsa".into()),
        algorithm: Some("PS256".into()),
        ..TokenSpec::default()
    };
    let response = vm.request(2, &request("GET", "/orders", Some(&token.mint(START_TIME)?)))?;
    ensure!(vm::reason(&response).as_deref() == Some("configuration-invalid"), "{response:?}");
    Ok(())
}

/// Whoever verified tokens once may cease to: what it says then is no verdict.
#[test]
fn a_host_that_fails_babbles_or_is_unable_lets_nobody_in() -> Result<()> {
    let hosts: [(&str, ForeignFunction); 4] = [
        ("lacks it", |_| Err(Status::NotFound)),
        ("fails", |_| Err(Status::InternalFailure)),
        ("babbles", |_| Ok(b"\xff\xff\xff".to_vec())),
        ("is unable", unable),
    ];
    for (what, verify) in hosts {
        let mut vm = vm::configured_in(State::default(), &document_with(json!(["ES256"]))?)?;
        vm.state_mut().set_foreign_function(NAME, Some(verify));
        for (context, subject) in [(2, "a"), (3, "b")] {
            let spec = TokenSpec {
                key: Some("p256".into()),
                algorithm: Some("ES256".into()),
                ..TokenSpec::with_claims(json!({"sub": subject}))
            };
            let response =
                vm.request(context, &request("GET", "/orders", Some(&spec.mint(START_TIME)?)))?;
            let reason = vm::reason(&response);
            ensure!(reason.as_deref() == Some("signature-invalid"), "it {what}: {reason:?}");
        }
        let verified = vm.state().metrics.counters().into_iter();
        let verified: Vec<_> = verified
            .filter(|(name, count)| name.starts_with("attache.verify.") && *count > 0)
            .collect();
        ensure!(verified.is_empty(), "it {what}: {verified:?}");
        let told =
            vm.state().log.iter().filter(|line| line.text.contains("could not tell")).count();
        ensure!(told == 1, "it {what}: told {told} times");
    }
    Ok(())
}

#[test]
fn what_the_module_computes_itself_needs_no_function() -> Result<()> {
    let mut document = document_with(json!(["PS256", "PS384", "PS512", "EdDSA"]))?;
    // The last one's keys come from a provider, by whatever algorithm it likes.
    document["issuers"].as_array_mut().map(Vec::pop);
    let mut vm = vm::configured_in(without_function(), &document)?;
    verifies(&mut vm, &[("rsa", "PS256"), ("rsa", "PS384"), ("rsa", "PS512"), ("ed25519", "EdDSA")])
}

#[test]
fn the_build_for_other_hosts_verifies_everything_itself() -> Result<()> {
    let module = attache_e2e::repository().join("dist/plugin-other-hosts.wasm");
    ensure!(
        module.is_file(),
        "there is no `{}`: run scripts/build --other-hosts",
        module.display()
    );
    let algorithms: Vec<&str> = OF_HOSTS.iter().map(|(_, algorithm)| *algorithm).collect();
    let document = document_with(json!(algorithms))?.to_string();
    let mut vm = Vm::configured(&std::fs::read(module)?, without_function(), &document)?;
    verifies(&mut vm, &OF_HOSTS)
}
