//! The clients.

use crate::cases::{Case, Expected, choose};
use crate::world::World;
use anyhow::Result;
use attache_e2e::echo::Seen;
use attache_e2e::http1::Response;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a client rests after each answer.
const PAUSE: Duration = Duration::from_millis(8);

/// Sends one request after the other until the end.
pub(crate) async fn client(world: Rc<World>, number: u64, end: Instant) -> Result<()> {
    let mut random = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    while Instant::now() < end {
        tokio::time::sleep(PAUSE).await;
        random = next(random);
        if let Some(case) = choose(&world, random)? {
            play(&world, &case).await;
        }
    }
    Ok(())
}

/// xorshift64: the same requests in every run.
fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

async fn play(world: &World, case: &Case) {
    // What another spells in a header of ours must never arrive.
    let mut headers = vec![("x-user", "mallory".to_owned()), ("x_user", "mallory".to_owned())];
    headers.extend(case.token.iter().map(|token| ("authorization", format!("Bearer {token}"))));
    let before = Moment::of(world, case);
    let answer = world.send(case.method, case.path, &headers).await;
    let after = Moment::of(world, case);
    let mut tally = world.tally.borrow_mut();
    tally.requests += 1;
    let trap_near = before.trapped || after.trapped;
    let answer = match answer {
        Ok(answer) => answer,
        Err(_) if trap_near => return tally.trapped_5xx += 1,
        // It waited for keys in the VM that is gone: Envoy keeps it until `stream_idle_timeout`.
        Err(_) if before.traps != after.traps => return tally.cut_off += 1,
        Err(error) => {
            tally.wrong += 1;
            return tally.note(format!("{}: {error:#}", case.name));
        }
    };
    if answer.status >= 500 {
        if trap_near {
            tally.trapped_5xx += 1;
        } else {
            tally.errors_5xx += 1;
            tally.note(format!("{}: {} {}", case.name, answer.status, answer.text()));
        }
        return;
    }
    match judge(case, &answer, &before, &after) {
        None => tally.undecided += 1,
        Some(true) => {}
        Some(false) => {
            tally.wrong += 1;
            tally.note(format!("{}: {} {}", case.name, answer.status, answer.text()));
        }
    }
}

/// What held at a moment.
struct Moment {
    trapped: bool,
    traps: u64,
    open: Option<bool>,
    epoch: u64,
    published: bool,
    gone: bool,
}

impl Moment {
    fn of(world: &World, case: &Case) -> Self {
        let (published, gone) = match &case.expected {
            Expected::Pass(pass) => (pass.published.get(), pass.gone.get()),
            _ => (false, false),
        };
        Self {
            trapped: world.trapped.get(),
            traps: world.tally.borrow().traps,
            open: world.open.get(),
            epoch: world.epoch.get(),
            published,
            gone,
        }
    }
}

/// Whether the answer is right; `None` where either would be.
fn judge(case: &Case, answer: &Response, before: &Moment, after: &Moment) -> Option<bool> {
    match &case.expected {
        Expected::Served(user) => Some(served(answer, *user)),
        Expected::Refused(status, reason) => Some(refused(answer, *status, reason)),
        Expected::Pass(_) => match (before.published && after.published, before.gone) {
            (true, _) => Some(served(answer, Some("alice"))),
            (_, true) => Some(answer.status == 401),
            _ => (answer.status != 200 && answer.status != 401).then_some(false),
        },
        Expected::Toggled => match before.open {
            Some(open) if before.epoch == after.epoch => Some(if open {
                served(answer, Some("alice"))
            } else {
                refused(answer, 403, "rule-denied")
            }),
            _ => (answer.status != 200 && answer.status != 403).then_some(false),
        },
    }
}

fn served(answer: &Response, user: Option<&str>) -> bool {
    let Ok(seen) = serde_json::from_slice::<Seen>(&answer.body) else { return false };
    answer.status == 200
        && seen.values("x-user") == user.into_iter().collect::<Vec<_>>()
        && seen.values("x_user").is_empty()
        && (user.is_none() || seen.values("authorization").is_empty())
}

fn refused(answer: &Response, status: u16, reason: &str) -> bool {
    answer.status == status && answer.text().contains(&format!(r#""type":"{reason}""#))
}
