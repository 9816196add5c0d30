//! What is changed under the load: configurations, keys, and the VM itself.

use crate::world::{World, configuration, pass};
use anyhow::{Result, ensure};
use attache_e2e::envoy::Push;
use serde_json::json;
use std::rc::Rc;
use std::time::{Duration, Instant};

const BETWEEN_PUSHES: Duration = Duration::from_secs(3);
const BETWEEN_ROTATIONS: Duration = Duration::from_secs(4);

/// Probes that must all see a change before every worker is taken to have it: connections are
/// spread at random.
const PROBES: usize = 24;

/// How long a probe may take: longer than any request waits for keys, and far shorter than the
/// deadline. One that waits in the VM which traps is never answered, and others must be sent in its
/// place.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);

/// Pushes another configuration every few seconds; every fourth is one that Envoy must refuse.
pub(crate) async fn push_configurations(world: Rc<World>, end: Instant) -> Result<()> {
    let mut number = 0;
    for turn in 1_u64.. {
        tokio::time::sleep(BETWEEN_PUSHES).await;
        if Instant::now() >= end {
            break;
        }
        if turn.is_multiple_of(4) {
            let bad = json!({"issuers": []}).to_string();
            ensure!(
                world.envoy.push(&bad).await? == Push::Refused,
                "a bad configuration was taken"
            );
            world.tally.borrow_mut().refused_pushes += 1;
            continue;
        }
        number += 1;
        world.set_open(None);
        let next = configuration(&world.provider, number)?.to_string();
        ensure!(
            world.envoy.push(&next).await? == Push::Accepted,
            "a good configuration was refused"
        );
        let realm = format!("realm=\"v{number}\"");
        until_all(&world, "/orders", None, |answer| {
            answer.values("www-authenticate").iter().any(|challenge| challenge.contains(&realm))
        })
        .await?;
        world.set_open(Some(number.is_multiple_of(2)));
        world.tally.borrow_mut().pushes += 1;
    }
    Ok(())
}

/// A new key comes, the oldest of three goes.
pub(crate) async fn rotate_keys(world: Rc<World>, end: Instant) -> Result<()> {
    for number in 1.. {
        tokio::time::sleep(BETWEEN_ROTATIONS).await;
        if Instant::now() >= end {
            break;
        }
        let new = pass(&world.provider, number)?;
        let (served, leaving) = {
            let mut passes = world.passes.borrow_mut();
            passes.push(new);
            let excess = passes.len().saturating_sub(6);
            passes.drain(..excess);
            let from = passes.len().saturating_sub(2);
            let (old, served) = passes.split_at(from);
            let leaving: Vec<_> = old.iter().filter(|pass| !pass.gone.get()).cloned().collect();
            (served.to_vec(), leaving)
        };
        leaving.iter().for_each(|pass| pass.published.set(false));
        world.provider.serve(served.iter().map(|pass| &pass.key))?;
        served.iter().for_each(|pass| pass.published.set(true));
        for pass in leaving {
            until_all(&world, "/orders", Some(&pass.token), |answer| answer.status == 401).await?;
            pass.gone.set(true);
        }
        world.tally.borrow_mut().rotations += 1;
    }
    Ok(())
}

/// Makes the VM of one worker trap, and waits until every worker serves again.
pub(crate) async fn trap_once(world: Rc<World>, when: Instant) -> Result<()> {
    tokio::time::sleep_until(when.into()).await;
    world.trapped.set(true);
    let trap = [("x-attache-trap", "now".to_owned())];
    let answer = world.send("GET", "/healthz", &trap).await;
    ensure!(
        answer.is_err() || answer.is_ok_and(|answer| answer.status >= 500),
        "the request did not trap"
    );
    world.tally.borrow_mut().traps += 1;
    // All probes may reach the other worker, so the VM has to be counted as made anew first.
    let deadline = attache_e2e::envoy::Deadline::new();
    let reloads = loop {
        let stats = world.envoy.stats().await?;
        match stats.sum(|name| name.ends_with("vm_reload_success")) {
            0 => ensure!(deadline.wait().await, "the VM does not come back\n{}", world.envoy.log()),
            reloads => break reloads,
        }
    };
    world.tally.borrow_mut().reloads += reloads;
    until_all(&world, "/healthz", None, |answer| answer.status == 200).await?;
    world.trapped.set(false);
    Ok(())
}

/// Waits until something is true of many answers at once, and so of every worker's.
async fn until_all(
    world: &Rc<World>,
    path: &'static str,
    token: Option<&str>,
    test: impl Fn(&attache_e2e::http1::Response) -> bool,
) -> Result<()> {
    let deadline = attache_e2e::envoy::Deadline::new();
    let headers: Vec<_> =
        token.iter().map(|token| ("authorization", format!("Bearer {token}"))).collect();
    loop {
        let mut probes = tokio::task::JoinSet::new();
        for _ in 0..PROBES {
            let (world, headers) = (Rc::clone(world), headers.clone());
            probes.spawn_local(async move {
                let traps = world.tally.borrow().traps;
                let sent =
                    tokio::time::timeout(PROBE_PATIENCE, world.send("GET", path, &headers)).await;
                let mut tally = world.tally.borrow_mut();
                if sent.is_err() && tally.traps != traps {
                    tally.cut_off += 1;
                }
                sent
            });
        }
        let mut all = true;
        while let Some(answer) = probes.join_next().await {
            all &= matches!(answer?, Ok(Ok(answer)) if test(&answer));
        }
        if all {
            return Ok(());
        }
        ensure!(
            deadline.wait().await,
            "in vain awaited: a change that every worker sees\n{}",
            world.envoy.log()
        );
    }
}
