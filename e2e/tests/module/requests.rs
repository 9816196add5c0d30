//! Requests of every kind, and of none.

use crate::support::{Random, document, request, token};
use crate::vm;
use anyhow::{Context, Result, ensure};
use attache_test_fixtures::token::{Tamper, TokenSpec};
use proxy_wasm_test_host::{CallResponse, Request, START_TIME as NOW};
use serde_json::{Value, json};
use std::time::Duration;

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
        let mut request = match random.below(3) {
            0 => Request::empty(),
            1 => request("GET", "/orders", None),
            _ => request("GET", "/orders", Some(&good)),
        };
        for _ in 0..random.below(10) {
            let (name, value) = match random.below(4) {
                0 => (
                    (*random.one(&IDENTITY)).to_owned(),
                    [b"forged", random.bytes(8).as_slice()].concat(),
                ),
                1 => (String::from_utf8_lossy(&random.bytes(12)).to_lowercase(), random.bytes(40)),
                _ => ((*random.one(&NAMES)).to_owned(), value(&mut random, &words)),
            };
            request.headers.push((name, value));
        }
        let response = vm
            .request(context, &request)
            .with_context(|| format!("request {context}: {request:?}"))?;
        let goes_on = response.goes_on;
        ensure!(
            goes_on != response.reply.is_some(),
            "a request goes on or is answered: {request:?}"
        );
        let mut identity =
            response.headers.iter().filter(|(name, _)| IDENTITY.contains(&name.as_str()));
        let forged = identity.any(|(_, value)| value.starts_with(b"forged"));
        ensure!(!forged, "a forged header survives: {request:?}");
        went_on += u32::from(goes_on);
    }
    ensure!(went_on > 50, "only {went_on} requests went on: these were hardly random");
    let response = vm.request(1500, &request("GET", "/orders", Some(&good)))?;
    ensure!(response.goes_on && response.all("x-user") == ["alice"], "the VM is still sound");
    Ok(())
}

/// A request for `/orders` that names this host.
fn at_host(host: &str) -> Request {
    let mut request = request("GET", "/orders", None);
    for (name, value) in &mut request.headers {
        if name == ":authority" {
            *value = host.as_bytes().to_vec();
        }
    }
    request
}

/// A request for every reason that needs no provider.
fn refusals() -> Result<Vec<(&'static str, Request)>> {
    let get = |token: &str| request("GET", "/orders", Some(token));
    let with = |claims: Value| get(&token(claims));
    let tampered = |tamper| {
        anyhow::Ok(get(&TokenSpec { tamper: vec![tamper], ..TokenSpec::default() }.mint(NOW)?))
    };
    let other = |key: &str, algorithm: &str| {
        let spec = TokenSpec {
            key: Some(key.into()),
            algorithm: Some(algorithm.into()),
            ..TokenSpec::default()
        };
        anyhow::Ok(get(&spec.mint(NOW)?))
    };
    let now = NOW;
    let two = with(json!({})).bearer(&token(json!({"sub": "b"})));
    Ok(vec![
        ("token-missing", request("GET", "/orders", None)),
        ("token-malformed", get("a.b")),
        ("token-opaque", get("5e9d9544a1dcd60001d0ed20")),
        ("token-too-large", get(&"a".repeat(8193))),
        ("issuer-unknown", with(json!({"iss": "https://other.example"}))),
        ("algorithm-not-allowed", other("hmac", "HS256")?),
        ("key-not-found", other("p256-other", "ES256")?),
        ("signature-invalid", tampered(Tamper::Signature)?),
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
    for (reason, request) in refusals()? {
        for context in [2, 3] {
            let response = vm.request(context, &request).with_context(|| reason.to_owned())?;
            let said = vm::reason(&response);
            ensure!(!response.goes_on && said.as_deref() == Some(reason), "{reason}: {said:?}");
        }
    }
    // And the one that a provider brings about: the request waits, the provider fails, patience
    // ends.
    let remote = request("GET", "/orders", Some(&token(json!({"iss": "https://remote.example"}))));
    vm.call("proxy_on_context_create", &[2, 1])?;
    let response = vm.headers(2, &remote)?;
    ensure!(!response.goes_on && response.reply.is_none(), "it waits");
    let mut answered = 0;
    for _ in 0..40 {
        vm.call("proxy_on_tick", &[1])?;
        let calls = vm.state().http_calls.clone();
        for call in calls.get(answered..).unwrap_or_default() {
            vm.answer_call(call.context, call.token, CallResponse::default())?;
        }
        answered = calls.len();
        vm.state_mut().now += Duration::from_secs(1);
    }
    let response = vm.response(2)?;
    ensure!(vm::reason(&response).as_deref() == Some("keys-unavailable"), "{response:?}");
    ensure!(response.status() == 503, "it is answered");
    vm.call("proxy_on_delete", &[2])?;
    // And where there never was a good configuration.
    let mut closed = vm::configured(&json!({}))?;
    let response = closed.request(2, &request("GET", "/orders", None))?;
    let said = vm::reason(&response);
    ensure!(!response.goes_on && said.as_deref() == Some("configuration-invalid"), "{said:?}");
    ensure!(
        refusals()?.len() + 2 == attache_e2e::scenario::reasons().count(),
        "a reason is not tried"
    );
    Ok(())
}

#[test]
fn a_request_that_waited_for_keys_goes_on() -> Result<()> {
    let mut vm = vm::configured(&document())?;
    let keys =
        attache_test_fixtures::keys::jwks([&attache_test_fixtures::keys::SigningKey::fixed(
            "p256",
        )?])?
        .to_string();
    let remote = token(json!({"iss": "https://remote.example"}));
    vm.call("proxy_on_context_create", &[2, 1])?;
    ensure!(!vm.headers(2, &request("GET", "/orders", Some(&remote)))?.goes_on, "it waits");
    vm.call("proxy_on_tick", &[1])?;
    let call = vm.state_mut().http_calls.pop().context("nobody asks for the keys")?;
    let headers = [(":status", "200"), ("content-type", "application/json")];
    vm.answer_call(call.context, call.token, CallResponse::new(&headers, keys.as_bytes()))?;
    let response = vm.response(2)?;
    ensure!(response.goes_on && response.reply.is_none(), "{response:?} {:?}", vm.state().log);
    Ok(())
}
