//! Requests one after another, each over a connection of its own, from two clients, until standard
//! input ends. Then one line of JSON tells how many were sent, which statuses came, and what the
//! first few failures were.

use anyhow::{Context, Result};
use attache_e2e::http1::{self, Request};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// Between two requests of one client: a steady load, not a flood.
const PAUSE: Duration = Duration::from_millis(10);
/// A request that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);
const FAILURES_TOLD: usize = 5;
/// Ends by itself where nobody tells it to.
const LONGEST: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Tally {
    sent: u64,
    statuses: BTreeMap<String, u64>,
    failures: Vec<String>,
}

/// Reads a header of the command line.
///
/// # Errors
/// It is no `name: value`.
pub(crate) fn header(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once(": ").context("a header is written `name: value`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Sends requests with these headers to an address.
pub(crate) async fn run(to: SocketAddr, path: &str, headers: &[(String, String)]) -> Result<()> {
    let tally = RefCell::new(Tally::default());
    let client = async || loop {
        let outcome = ask(to, path, headers).await;
        tally.borrow_mut().note(outcome);
        tokio::time::sleep(PAUSE).await;
    };
    tokio::select! {
        () = client() => {}
        () = client() => {}
        _ = tokio::task::spawn_blocking(input_ends) => {}
        () = tokio::time::sleep(LONGEST) => {}
    }
    let tally = tally.into_inner();
    println!(
        "{}",
        json!({"sent": tally.sent, "statuses": tally.statuses, "failures": tally.failures})
    );
    Ok(())
}

fn input_ends() {
    // Input that can't be read is as good as at its end.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
}

async fn ask(to: SocketAddr, path: &str, headers: &[(String, String)]) -> Result<u16> {
    let exchange = async {
        let stream = TcpStream::connect(to).await?;
        anyhow::Ok(
            http1::send(stream, &Request { method: "GET", path, headers, body: &[] }).await?.status,
        )
    };
    tokio::time::timeout(PATIENCE, exchange).await.context("no answer in time")?
}

impl Tally {
    fn note(&mut self, outcome: Result<u16>) {
        self.sent = self.sent.saturating_add(1);
        let (kind, failure) = match outcome {
            Ok(200) => ("200".to_owned(), None),
            Ok(status) => (status.to_string(), Some(status.to_string())),
            Err(error) => ("error".to_owned(), Some(format!("{error:#}"))),
        };
        let count = self.statuses.entry(kind).or_default();
        *count = count.saturating_add(1);
        self.failures.extend(failure.filter(|_| self.failures.len() < FAILURES_TOLD));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_kind_and_the_first_few_are_told() {
        let mut tally = Tally::default();
        tally.note(Ok(200));
        for _ in 0..6 {
            tally.note(Ok(503));
        }
        tally.note(Err(anyhow::anyhow!("gone")));
        assert_eq!(tally.sent, 8);
        assert_eq!(
            tally.statuses,
            BTreeMap::from([("200".into(), 1), ("503".into(), 6), ("error".into(), 1)])
        );
        assert_eq!(tally.failures, ["503"; 5]);
    }
}
