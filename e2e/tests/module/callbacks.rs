//! Callbacks in orders that no good host would choose, with what they bring cut short, doubled or
//! made up.

use crate::support::{Random, document, request, token};
use crate::vm;
use anyhow::{Context, Result, ensure};
use attache_test_fixtures::keys::{SigningKey, jwks};
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{CallResponse, SharedData};
use serde_json::json;
use std::time::Duration;

/// The steps of one walk; each walk has a VM of its own.
const STEPS: usize = 150;

#[test]
fn callbacks_in_any_order_cut_short_and_repeated_never_trap() -> Result<()> {
    for seed in 1..=6 {
        walk(seed).with_context(|| format!("the walk with seed {seed}"))?;
    }
    Ok(())
}

fn walk(seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut vm = vm::fresh()?;
    vm.call("proxy_on_context_create", &[1, 0])?;
    vm.call("proxy_on_vm_start", &[1, 0])?;
    let good = document().to_string();
    let keys = jwks([&SigningKey::fixed("p256")?])?.to_string();
    let tokens =
        [token(json!({})), token(json!({"iss": "https://remote.example"})), "a.b.c".to_owned()];
    let mut streams: Vec<i32> = Vec::new();
    let mut next = 2;
    for _ in 0..STEPS {
        match random.below(10) {
            0 => {
                // Whole, cut anywhere, or with a byte changed.
                let mut document = good.clone().into_bytes();
                match random.below(3) {
                    0 => {}
                    1 => document.truncate(random.below(document.len())),
                    _ => {
                        let at = random.below(document.len());
                        document[at] = random.byte();
                    }
                }
                vm.configure(&document)?;
            }
            1 => _ = vm.call("proxy_on_tick", &[1])?,
            2 => answer(&mut vm, &mut random, keys.as_bytes())?,
            3 | 4 => {
                vm.call("proxy_on_context_create", &[next, 1])?;
                streams.push(next);
                next += 1;
            }
            5 | 6 => {
                // Once, twice or never; with all of the headers, some, or none.
                if !streams.is_empty() {
                    let stream = *random.one(&streams);
                    let mut request = request("GET", "/orders", Some(random.one(&tokens).as_str()));
                    request.headers.truncate(random.below(request.headers.len() + 2));
                    vm.headers(stream, &request)?;
                }
            }
            7 => {
                vm.call("proxy_on_tick", &[1])?;
                vm.call("proxy_on_tick", &[1])?;
            }
            8 => vm.state_mut().now += Duration::from_millis(50) * u32::from(random.byte()),
            _ => {
                if !streams.is_empty() {
                    let stream = streams.swap_remove(random.below(streams.len()));
                    vm.call("proxy_on_delete", &[stream])?;
                }
            }
        }
        // What another plugin of the proxy may do to data that all share.
        if random.below(20) == 0 {
            spoil(&vm.state().shared, &mut random);
        }
    }
    for stream in streams {
        vm.call("proxy_on_delete", &[stream])?;
    }
    ensure!(vm.configure(good.as_bytes())?, "a good configuration is taken at the end");
    let response = vm.request(next, &request("GET", "/orders", Some(&tokens[0])))?;
    ensure!(response.goes_on, "the VM is still sound: {:?}", vm::reason(&response));
    Ok(())
}

/// An answer to a call that was made: none at all, a good one, one that is cut, one that is
/// nonsense.
fn answer(vm: &mut Vm, random: &mut Random, keys: &[u8]) -> Result<()> {
    let Some(call) = vm.state_mut().http_calls.pop() else { return Ok(()) };
    let status: &[u8] = random.one::<&[u8]>(&[b"200", b"200", b"304", b"500", b"", b"\xff"]);
    let mut body = keys.to_vec();
    match random.below(3) {
        0 => {}
        1 => body.truncate(random.below(body.len())),
        _ => body = random.bytes(200),
    }
    let response = match random.below(4) {
        0 => CallResponse::default(),
        _ => CallResponse {
            headers: vec![
                (":status".to_owned(), status.to_vec()),
                ("content-type".to_owned(), b"application/json".to_vec()),
            ],
            body,
        },
    };
    vm.answer_call(call.context, call.token, response)
}

/// Cuts each value that the workers share, or writes something else in its place.
fn spoil(shared: &SharedData, random: &mut Random) {
    for key in shared.keys() {
        let Some((mut value, version)) = shared.get(&key) else { continue };
        if random.below(2) == 0 {
            value = random.bytes(40);
        } else {
            value.truncate(value.len() / 2);
        }
        assert_eq!(shared.set(&key, &value, version), Ok(()));
    }
}

/// What the other tests rest on: here the module does trap, since no host may delete what it never
/// made.
#[test]
fn a_trap_does_not_go_unseen() -> Result<()> {
    let mut vm = vm::configured(&document())?;
    let error = format!("{:#}", vm.call("proxy_on_delete", &[77]).err().context("no trap")?);
    ensure!(error.contains("trapped"), "{error}");
    Ok(())
}
