//! Requests of every kind, and of none.

use crate::support::{Random, document, request, token};
use crate::vm;
use anyhow::{Context, Result, ensure};
use attache_e2e::token::{Spoil, TokenSpec};
use proxy_wasm_test_host::interpreter::{Headers, NOW};
use serde_json::{Value, json};

const IDENTITY: [&str; 6] =
    ["x-user", "x_user", "x-roles", "x-jwt-payload", "x_jwt_payload", "x-jwt_payload"];
const NAMES: [&str; 16] = [
    ":method",
    ":path",
    ":authority",
    ":scheme",
    "authorization",
    "x-token",
    "cookie",
    "content-type",
    "origin",
    "access-control-request-method",
    "x-request-id",
    "traceparent",
    "b3",
    "host",
    "é",
    "",
];

/// Random bytes, a good word, or a good word that was torn.
fn value(random: &mut Random, words: &[String]) -> Vec<u8> {
    let mut value = random.one(words).clone().into_bytes();
    match random.below(4) {
        0 => return random.bytes(64),
        1 => {}
        2 => value.truncate(random.below(value.len() + 1)),
        _ => {
            for _ in 0..=random.below(4) {
                if !value.is_empty() {
                    let at = random.below(value.len());
                    value[at] = random.byte();
                }
            }
        }
    }
    value
}

#[test]
fn random_bytes_in_every_header_never_trap_and_forge_nothing() -> Result<()> {
    let mut vm = vm::configured(&document())?;
    let good = token(json!({"roles": ["reader"]}));
    let mut words: Vec<String> =
        ["GET", "OPTIONS", "/orders", "/healthz", "/guest", "/a?b=c", "application/grpc"]
            .map(String::from)
            .into();
    words.extend([
        format!("Bearer {good}"),
        format!("session={good}"),
        good.clone(),
        format!("/orders?access_token={good}"),
    ]);
    let mut random = Random::new(1);
    let mut went_on = 0;
    for context in 2..1500 {
        let mut headers: Headers = match random.below(3) {
            0 => Vec::new(),
            1 => request("GET", "/orders", None),
            _ => request("GET", "/orders", Some(&good)),
        };
        for _ in 0..random.below(10) {
            let (name, value) = match random.below(4) {
                0 => (
                    (*random.one(&IDENTITY)).as_bytes().to_vec(),
                    [b"forged", random.bytes(8).as_slice()].concat(),
                ),
                1 => {
                    (String::from_utf8_lossy(&random.bytes(12)).to_lowercase().into_bytes(), random.bytes(40))
                }
                _ => ((*random.one(&NAMES)).as_bytes().to_vec(), value(&mut random, &words)),
            };
            headers.push((name, value));
        }
        let (goes_on, seen) =
            vm.request(context, &headers).with_context(|| format!("request {context}: {headers:?}"))?;
        ensure!(goes_on != vm.store.data().reply.is_some(), "a request goes on or is answered: {headers:?}");
        let forged = seen.iter().any(|(name, value)| {
            IDENTITY.iter().any(|identity| identity.as_bytes() == name.as_slice())
                && value.starts_with(b"forged")
        });
        ensure!(!forged, "a forged header survives: {headers:?}");
        went_on += u32::from(goes_on);
    }
    ensure!(went_on > 50, "only {went_on} requests went on: these were hardly random");
    let (goes_on, seen) = vm.request(1500, &request("GET", "/orders", Some(&good)))?;
    ensure!(goes_on && seen.contains(&(b"x-user".to_vec(), b"alice".to_vec())), "the VM is still sound");
    Ok(())
}

/// A request for every reason that needs no provider.
/// A request for `/orders` that names this host.
fn at_host(host: &str) -> Headers {
    let mut headers = request("GET", "/orders", None);
    for (name, value) in &mut headers {
        if name == b":authority" {
            *value = host.as_bytes().to_vec();
        }
    }
    headers
}

fn refusals() -> Result<Vec<(&'static str, Headers)>> {
    let get = |token: &str| request("GET", "/orders", Some(token));
    let with = |claims: Value| get(&token(claims));
    let spoiled =
        |spoil| anyhow::Ok(get(&TokenSpec { spoil: vec![spoil], ..TokenSpec::default() }.mint(NOW)?));
    let other = |key: &str, algorithm: &str| {
        let spec =
            TokenSpec { key: Some(key.into()), algorithm: Some(algorithm.into()), ..TokenSpec::default() };
        anyhow::Ok(get(&spec.mint(NOW)?))
    };
    let now = NOW;
    let two = [
        with(json!({})),
        vec![(b"authorization".to_vec(), format!("Bearer {}", token(json!({"sub": "b"}))).into_bytes())],
    ]
    .concat();
    Ok(vec![
        ("token-missing", request("GET", "/orders", None)),
        ("token-malformed", get("a.b")),
        ("token-opaque", get("5e9d9544a1dcd60001d0ed20")),
        ("token-too-large", get(&"a".repeat(8193))),
        ("issuer-unknown", with(json!({"iss": "https://other.example"}))),
        ("algorithm-not-allowed", other("hmac", "HS256")?),
        ("key-not-found", other("p256-other", "ES256")?),
        ("signature-invalid", spoiled(Spoil::Signature)?),
        ("token-expired", with(json!({"exp": now - 61}))),
        ("token-not-yet-valid", with(json!({"nbf": now + 61}))),
        ("lifetime-too-long", with(json!({"exp": now + 7200}))),
        ("audience-mismatch", with(json!({"aud": "elsewhere"}))),
        ("claim-mismatch", with(json!({"org": "evil"}))),
        ("token-revoked", with(json!({"jti": "stolen"}))),
        ("presenter-not-allowed", with(json!({"iss": "https://presented.example"}))),
        ("path-ambiguous", request("GET", "/orders/%zz", None)),
        ("method-ambiguous", request("get", "/orders", None)),
        ("host-ambiguous", at_host("x@admin.example")),
        ("tokens-conflict", two),
        ("role-missing", request("POST", "/orders", Some(&token(json!({}))))),
        ("rule-denied", request("DELETE", "/orders", Some(&token(json!({}))))),
        ("no-rule-matched", request("GET", "/nowhere", Some(&token(json!({}))))),
        ("claim-unwritable", with(json!({"sub": "alice\r\nx-user: root"}))),
    ])
}

#[test]
fn every_reason_is_reached_and_none_traps() -> Result<()> {
    let mut vm = vm::configured(&document())?;
    for (reason, headers) in refusals()? {
        for context in [2, 3] {
            let (goes_on, _) = vm.request(context, &headers).with_context(|| reason.to_owned())?;
            ensure!(!goes_on && vm.reason().as_deref() == Some(reason), "{reason}: {:?}", vm.reason());
        }
    }
    // And the one that a provider brings about: the request waits, the provider fails, patience ends.
    let remote = request("GET", "/orders", Some(&token(json!({"iss": "https://remote.example"}))));
    vm.call("proxy_on_context_create", &[2, 1])?;
    ensure!(!vm.headers(2, &remote)? && vm.store.data().reply.is_none(), "it waits");
    for _ in 0..40 {
        vm.call("proxy_on_tick", &[1])?;
        for call in std::mem::take(&mut vm.store.data_mut().calls) {
            vm.call("proxy_on_http_call_response", &[1, i32::try_from(call)?, 0, 0, 0])?;
        }
        vm.store.data_mut().now += 1_000_000_000;
    }
    ensure!(vm.reason().as_deref() == Some("keys-unavailable"), "{:?}", vm.reason());
    ensure!(vm.store.data().reply == Some(503), "it is answered");
    vm.call("proxy_on_delete", &[2])?;
    // And where there never was a good configuration.
    let mut closed = vm::configured(&json!({}))?;
    let (goes_on, _) = closed.request(2, &request("GET", "/orders", None))?;
    ensure!(!goes_on && closed.reason().as_deref() == Some("configuration-invalid"), "{:?}", closed.reason());
    ensure!(refusals()?.len() + 2 == attache_e2e::scenario::reasons().count(), "a reason is not tried");
    Ok(())
}

#[test]
fn a_request_that_waited_for_keys_goes_on() -> Result<()> {
    let mut vm = vm::configured(&document())?;
    let keys = attache_e2e::keys::jwks([&attache_e2e::keys::SigningKey::fixed("p256")?])?.to_string();
    let remote = token(json!({"iss": "https://remote.example"}));
    vm.call("proxy_on_context_create", &[2, 1])?;
    ensure!(!vm.headers(2, &request("GET", "/orders", Some(&remote)))?, "it waits");
    vm.call("proxy_on_tick", &[1])?;
    let call = vm.store.data_mut().calls.pop().context("nobody asks for the keys")?;
    let headers = [(":status", "200"), ("content-type", "application/json")];
    let headers = headers.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let size = i32::try_from(keys.len())?;
    vm.store.data_mut().answer = (headers.to_vec(), keys.into_bytes());
    vm.call("proxy_on_http_call_response", &[1, i32::try_from(call)?, 2, size, 0])?;
    let state = vm.store.data();
    ensure!(state.resumed && state.reply.is_none(), "{:?} {:?}", vm.reason(), state.log);
    Ok(())
}
