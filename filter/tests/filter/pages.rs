//! What pages show as a configuration is one.

use crate::support::{Worker, document, key_set, token};
use attache_e2e::page::{self, Block};
use attache_e2e::{repository, yaml};
use attache_engine::{Class, Reason};
use proxy_wasm_test_host::Request;
use proxy_wasm_test_host::native::Host;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The pages of the repository that tell of the filter's configuration.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let names = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_string_lossy()));
    let mut pages: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    pages.extend(["README.md", "istio/README.md"].map(str::to_owned));
    pages.sort();
    pages
}

/// Whether a block is the filter's configuration, or a part of it. Whole objects are held against
/// the cluster's schemas by scripts/test-manifests, values of the charts by scripts/test-charts,
/// and the issuer's and the tool's tests read their own blocks.
fn is_configuration(block: &Block) -> bool {
    let has = |key: &str| block.text.lines().any(|line| line.starts_with(key));
    block.language == "yaml"
        && !["apiVersion:", "assertions:", "grpc:", "image:", "on:", "providers:"]
            .into_iter()
            .any(has)
}

/// The configuration of a WasmPlugin that a block shows.
fn of_plugin(block: &Block) -> Option<Value> {
    if block.language != "yaml" || !block.text.contains("kind: WasmPlugin") {
        return None;
    }
    let plugin = yaml::parse(&block.text).unwrap_or_else(|error| panic!("{error}\n{}", block.text));
    plugin.pointer("/spec/pluginConfig").cloned()
}

/// A block as a whole document: with an issuer where the page leaves that to the reader, and with a
/// key where the page has dots for one.
fn whole(block: &Block) -> Value {
    let key = &key_set()["keys"][0];
    let [x, y] = ["x", "y"].map(|member| format!("{member:?}: {}", key[member]));
    let text = block.text.replace("x: …", &x).replace("\"y\": …", &y);
    let mut document: Value = yaml::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    if document.is_array() {
        document = json!({"issuers": document});
    }
    let members = document.as_object_mut().unwrap();
    members.entry("issuers").or_insert_with(|| {
        let mut issuers = document_issuers();
        issuers[0].as_object_mut().unwrap().remove("jwks");
        issuers[0]["jwksUri"] = json!("https://issuer.example/keys");
        issuers
    });
    document
}

fn document_issuers() -> Value {
    document()["issuers"].clone()
}

#[test]
fn every_configuration_on_a_page_is_taken() {
    let mut taken = 0;
    for name in pages() {
        for block in page::blocks(&page::read(&name).unwrap()) {
            let found =
                if is_configuration(&block) { Some(whole(&block)) } else { of_plugin(&block) };
            let Some(document) = found.map(|document| document.to_string()) else { continue };
            let mut host = Host::new();
            let good = host.configure(&document);
            assert!(good, "{name}:{}: {document}\n{:#?}", block.line, host.log());
            taken += 1;
        }
    }
    assert!(taken >= 11, "only {taken} blocks were found");
}

/// An answer as a page shows it: the status, the headers and the body.
fn answer(text: &str) -> (u32, Vec<(String, String)>, String) {
    let (head, body) = text.trim_end().split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    (
        status,
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body.to_owned(),
    )
}

#[test]
fn the_first_policy_answers_as_the_page_says() {
    let blocks = page::blocks(&page::read("README.md").unwrap());
    let policy = blocks.iter().find(|block| block.language == "yaml").unwrap();
    let answers: Vec<_> =
        blocks.iter().filter(|block| block.text.starts_with("HTTP/1.1 ")).collect();
    let mut document = of_plugin(policy).unwrap();
    // The page's key is one of which nobody has the private half.
    document["issuers"][0]["jwks"] = key_set().clone();
    document["issuers"][0]["issuer"] = json!("https://issuer.example");
    let host = Host::new();
    host.set_property(&["xds", "node", "metadata", "LABELS", "app"], "orders");
    let mut worker = Worker::around(host);
    assert!(worker.configure(&document.to_string()), "{:#?}", worker.log());
    let requests = [Request::get("/orders"), Request::get("/orders").bearer(&token(json!({})))];
    assert_eq!(answers.len(), requests.len());
    for (block, request) in answers.into_iter().zip(requests) {
        let (status, headers, body) = answer(&block.text);
        let reply = worker.send(request).reply.unwrap();
        assert_eq!((reply.status, String::from_utf8(reply.body.clone()).unwrap()), (status, body));
        for (name, value) in headers {
            assert_eq!(reply.header(&name), Some(value.as_str()), "README.md:{}", block.line);
        }
    }
}

#[test]
fn an_audit_line_has_the_members_that_the_page_shows() {
    let page = page::read("docs/audit.md").unwrap();
    let block = page::blocks(&page).into_iter().find(|block| block.language == "json").unwrap();
    let shown: Value = serde_json::from_str(&block.text).unwrap();
    let mut worker = Worker::with(&document());
    worker.set_property(
        &["connection", "uri_san_peer_certificate"],
        "spiffe://cluster.local/ns/shop/sa/web",
    );
    worker.set_property(&["connection", "mtls"], [1]);
    worker.take_log();
    let traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = Request::new("DELETE", "/orders/7")
        .with("x-request-id", "0b9a")
        .with("traceparent", traced);
    worker.send(request.bearer(&token(json!({"jti": "7c1e"}))));
    let told = worker.audit().pop().unwrap();
    let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&told), keys(&shown), "{told}");
    for same in
        ["verdict", "policy", "rule", "reason", "issuer", "caller", "method", "path", "traceId"]
    {
        assert_eq!(told[same], shown[same], "{same}");
    }
}

/// The words between backticks of the cells that `column` picks from the rows below a heading.
fn words(page: &str, heading: &str, column: usize) -> Vec<String> {
    let rows = page::rows(page, heading);
    let cells = rows.iter().filter_map(|row| row.get(column));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_reason_has_a_row_that_says_how_to_mend_it() {
    let text = page::read("docs/troubleshooting.md").unwrap();
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(
        words(&text, "By reason", 0),
        reasons,
        "one row each, in the order of docs/metrics.md"
    );
    for row in page::rows(&text, "By reason") {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn every_reason_is_listed_with_its_statuses() {
    let text = page::read("docs/metrics.md").unwrap();
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(words(&text, "Reasons", 0), reasons, "one row each");
    for (reason, row) in
        Reason::ALL.into_iter().zip(page::rows(&text, "Reasons").into_iter().skip(1))
    {
        let statuses = match reason.class() {
            Class::Missing | Class::BadToken => ["401", "16"],
            Class::Policy => ["403", "7"],
            Class::BadRequest => ["400", "3"],
            Class::Unavailable => ["503", "14"],
        };
        assert_eq!(row[1..3], statuses, "{reason}");
    }
}

#[test]
fn every_difference_to_envoys_filters_is_among_those_that_the_migration_tells() {
    let text = page::read("docs/migration.md").unwrap();
    let told: BTreeSet<_> = words(&text, "Known differences", 3).into_iter().collect();
    let listed = yaml::read(&repository().join("e2e/differential.yaml")).unwrap();
    let cases =
        ["tokens", "policies"].into_iter().flat_map(|part| listed[part].as_array().unwrap());
    let cases: BTreeSet<_> =
        cases.map(|entry| entry["case"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, cases);
}
