//! What pages show as a configuration is one.

use crate::support::{document, key_set};
use attache_e2e::page::{self, Block};
use attache_e2e::{repository, yaml};
use attache_native_host::Host;
use serde_json::{Value, json};

/// The pages of the repository that tell of the filter's configuration.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let names = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_string_lossy()));
    let mut pages: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    pages.extend(["README.md", "istio/README.md"].map(str::to_owned));
    pages.sort();
    pages
}

/// Whether a block is the filter's configuration, or a part of it. Whole objects are held against the cluster's schemas
/// by scripts/test-manifests, values of the charts by scripts/test-charts, and the issuer's tests read its own blocks.
fn is_configuration(block: &Block) -> bool {
    let has = |key: &str| block.text.lines().any(|line| line.starts_with(key));
    block.language == "yaml" && !["apiVersion:", "image:", "grpc:", "providers:"].into_iter().any(has)
}

/// A block as a whole document: with an issuer where the page leaves that to the reader, and with a key where the page has
/// dots for one.
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
        for block in page::blocks(&page::read(&name).unwrap()).into_iter().filter(is_configuration) {
            let document = whole(&block).to_string();
            let mut host = Host::new();
            let good = host.configure(&document);
            assert!(good, "{name}:{}: {document}\n{:#?}", block.line, host.log());
            taken += 1;
        }
    }
    assert!(taken >= 11, "only {taken} blocks were found");
}
