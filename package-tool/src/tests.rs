use crate::blob::Blob;
use crate::image::{CERTIFICATES_NAME, ISSUER_NAME, Image, MODULE_NAME, Origin, filter, issuer};
use crate::{layout, sbom};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;

const MODULE: &[u8] = b"\0asm\x01\0\0\0\0\x05\x04test";

fn origin() -> Origin {
    Origin {
        created: Some("2026-01-02T03:04:05Z".to_owned()),
        revision: Some("0123456789abcdef".to_owned()),
        source: Some("https://example.com/attache".to_owned()),
        version: "1.2.3".to_owned(),
    }
}

fn json(blob: &Blob) -> Value {
    serde_json::from_slice(&blob.bytes).unwrap()
}

fn blob<'a>(image: &'a Image, descriptor: &Value) -> &'a Blob {
    image.blobs.iter().find(|blob| descriptor["digest"] == blob.digest.as_str()).unwrap()
}

#[test]
fn the_image_is_an_oci_image_of_one_layer_that_holds_the_module_alone() {
    let image = filter(MODULE, &origin()).unwrap();
    let manifest = json(&image.manifest);
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
    assert!(manifest.get("artifactType").is_none());
    let [layer] = manifest["layers"].as_array().unwrap().as_slice() else { panic!("{manifest}") };
    assert_eq!(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");

    let layer = blob(&image, layer);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.bytes.as_slice()));
    let mut entries = archive.entries().unwrap();
    let mut entry = entries.next().unwrap().unwrap();
    assert_eq!(entry.path().unwrap(), Path::new(MODULE_NAME));
    let mut module = Vec::new();
    entry.read_to_end(&mut module).unwrap();
    assert_eq!(module, MODULE);
    assert!(entries.next().is_none());
}

#[test]
fn nothing_of_the_machine_that_packages_is_in_the_layer() {
    let image = filter(MODULE, &origin()).unwrap();
    let layer = blob(&image, &json(&image.manifest)["layers"][0]);
    // RFC 1952: no flags, so no name; no time; the system is unknown.
    assert_eq!(layer.bytes[3], 0);
    assert_eq!(layer.bytes[4..8], [0; 4]);
    assert_eq!(layer.bytes[9], 255);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.bytes.as_slice()));
    let entry = archive.entries().unwrap().next().unwrap().unwrap();
    let header = entry.header();
    assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
    assert_eq!(header.mode().unwrap(), 0o644);
    assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
}

#[test]
fn the_digest_is_that_of_every_machine() {
    // Changes with the compressor and with what is written here: on purpose then, and told in the
    // changelog.
    let image = filter(MODULE, &origin()).unwrap();
    assert_eq!(
        image.manifest.digest,
        "sha256:a4c5242ec473ba61d602e9e8d6de6afdf2ea33b4822cca22fc27b4153bf73053"
    );
}

#[test]
fn another_module_or_commit_is_another_image() {
    let first = filter(MODULE, &origin()).unwrap().manifest.digest;
    let other = Origin { revision: Some("fedcba".to_owned()), ..origin() };
    assert_ne!(filter(MODULE, &other).unwrap().manifest.digest, first);
    assert_ne!(filter(b"\0asm\x01\0\0\0", &origin()).unwrap().manifest.digest, first);
}

#[test]
fn annotations_tell_source_version_revision_and_licence() {
    let manifest = json(&filter(MODULE, &origin()).unwrap().manifest);
    let annotation =
        |name: &str| manifest["annotations"][format!("org.opencontainers.image.{name}")].clone();
    assert_eq!(annotation("source"), "https://example.com/attache");
    assert_eq!(annotation("version"), "1.2.3");
    assert_eq!(annotation("revision"), "0123456789abcdef");
    assert_eq!(annotation("licenses"), "Apache-2.0");
    assert_eq!(annotation("created"), "2026-01-02T03:04:05Z");

    let bare = json(&filter(MODULE, &Origin::default()).unwrap().manifest);
    assert_eq!(bare["annotations"].as_object().unwrap().len(), 2, "{bare}");
}

#[test]
fn what_is_no_module_is_refused() {
    for bytes in [b"".as_slice(), b"\0asm", b"\x1f\x8b\x08\0\0\0\0\0", b"\0asm\x0d\0\x01\0"] {
        assert!(filter(bytes, &origin()).is_err(), "{bytes:?}");
    }
}

/// An ELF file with a header, program headers of these types, and nothing else (the layout of
/// ELF-64, little endian).
fn executable(machine: u16, segments: &[u32]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(2_u16.to_le_bytes());
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(64_u64.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    for half in [64, 56, u16::try_from(segments.len()).unwrap(), 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    for kind in segments {
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0; 52]);
    }
    bytes
}

const LOAD: u32 = 1;
const INTERPRETER: u32 = 3;
const X86_64: u16 = 62;
const AARCH64: u16 = 183;

#[test]
fn the_issuers_image_runs_the_program_as_nobody_in_particular() {
    let program = executable(X86_64, &[LOAD]);
    let image = issuer(&program, &origin()).unwrap();
    let manifest = json(&image.manifest);
    let config = json(blob(&image, &manifest["config"]));
    assert_eq!(config["architecture"], "amd64");
    assert_eq!(config["os"], "linux");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/attache-issuer"]));
    assert_eq!(
        config["config"]["ExposedPorts"],
        serde_json::json!({"5555/tcp": {}, "8080/tcp": {}})
    );

    let [layer] = manifest["layers"].as_array().unwrap().as_slice() else { panic!("{manifest}") };
    let layer = blob(&image, layer);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.bytes.as_slice()));
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let (name, mode) =
            (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.push((name, mode, bytes));
    }
    let [(name, mode, bytes), (certificates, readable, pem)] = files.as_slice() else {
        panic!("{}", files.len())
    };
    assert_eq!((name.as_str(), *mode), (ISSUER_NAME, 0o755));
    assert_eq!(bytes, &program);
    assert_eq!((certificates.as_str(), *readable), (CERTIFICATES_NAME, 0o644));
    let pem = std::str::from_utf8(pem).unwrap();
    assert!(pem.lines().all(|line| line.len() <= 64));
    assert!(pem.matches("-----BEGIN CERTIFICATE-----\nMII").count() > 100, "{}", pem.len());
    assert_eq!(
        json(blob(&image, &manifest["config"]))["rootfs"]["diff_ids"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn an_issuer_for_another_processor_says_so() {
    let image = issuer(&executable(AARCH64, &[LOAD]), &origin()).unwrap();
    let manifest = json(&image.manifest);
    assert_eq!(json(blob(&image, &manifest["config"]))["architecture"], "arm64");
}

#[test]
fn a_program_that_the_image_could_not_run_is_refused() {
    let refused = |bytes: &[u8]| format!("{:#}", issuer(bytes, &origin()).unwrap_err());
    assert!(refused(&executable(X86_64, &[LOAD, INTERPRETER])).contains("shared libraries"));
    assert!(refused(&executable(X86_64, &[])).contains("no executable"));
    assert!(refused(&executable(8, &[LOAD])).contains("machine 8"));
    for bytes in [MODULE, b"", b"\x7fELF", &executable(X86_64, &[LOAD])[..80]] {
        assert!(issuer(bytes, &origin()).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_bill_of_materials_refers_to_the_image() {
    let image = filter(MODULE, &origin()).unwrap();
    let document = br#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#.to_vec();
    let artifact = sbom::attach(&image, document.clone(), &origin()).unwrap();
    let manifest = json(&artifact.manifest);
    assert_eq!(manifest["subject"]["digest"], image.manifest.digest.as_str());
    assert_eq!(manifest["subject"]["size"], image.manifest.bytes.len());
    assert_eq!(manifest["artifactType"], sbom::CYCLONEDX);
    assert_eq!(blob(&artifact, &manifest["config"]).bytes, b"{}");
    assert_eq!(blob(&artifact, &manifest["layers"][0]).bytes, document);

    for wrong in ["", "[]", r#"{"spdxVersion":"SPDX-2.3"}"#] {
        assert!(sbom::attach(&image, wrong.into(), &origin()).is_err(), "{wrong}");
    }
}

#[test]
fn a_layout_holds_every_blob_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("oci");
    let image = filter(MODULE, &origin()).unwrap();
    let artifact =
        sbom::attach(&image, br#"{"bomFormat":"CycloneDX"}"#.to_vec(), &origin()).unwrap();
    // Twice, since it takes the place of one that is there.
    for _ in 0..2 {
        let attached = [(
            sbom::attach(&image, br#"{"bomFormat":"CycloneDX"}"#.to_vec(), &origin()).unwrap(),
            sbom::CYCLONEDX,
        )];
        layout::write(&folder, "1.2.3", &image, &attached).unwrap();
    }
    for named in
        image.blobs.iter().chain(&artifact.blobs).chain([&image.manifest, &artifact.manifest])
    {
        let bytes = fs::read(folder.join("blobs/sha256").join(named.hex())).unwrap();
        assert_eq!(Blob::new("", bytes).digest, named.digest);
    }
    let index: Value =
        serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["digest"], image.manifest.digest.as_str());
    assert_eq!(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "1.2.3");
    assert_eq!(index["manifests"][1]["artifactType"], sbom::CYCLONEDX);
}

#[test]
fn a_folder_that_is_no_layout_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("precious"), "").unwrap();
    let image = filter(MODULE, &origin()).unwrap();
    assert!(layout::write(folder.path(), "1.2.3", &image, &[]).is_err());
    assert!(folder.path().join("precious").exists());
}
