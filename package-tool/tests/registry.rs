//! `scripts/package` against a real registry. `scripts/test-package` runs this, with the registry
//! and Istio's own code for fetching images at hand.

#![expect(unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use support::{Registry, package};
use tempfile::TempDir;

const MEDIA_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"];

/// A module that does not compress well, so that its upload is of the size of a real one.
fn module() -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    let mut block = Sha256::digest(b"module");
    while bytes.len() < 700_000 {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes
}

struct Files {
    folder: TempDir,
    module: Vec<u8>,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = module();
        fs::write(folder.path().join("plugin.wasm"), &module).unwrap();
        fs::write(folder.path().join("sbom.json"), SBOM).unwrap();
        Self { folder, module }
    }

    fn arguments(&self, layout: &str, rest: &[&str]) -> Vec<String> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut arguments = [
            "filter".to_owned(),
            "--file".to_owned(),
            path("plugin.wasm"),
            "--layout".to_owned(),
            path(layout),
        ]
        .to_vec();
        arguments.extend(["--sbom".to_owned(), path("sbom.json")]);
        arguments.extend(rest.iter().map(|&word| word.to_owned()));
        arguments
    }
}

const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#;

fn sha256(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

struct Reader {
    client: Client,
    runtime: tokio::runtime::Runtime,
    repository: String,
}

impl Reader {
    fn of(registry: &Registry, repository: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        Self {
            client: Client::try_from(config).unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            repository: format!("{}/{repository}", registry.address()),
        }
    }

    /// The manifest of `:tag` or `@digest`: its bytes and what they say.
    fn manifest(&self, suffix: &str) -> (Vec<u8>, Value) {
        let reference: Reference = format!("{}{suffix}", self.repository).parse().unwrap();
        let pulled =
            self.client.pull_manifest_raw(&reference, &RegistryAuth::Anonymous, &MEDIA_TYPES);
        let (bytes, _) = self.runtime.block_on(pulled).unwrap();
        let parsed = serde_json::from_slice(&bytes).unwrap();
        (bytes.to_vec(), parsed)
    }

    fn blob(&self, descriptor: &Value) -> Vec<u8> {
        let reference: Reference = format!("{}:any", self.repository).parse().unwrap();
        let mut bytes = Vec::new();
        let digest = descriptor["digest"].as_str().unwrap();
        self.runtime.block_on(self.client.pull_blob(&reference, digest, &mut bytes)).unwrap();
        assert_eq!(sha256(&bytes), digest);
        assert_eq!(descriptor["size"], bytes.len());
        bytes
    }
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn what_was_pushed_comes_back_from_the_registry_byte_for_byte() {
    let registry = Registry::start();
    let files = Files::new();
    let push = format!("{}/attache/filter:edge", registry.address());
    let digest = package(&files.arguments("oci", &[&push])).digest();

    let reader = Reader::of(&registry, "attache/filter");
    let (bytes, manifest) = reader.manifest(":edge");
    assert_eq!(sha256(&bytes), digest);
    assert_eq!(reader.manifest(&format!("@{digest}")).0, bytes);
    assert_eq!(manifest["mediaType"], MEDIA_TYPES[0]);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.licenses"], "Apache-2.0");
    assert!(
        manifest["annotations"]["org.opencontainers.image.revision"].as_str().unwrap().len() >= 40
    );
    reader.blob(&manifest["config"]);
    let layer = reader.blob(&manifest["layers"][0]);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.as_slice()));
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    assert_eq!(entry.path().unwrap(), Path::new("plugin.wasm"));
    let mut module = Vec::new();
    std::io::Read::read_to_end(&mut entry, &mut module).unwrap();
    assert!(module == files.module, "the module came back changed");
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn the_bill_of_materials_is_found_from_the_image() {
    let registry = Registry::start();
    let files = Files::new();
    let push = format!("{}/attache/filter", registry.address());
    let digest = package(&files.arguments("oci", &[&push])).digest();
    // Pushed again, it is still attached once.
    assert_eq!(package(&files.arguments("oci", &[&push])).digest(), digest);

    let reader = Reader::of(&registry, "attache/filter");
    let image: Reference = format!("{}@{digest}", reader.repository).parse().unwrap();
    let referrers =
        reader.runtime.block_on(reader.client.pull_referrers(&image, None)).unwrap().manifests;
    let [referrer] = referrers.as_slice() else { panic!("{referrers:?}") };
    assert_eq!(referrer.artifact_type.as_deref(), Some("application/vnd.cyclonedx+json"));
    let (_, artifact) = reader.manifest(&format!("@{}", referrer.digest));
    assert_eq!(artifact["subject"]["digest"], digest);
    assert_eq!(reader.blob(&artifact["layers"][0]), SBOM.as_bytes());
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn the_same_inputs_give_the_same_digest() {
    let files = Files::new();
    let first = package(&files.arguments("one", &[])).digest();
    // Another file, of another time: the same bytes.
    let copy = files.folder.path().join("copy.wasm");
    fs::write(&copy, &files.module).unwrap();
    let arguments: Vec<_> = (files.arguments("two", &[]).into_iter())
        .map(|word| if word.ends_with("plugin.wasm") { copy.display().to_string() } else { word })
        .collect();
    assert_eq!(package(&arguments).digest(), first);
    let index =
        |layout: &str| fs::read(files.folder.path().join(layout).join("index.json")).unwrap();
    assert_eq!(index("one"), index("two"));
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn istios_agent_gets_the_module_and_the_digest() {
    let registry = Registry::start();
    let files = Files::new();
    let digest =
        package(&files.arguments("oci", &[&format!("{}/attache/filter", registry.address())]))
            .digest();
    let fetched = files.folder.path().join("fetched.wasm");
    let output = support::tool("ATTACHE_ISTIO_FETCH")
        .arg(format!("{}/attache/filter@{digest}", registry.address()))
        .arg(&fetched)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&digest));
    assert!(fs::read(fetched).unwrap() == files.module, "Istio got another module");
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn a_registry_that_wants_a_login_gets_that_of_docker() {
    let registry = Registry::start_with_login();
    let files = Files::new();
    let push = format!("{}/attache/filter", registry.address());
    let refused = package(&files.arguments("oci", &[&push]));
    assert!(!refused.succeeded);
    assert!(refused.stderr.contains("are you logged in?"), "{}", refused.stderr);
    registry.log_in(files.folder.path());
    let accepted = support::package_as(&files.arguments("oci", &[&push]), files.folder.path());
    assert!(accepted.succeeded, "{}", accepted.stderr);
}

#[test]
#[ignore = "needs a registry: scripts/test-package"]
fn a_registry_that_is_not_there_is_told_apart_from_a_refusal() {
    let files = Files::new();
    let registry = Registry::start();
    let push = format!("{}/attache/filter", registry.address());
    drop(registry);
    let output = package(&files.arguments("oci", &[&push]));
    assert!(!output.succeeded);
    assert!(output.stderr.contains("is it reachable"), "{}", output.stderr);
    assert!(output.stdout.is_empty(), "{}", output.stdout);
}
