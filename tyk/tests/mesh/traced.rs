//! One id for a request: in the gateway's log and span, the issuer's line, the sidecar's access log
//! and span, the audit line, by the settings that this repository ships.

use crate::envoy::{Envoy, filter_config};
use crate::process::free_address;
use crate::program::Program;
use crate::service::echo;
use crate::tyk::Tyk;
use attache_test_issuer::{ISSUER, key_folder};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const REQUEST_ID: &str = "5f0c8a52-7d0e-4c58-9a53-0b6f1d2e3c4d";

/// A collector of spans, which keeps what it is sent as it comes.
#[derive(Clone)]
struct Collector {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = Self { address: listener.local_addr().unwrap(), sent: Arc::default() };
        let router = Router::new().fallback(keep).with_state(own.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        own
    }

    /// Returns whether a span of a trace came from a service: in the protocol buffers of OTLP the
    /// id stands in 16 bytes, in Zipkin's JSON in its digits.
    fn has(&self, service: &str, trace_id: &str) -> bool {
        let bytes: Vec<u8> = (0..trace_id.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(trace_id.get(at..at + 2).unwrap(), 16).unwrap())
            .collect();
        let holds =
            |body: &Bytes, wanted: &[u8]| body.windows(wanted.len()).any(|window| window == wanted);
        let is_it = |body: &Bytes| {
            holds(body, service.as_bytes())
                && (holds(body, &bytes) || holds(body, trace_id.as_bytes()))
        };
        self.sent.lock().unwrap().iter().any(is_it)
    }
}

async fn keep(State(collector): State<Collector>, body: Bytes) {
    collector.sent.lock().unwrap().push(body);
}

/// Reads a file of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path))
        .unwrap()
}

/// Returns the settings of tracing and logs that the sample gateway has, with another collector,
/// and every request traced.
fn gateway_settings(collector: &Collector, propagation: &str) -> Value {
    let shipped: Value = serde_json::from_str(&read("tyk/deploy/config/tyk.conf")).unwrap();
    let mut tracing = shipped["opentelemetry"].clone();
    assert_eq!(tracing["enabled"], true);
    tracing["exporter"] = json!("http");
    tracing["endpoint"] = json!(collector.address.to_string());
    tracing["context_propagation"] = json!(propagation);
    tracing["sampling"] = json!({"type": "AlwaysOn"});
    tracing["span_processor_type"] = json!("simple");
    json!({"opentelemetry": tracing, "access_logs": shipped["access_logs"]})
}

/// Returns what istiod makes of the shipped access log, and of a provider of traces.
fn manager(collector: &str, propagation: &str) -> Value {
    let mesh: Value = serde_saphyr::from_str(&read("istio/mesh-config.yaml")).unwrap();
    let labels =
        &mesh["meshConfig"]["extensionProviders"][0]["envoyFileAccessLog"]["logFormat"]["labels"];
    assert_eq!(labels["trace_id"], "%TRACE_ID%");
    let tracer = if propagation == "b3" {
        json!({
            "name": "envoy.tracers.zipkin",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
                "collector_cluster": collector, "collector_endpoint": "/api/v2/spans",
                "collector_endpoint_version": "HTTP_JSON", "trace_id_128bit": true
            }
        })
    } else {
        json!({
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": "orders",
                "http_service": {"http_uri": {
                    "uri": "http://collector/v1/traces", "cluster": collector, "timeout": "1s"
                }}
            }
        })
    };
    json!({
        // As Istio has it within the mesh.
        "request_id_extension": {"typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "use_request_id_for_trace_sampling": false
        }},
        "preserve_external_request_id": true,
        "access_log": [{
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": "/dev/stdout", "log_format": {"json_format": labels}
            }
        }],
        "tracing": {"provider": tracer, "spawn_upstream_span": false}
    })
}

fn cluster(name: &str, address: SocketAddr) -> Value {
    json!({
        "name": name,
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
            "socket_address": {"address": address.ip(), "port_value": address.port()}
        }}}]}]}
    })
}

fn issuer_config(keys: &Path, grpc: SocketAddr, http: SocketAddr) -> String {
    format!(
        r#"
grpc: {{listen: "tcp://{grpc}"}}
http: {{listen: "{http}"}}
log: {{issued: true}}
mint:
  issuer: {ISSUER}
  keys: {{folder: {keys:?}}}
  roles: {{policies: {{orders-read: [reader], orders-write: [reader, writer]}}}}
apis:
- {{id: orders, audiences: [mesh], orgId: acme, credential: {{headers: [x-api-key], params: [api_key]}}}}
"#
    )
}

/// Waits until a log has a line that holds both, and returns it.
async fn line(log: impl Fn() -> String, holds: &[&str]) -> String {
    let start = Instant::now();
    loop {
        let text = log();
        if let Some(line) = text.lines().find(|line| holds.iter().all(|part| line.contains(part))) {
            return line.to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no line holds {holds:?}:\n{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "needs Tyk, Redis, an Envoy and the module: run scripts/test-tyk"]
async fn a_request_has_one_id_from_the_gateway_to_the_audit_line() {
    for propagation in ["tracecontext", "b3"] {
        follow(propagation).await;
    }
}

async fn follow(propagation: &str) {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let collector = Collector::start().await;
    let (grpc, http) = (free_address(), free_address());
    let issuer = Program::start(folder.path(), &issuer_config(keys.path(), grpc, http), http).await;
    let mut filter = filter_config(ISSUER, &issuer.get("/jwks.json").await, "roles");
    filter["audit"] = json!({"log": "ALL"});
    let envoy = Envoy::start_with(
        &filter,
        echo().await,
        &manager("collector", propagation),
        &[cluster("collector", collector.address)],
    )
    .await;
    let settings = gateway_settings(&collector, propagation);
    let tyk = Tyk::start_with(&format!("tcp://{grpc}"), json!({}), settings).await;
    tyk.add_api("classic/api-key.json", envoy.address, |_| {}).await;
    tyk.reload().await;
    let key = tyk.key("shop", &["orders-read"]).await;
    for (method, status, verdict) in [("POST", 403, "denied"), ("GET", 200, "allowed")] {
        let headers = [("x-api-key", key.as_str()), ("x-request-id", REQUEST_ID)];
        let answer = tyk.send(method, "/orders/list", &headers, None).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let method_member = format!(r#""method":"{method}""#);
        let audit = line(|| envoy.log(), &[r#"{"log":"attache""#, &method_member, verdict]).await;
        let (_, id) = audit.split_once(r#""traceId":""#).unwrap_or_else(|| panic!("{audit}"));
        let id = id.split('"').next().unwrap();
        assert_eq!(id.len(), 32, "{audit}");
        assert!(audit.contains(&format!(r#""requestId":"{REQUEST_ID}""#)), "{audit}");
        let access = line(|| envoy.log(), &[r#""flags""#, id]).await;
        let gateway = line(|| tyk.log(), &["access-log", id]).await;
        println!("{propagation} {method}\n  {gateway}\n  {access}\n  {audit}");
        // The second request has a token that was made for the first.
        if method == "POST" {
            let made = line(|| issuer.process.log(), &["a token was made", id]).await;
            println!("  {made}");
        }
        let start = Instant::now();
        for service in ["tyk", "orders"] {
            while !collector.has(service, id) {
                assert!(start.elapsed() < Duration::from_secs(60), "no span of {service} has {id}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
