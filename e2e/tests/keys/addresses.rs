//! Whom Envoy takes for the client and who its direct peer is, under every setting that makes the
//! two differ.

use crate::testbed::{TestBed, configuration, once};
use anyhow::{Result, ensure};
use attache_e2e::envoy::Overrides;
use attache_e2e::http1::{self, Request};
use attache_e2e::provider::Provider;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// An address that a header may claim; the tests themselves come from the loopback.
const CLAIMED: &str = "192.0.2.7";

/// Rules by the direct peer and by what Envoy takes for the client.
fn policies() -> Value {
    let from = |name: &str, field: &str, block: &str| {
        json!({"name": name, "authentication": "NONE", "to": [{"paths": [format!("/{name}")]}],
            "from": [{field: [block]}]})
    };
    json!([{"name": "addresses", "rules": [
        from("direct", "ipBlocks", "127.0.0.0/8"),
        from("direct-claimed", "ipBlocks", "192.0.2.0/24"),
        from("client", "remoteIpBlocks", "127.0.0.0/8"),
        from("client-claimed", "remoteIpBlocks", "192.0.2.0/24"),
    ]}])
}

/// Starts an Envoy with these settings of its connection manager.
async fn testbed(manager: Value) -> Result<TestBed> {
    let provider = Provider::start([]).await?;
    let mut document = configuration(&provider, json!({"refresh": once()}));
    document["policies"] = policies();
    TestBed::start_otherwise(provider, &document, Overrides { manager, ..Overrides::default() })
        .await
}

/// The rules that let a request with these headers pass.
async fn passed(testbed: &TestBed, headers: &[(&str, &str)]) -> Result<Vec<&'static str>> {
    let mut passed = Vec::new();
    for name in ["direct", "direct-claimed", "client", "client-claimed"] {
        let all = [&[("host", "orders")], headers].concat();
        let all: Vec<_> =
            all.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let path = format!("/{name}");
        let request = Request { method: "GET", path: &path, headers: &all, body: b"" };
        let wire = TcpStream::connect(testbed.envoy.address()).await?;
        if http1::send(wire, &request).await?.status == 200 {
            passed.push(name);
        }
    }
    Ok(passed)
}

fn extension(name: &str, more: Value) -> Value {
    let mut config = json!({"@type":
        format!("type.googleapis.com/envoy.extensions.http.original_ip_detection.{name}")});
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    json!({"original_ip_detection_extensions": [{"name": "detection", "typed_config": config}]})
}

#[tokio::test]
async fn no_header_stands_for_the_direct_peer() -> Result<()> {
    let own = vec!["direct", "client"];
    // The direct peer is not known then, so that no rule by it lets anyone in.
    let claimed = vec!["client-claimed"];
    for (manager, header, expected) in [
        // As in a sidecar.
        (json!({}), "x-forwarded-for", &claimed),
        // As at a gateway: Envoy goes by the connection and adds its address to the header.
        (json!({"use_remote_address": true}), "x-forwarded-for", &own),
        (
            json!({"use_remote_address": true, "xff_num_trusted_hops": 1}),
            "x-forwarded-for",
            &claimed,
        ),
        (
            extension("xff.v3.XffConfig", json!({"xff_num_trusted_hops": 0})),
            "x-forwarded-for",
            &claimed,
        ),
        (
            extension("custom_header.v3.CustomHeaderConfig", json!({"header_name": "x-real-ip"})),
            "x-real-ip",
            &claimed,
        ),
    ] {
        let testbed = testbed(manager.clone()).await?;
        ensure!(passed(&testbed, &[]).await? == own, "{manager}: without a header");
        let seen = passed(&testbed, &[(header, CLAIMED)]).await?;
        ensure!(seen == *expected, "{manager}: {seen:?}");
        // With a port, Envoy takes it for no address at all.
        let seen = passed(&testbed, &[(header, "192.0.2.7:4711")]).await?;
        ensure!(seen == own, "{manager}, with a port: {seen:?}");
    }
    Ok(())
}
