//! What the plugin costs a request through Tyk: without it, with one that does nothing, with the
//! issuer.

use crate::process::free_address;
use crate::program::Program;
use crate::service::echo;
use crate::tyk::Tyk;
use attache_issuer::proto::dispatcher_server::{Dispatcher, DispatcherServer};
use attache_issuer::proto::{Event, EventReply, Object};
use attache_test_issuer::{ISSUER, key_folder};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

const CLIENTS: usize = 16;
const REQUESTS: usize = 400;
const ROUNDS: usize = 5;

/// A plugin that sends back what it is sent.
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

async fn echo_plugin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(
        Server::builder().add_service(DispatcherServer::new(Echo)).serve_with_incoming(incoming),
    );
    address
}

/// A way for requests, and what they took.
struct Way {
    name: &'static str,
    tyk: Tyk,
    key: String,
    took: Vec<Duration>,
    rates: Vec<f64>,
}

impl Way {
    async fn build(name: &'static str, plugin: SocketAddr, change: fn(&mut Value)) -> Self {
        let tyk = Tyk::start(&format!("tcp://{plugin}"), json!({})).await;
        tyk.add_api("classic/api-key.json", echo().await, change).await;
        tyk.reload().await;
        let session = json!({
            "org_id": "acme", "alias": "cost", "rate": -1, "per": -1, "quota_max": -1,
            "access_rights": {"orders": {"api_id": "orders", "api_name": "Orders", "versions": ["Default"]}}
        });
        let key = tyk.key_of(&session).await;
        Self { name, tyk, key, took: Vec::new(), rates: Vec::new() }
    }

    async fn round(&mut self) {
        let url = format!("http://{}/orders/list", self.tyk.address);
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (url, key) = (url.clone(), self.key.clone());
            clients.spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let mut took = Vec::new();
                for _ in 0..REQUESTS {
                    let start = Instant::now();
                    let answer = client.get(&url).header("x-api-key", &key).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.unwrap();
                    took.push(start.elapsed());
                }
                took
            });
        }
        self.took.extend(clients.join_all().await.into_iter().flatten());
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        self.rates.push((CLIENTS * REQUESTS) as f64 / start.elapsed().as_secs_f64());
    }
}

fn config(grpc: SocketAddr, http: SocketAddr, keys: &std::path::Path, tokens: u32) -> String {
    format!(
        r#"
grpc: {{listen: "tcp://{grpc}"}}
http: {{listen: "{http}"}}
mint: {{issuer: {ISSUER}, cacheTokens: {tokens}, keys: {{folder: {keys:?}}}}}
apis: [{{id: orders, audiences: [mesh], credential: {{headers: [x-api-key], params: [api_key]}}}}]
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Tyk and Redis: run scripts/bench-tyk"]
async fn what_the_plugin_costs() {
    let keys = key_folder();
    let (mut issuers, mut folders, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
    for tokens in [100_000, 0] {
        let (folder, grpc, http) = (tempfile::tempdir().unwrap(), free_address(), free_address());
        issuers.push(
            Program::start(folder.path(), &config(grpc, http, keys.path(), tokens), http).await,
        );
        folders.push(folder);
        addresses.push(grpc);
    }
    let plain = |api: &mut Value| {
        api.as_object_mut().unwrap().remove("custom_middleware");
    };
    let mut ways = [
        Way::build("no plugin", addresses[0], plain).await,
        Way::build("a plugin that echoes", echo_plugin().await, |_| {}).await,
        Way::build("the issuer, cached token", addresses[0], |_| {}).await,
        Way::build("the issuer, fresh token", addresses[1], |_| {}).await,
    ];
    for _ in 0..ROUNDS {
        for way in &mut ways {
            way.round().await;
        }
    }
    println!(
        "{} requests each, {CLIENTS} at once, in {ROUNDS} rounds",
        CLIENTS * REQUESTS * ROUNDS
    );
    println!("{:<28}{:>12}{:>14}{:>12}", "", "requests/s", "median µs", "p99 µs");
    for way in &mut ways {
        way.took.sort();
        way.rates.sort_by(f64::total_cmp);
        let at = |share: usize| way.took[(way.took.len() - 1) * share / 100].as_micros();
        println!("{:<28}{:>12.0}{:>14}{:>12}", way.name, way.rates[ROUNDS / 2], at(50), at(99));
    }
    drop((issuers, folders));
}
