//! How long the gateway waits for a token, beside a plain gRPC echo of the same request in the same
//! run.
//!
//! ```text
//! cargo bench -p attache-issuer --profile native
//! ```
//!
//! One client, one request at a time, over TCP on loopback. The kinds of request are interleaved,
//! so that whatever else the machine does falls on all of them alike. Under `cargo test --benches`
//! it makes a few requests, to be known to work.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool, not the product"
)]

use attache_issuer::proto::dispatcher_client::DispatcherClient;
use attache_issuer::proto::dispatcher_server::{Dispatcher, DispatcherServer};
use attache_issuer::proto::{Event, EventReply, Object};
use attache_test_issuer::{Issuer, key_folder, minting, outcome, post, session};
use jwt_simple::algorithms::RS256KeyPair;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

struct Echo;

#[tonic::async_trait]
impl Dispatcher for Echo {
    async fn dispatch(&self, request: Request<Object>) -> Result<Response<Object>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn dispatch_event(&self, _: Request<Event>) -> Result<Response<EventReply>, Status> {
        Ok(Response::new(EventReply {}))
    }
}

#[tokio::main]
async fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 2000 } else { 5 };
    let (elliptic, rsa) = (key_folder(), tempfile::tempdir().unwrap());
    std::fs::write(
        rsa.path().join("a.pem"),
        RS256KeyPair::generate(2048).unwrap().to_pem().unwrap(),
    )
    .unwrap();
    let es256 = Issuer::start(&minting(elliptic.path(), "")).await;
    let rs256 = Issuer::start(&minting(rsa.path(), "")).await;
    let mut cases = [
        Case::new("plain gRPC echo", echo().await, Key::Same),
        Case::new("ES256, cached", es256.client().await, Key::Same),
        Case::new("ES256, fresh", es256.client().await, Key::Other),
        Case::new("RS256, cached", rs256.client().await, Key::Same),
        Case::new("RS256, fresh", rs256.client().await, Key::Other),
    ];
    for round in 0..rounds {
        for case in &mut cases {
            case.ask(round).await;
        }
    }
    println!("{rounds} requests of each kind, in µs");
    println!("{:<18}{:>10}{:>10}{:>10}", "", "median", "p90", "p99");
    for case in &mut cases {
        case.took.sort();
        let at =
            |share: usize| case.took[case.took.len().saturating_sub(1).saturating_mul(share) / 100];
        println!(
            "{:<18}{:>10}{:>10}{:>10}",
            case.name,
            at(50).as_micros(),
            at(90).as_micros(),
            at(99).as_micros()
        );
    }
}

enum Key {
    Same,
    Other,
}

struct Case {
    name: &'static str,
    client: DispatcherClient<Channel>,
    key: Key,
    took: Vec<Duration>,
}

impl Case {
    fn new(name: &'static str, client: DispatcherClient<Channel>, key: Key) -> Self {
        Self { name, client, key, took: Vec::new() }
    }

    async fn ask(&mut self, round: usize) {
        let key = match self.key {
            Key::Same => "k1".to_owned(),
            Key::Other => format!("k{round}"),
        };
        let object = post(
            "orders",
            Some(session(&key, &["p-read", "p-write"])),
            &[
                ("Authorization", &key),
                ("Accept", "*/*"),
                ("User-Agent", "bench"),
                ("X-Request-Id", "1"),
            ],
        );
        let start = Instant::now();
        let answer = self.client.dispatch(object).await.unwrap().into_inner();
        let took = start.elapsed();
        if self.name != "plain gRPC echo" {
            outcome(&answer).expect("a token");
        }
        // The first of each opens the connection, and makes the token that is then kept.
        if round > 0 {
            self.took.push(took);
        }
    }
}

async fn echo() -> DispatcherClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_service(DispatcherServer::new(Echo));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    attache_test_issuer::connect(Endpoint::from_shared(format!("http://{address}")).unwrap()).await
}
