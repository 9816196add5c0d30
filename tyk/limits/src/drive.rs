//! Sends what is planned, when it is due, whatever has come back: an open loop, so that a slow
//! gateway is not spared.

use crate::hosts::Hosts;
use crate::plan::{Due, Plan};
use crate::record::{Answer, FORMAT, Record, Tried};
use crate::target::Target;
use fastrand::Rng;
use reqwest::Method;
use reqwest::blocking::{Client, Response};
use std::error::Error;
use std::fmt;
use std::io::{Read, sink};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many requests may be under way at once.
const WORKERS: usize = 48;

/// How long a request may take until the end of its answer, unless a test says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// So many requests without an answer, one after the other, end the run.
const MAX_UNANSWERED: usize = 8;

/// The longest part of an answer that is read.
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// What is driven.
#[derive(Clone, Copy, Debug)]
pub struct Course<'c> {
    /// The gateways; nothing is sent anywhere else.
    pub urls: &'c [String],
    /// Where they are; what is not known of them is looked up.
    pub hosts: &'c Hosts,
    /// What to try, with its plan.
    pub targets: &'c [(Target, Plan)],
    /// The first key, and the second where there is one.
    pub keys: &'c [String],
    /// What the schedule is made with.
    pub seed: u64,
    /// Nothing is sent later than this, from the beginning.
    pub until: Duration,
    /// How long a request may take until the end of its answer.
    pub timeout: Duration,
}

/// Why a run ended before its end.
#[derive(Debug)]
pub struct Unanswered(String);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` did not answer {MAX_UNANSWERED} times in a row; the run was ended", self.0)
    }
}

impl Error for Unanswered {}

struct Sender<'c> {
    course: Course<'c>,
    client: Client,
    start: Instant,
    next: AtomicUsize,
    unanswered: AtomicUsize,
    answers: Mutex<Vec<(usize, Answer)>>,
}

/// Sends everything that is due before the end, and returns what came back. `tell` is called before
/// each target with its number.
///
/// # Errors
/// The client can't be made, a key or a header can't be sent, or a gateway does not answer.
pub fn drive(course: Course<'_>, tell: &dyn Fn(usize)) -> Result<Record, Box<dyn Error>> {
    // Whoever else has chosen one chose the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = course
        .hosts
        .pin(Client::builder())
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(course.timeout)
        .pool_max_idle_per_host(WORKERS)
        .build()?;
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    let start = Instant::now();
    let mut rng = Rng::with_seed(course.seed);
    let mut targets = Vec::new();
    for (number, (target, plan)) in course.targets.iter().enumerate() {
        if start.elapsed() >= course.until {
            break;
        }
        tell(number);
        let schedule =
            plan.schedule(start.elapsed().as_secs_f64(), started, course.urls.len(), &mut rng);
        let sender = Sender {
            course,
            client: client.clone(),
            start,
            next: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            answers: Mutex::default(),
        };
        scope(|scope| {
            for _ in 0..WORKERS.min(schedule.len()) {
                scope.spawn(|| sender.work(target, &schedule));
            }
        });
        if sender.has_given_up() {
            return Err(Unanswered(course.urls.join("`, `")).into());
        }
        let mut answers = sender.answers.into_inner().unwrap_or_default();
        answers.sort_by_key(|(index, _)| *index);
        targets.push(Tried {
            api: target.api.clone(),
            method: target.method.clone(),
            path: target.path.clone(),
            answers: answers.into_iter().map(|(_, answer)| answer).collect(),
        });
    }
    Ok(Record { format: FORMAT, seed: course.seed, started, urls: course.urls.len(), targets })
}

impl Sender<'_> {
    fn has_given_up(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) >= MAX_UNANSWERED
    }

    fn work(&self, target: &Target, schedule: &[Due]) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = schedule.get(index) else { return };
            if self.has_given_up() {
                return;
            }
            let at = Duration::from_secs_f64(due.at.max(0.0));
            if at.max(self.start.elapsed()) >= self.course.until {
                return;
            }
            sleep(at.saturating_sub(self.start.elapsed()));
            let answer = self.send(target, due);
            if answer.status == 0 {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
            } else if !self.has_given_up() {
                self.unanswered.store(0, Ordering::Relaxed);
            }
            if let Ok(mut answers) = self.answers.lock() {
                answers.push((index, answer));
            }
        }
    }

    fn send(&self, target: &Target, due: &Due) -> Answer {
        let base = self
            .course
            .urls
            .get(due.gateway)
            .map(|url| url.trim_end_matches('/'))
            .unwrap_or_default();
        let method = Method::from_bytes(target.method.as_bytes()).unwrap_or(Method::GET);
        // The client's own time is for each read; this is for all of them.
        let request = self.client.request(method, format!("{base}{}", target.path));
        let mut request = request.timeout(self.course.timeout);
        if let (Some(header), Some(key)) = (&target.key_header, self.course.keys.get(due.key)) {
            request = request.header(header, key);
        }
        let sent = self.start.elapsed().as_secs_f64();
        let response = request.send();
        let received = self.start.elapsed().as_secs_f64();
        let (status, is_own, is_quota) = match response {
            Ok(response) => read(response),
            Err(_) => (0, false, false),
        };
        Answer {
            step: due.kind,
            key: due.key,
            gateway: due.gateway,
            sent: rounded(sent),
            received: rounded(received),
            status,
            is_own,
            is_quota,
        }
    }
}

/// Reads an answer to its end, so that the connection serves the next request.
fn read(mut response: Response) -> (u16, bool, bool) {
    let status = response.status().as_u16();
    let is_own = response.headers().get("x-generator").is_some_and(|value| value == "tyk.io");
    let mut is_quota = false;
    if status == 403 {
        let mut text = Vec::new();
        let _ = response.by_ref().take(MAX_BODY_BYTES).read_to_end(&mut text);
        is_quota = String::from_utf8_lossy(&text).contains("Quota exceeded");
    }
    let _ = std::io::copy(&mut response.take(MAX_BODY_BYTES), &mut sink());
    (status, is_own, is_quota)
}

/// Rounds to a hundredth of a millisecond: a record is to be read.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e5).round() / 1e5
}
