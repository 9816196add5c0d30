//! Before anything is measured: every chain does its job.

use crate::bootstrap::{PROBED, seen};
use crate::cases::{Case, Job};
use crate::chains::Parts;
use crate::envoy::Envoy;
use crate::load::Answer;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long the module may keep its counts to itself.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// What a service must see of the first caller, whichever chain let it through.
const EXPECTED: [(&str, &str); 4] = [
    ("x-sub", "user-0000000"),
    ("x-org-id", "acme"),
    ("x-email", "user-0000000@acme.example"),
    ("x-scope", "orders:read orders:write"),
];

/// Sends a case's first request and compares status and headers with what the job promises.
pub(crate) fn check(envoy: &mut Envoy, case: &Case) -> Result<()> {
    let answer = envoy.connect(case.job.chain())?.exchange(&case.probe)?;
    let name = case.job.name();
    if !case.job.statuses().contains(&answer.status) {
        let Answer { status, head, body } = answer;
        let wanted = case.job.statuses();
        bail!("{name} answers {status}, not one of {wanted:?}:\n{head}{body}\n{}", envoy.log());
    }
    if case.job.forwards_identity() {
        for (header, value) in EXPECTED {
            let found = answer.header(&seen(header));
            ensure!(found == Some(value), "{name} writes `{header}` as {found:?}, not `{value}`");
        }
        for header in PROBED {
            let forwarded = answer.header(&seen(header)).is_some_and(|value| !value.is_empty());
            ensure!(forwarded, "{name} does not forward `{header}`");
        }
    }
    Ok(())
}

/// Connections that come to both of two workers, however the kernel spreads them.
const VISITORS: u64 = 32;

/// Whether a token that one worker has verified is good for another without a second signature
/// check: one token over many connections to two workers that have no cache of their own.
pub(crate) fn shares_tokens(binary: &Path, parts: &Parts, cases: &[Case]) -> Result<bool> {
    let case = cases
        .iter()
        .find(|case| case.job == Job::SharedHit)
        .context("there is no case of shared hits")?;
    let mut envoy = Envoy::start(binary, 2, &[case.job.chain()], parts)?;
    for _ in 0..VISITORS {
        check(&mut envoy, case)?;
    }
    let verified = verifications(&mut envoy, VISITORS)?;
    ensure!(
        verified > 0,
        "the module counts no verification, so it can't be seen whether a token is verified again"
    );
    Ok(verified == 1)
}

/// How many signatures were checked for so many requests. The module tells its counts once a
/// second: this waits.
fn verifications(envoy: &mut Envoy, requests: u64) -> Result<u64> {
    let started = Instant::now();
    loop {
        let counters = envoy.stats("attache")?;
        let total = |part: &str| {
            let of_part =
                counters.iter().filter(|(name, _)| name.contains(part)).map(|(_, count)| *count);
            of_part.fold(0, u64::saturating_add)
        };
        if total("attache.requests.allowed") >= requests {
            return Ok(total("attache.verify."));
        }
        ensure!(
            started.elapsed() < TOLD_WITHIN,
            "the module does not count its requests: {counters:?}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
