//! Memory under tokens that never come twice.

use crate::cases::distinct_requests;
use crate::chains::{Chain, Parts};
use crate::envoy::Envoy;
use crate::keys::{Algorithm, Keys};
use crate::load::Load;
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

/// How often memory is looked at.
const LOOKS: u64 = 20;

/// Requests that are minted ahead of the load.
const AHEAD: usize = 1024;

/// How far an Envoy with one worker grows, in bytes, beyond what it holds when it has served the
/// same few callers for a while: the most seen while every request brings a new token. ES256,
/// because a million of these can be signed.
pub(crate) fn growth(
    binary: &Path,
    parts: &Parts,
    keys: &Keys,
    warm_up: usize,
    tokens: u64,
) -> Result<u64> {
    let mut envoy = Envoy::start(binary, 1, &[Chain::Attache], parts)?;
    let mut load = Load::open(|| envoy.connect(Chain::Attache))?;
    let known: Vec<Vec<u8>> =
        distinct_requests(keys, Algorithm::Es256, 64).collect::<Result<_>>()?;
    load.run(known.iter().cycle().take(warm_up), &[200])?;
    let idle = envoy.resident()?;
    let mut most = idle;
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        let minting = scope.spawn(move || -> Result<()> {
            for request in distinct_requests(keys, Algorithm::Es256, tokens) {
                // The load has failed and says so itself.
                if sender.send(request?).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let mut requests = receiver.into_iter();
        for look in 1..=LOOKS {
            let part = usize::try_from(tokens / LOOKS).context("too many tokens")?;
            load.run(requests.by_ref().take(part), &[200]).context("distinct tokens")?;
            most = most.max(envoy.resident()?);
            eprintln!(
                "memory: {look} of {LOOKS}, {} KiB over idle",
                most.saturating_sub(idle) / 1024
            );
        }
        drop(requests);
        minting.join().ok().context("the minting of tokens failed")?
    })?;
    Ok(most.saturating_sub(idle))
}
