//! Clients that ask steadily, and what they met.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Requests a second, all clients together.
const RATE: u32 = 200;

const CLIENTS: u32 = 8;

/// A steady load.
pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    stop: AtomicBool,
    good: AtomicU64,
    seen: Mutex<Seen>,
}

/// What the clients met.
pub struct Seen {
    /// Answers by status; 0 where there was none.
    pub statuses: BTreeMap<u16, u64>,
    /// The longest time without a good answer.
    pub gap: Duration,
    last: Instant,
}

impl Load {
    /// Starts clients with this key.
    pub fn start(gateway: SocketAddr, key: &str) -> Self {
        let seen = Seen { statuses: BTreeMap::new(), gap: Duration::ZERO, last: Instant::now() };
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            good: AtomicU64::new(0),
            seen: Mutex::new(seen),
        });
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (shared, url, key) =
                (Arc::clone(&shared), format!("http://{gateway}/orders/list"), key.to_owned());
            clients.spawn(async move { shared.ask(&url, &key).await });
        }
        Self { shared, clients }
    }

    /// Waits until there were so many more good answers.
    pub async fn pass(&self, answers: u64) {
        let end = self.shared.good.load(Ordering::Relaxed) + answers;
        let mut ticks = interval(Duration::from_millis(20));
        while self.shared.good.load(Ordering::Relaxed) < end {
            ticks.tick().await;
        }
    }

    /// Ends it when every client has its last answer.
    pub async fn end(self) -> Seen {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        let now = Seen { statuses: BTreeMap::new(), gap: Duration::ZERO, last: Instant::now() };
        std::mem::replace(&mut *self.shared.seen.lock().unwrap(), now)
    }
}

impl Shared {
    async fn ask(&self, url: &str, key: &str) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut ticks = interval(Duration::from_secs(1) * CLIENTS / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            let body = client.post(url).header("x-api-key", key).body("a body").send().await;
            self.saw(body.map_or(0, |answer| answer.status().as_u16()));
        }
    }

    fn saw(&self, status: u16) {
        let mut seen = self.seen.lock().unwrap();
        *seen.statuses.entry(status).or_default() += 1;
        if status == 200 {
            seen.gap = seen.gap.max(seen.last.elapsed());
            seen.last = Instant::now();
            self.good.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Seen {
    /// How many requests had no good answer.
    pub fn failed(&self) -> u64 {
        self.statuses.iter().filter(|(status, _)| **status != 200).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statuses: Vec<_> =
            self.statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        write!(f, "{:<40} longest gap {} ms", statuses.join(", "), self.gap.as_millis())
    }
}
