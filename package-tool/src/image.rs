//! Images: manifest, configuration and one layer. That of the filter holds `plugin.wasm`; that of
//! the issuer the program and the certificates by which it knows an identity provider.
//!
//! What goes in decides every byte, so that anybody who builds the same module gets the same
//! digest: no time of day, no user and no file mode of the machine is looked at, and the compressor
//! is pinned by `Cargo.lock`.

use crate::blob::Blob;
use crate::{certificates, program};
use anyhow::{Result, ensure};
use flate2::{Compression, GzBuilder};
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciImageManifest,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// The one file of the layer: the name that Istio's agent and Envoy Gateway look for.
pub const MODULE_NAME: &str = "plugin.wasm";
/// The issuer's program, from the root of its image.
pub const ISSUER_NAME: &str = "attache-issuer";
/// Where a program on Linux looks for the certificates of authorities first.
pub const CERTIFICATES_NAME: &str = "etc/ssl/certs/ca-certificates.crt";
/// The user and group of the issuer: nobody in particular, and no root. The charts and `tyk/deploy`
/// run it as this one.
pub const ISSUER_USER: &str = "65532:65532";
/// The ports of the issuer, as the charts and `tyk/deploy` set them: gRPC, and HTTP.
pub const ISSUER_PORTS: [&str; 2] = ["5555/tcp", "8080/tcp"];

/// What the image says of itself, as annotations of the OCI image specification.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// When the sources were committed, RFC 3339 in UTC.
    pub created: Option<String>,
    /// The commit.
    pub revision: Option<String>,
    /// Where the sources are.
    pub source: Option<String>,
    /// The version of the module.
    pub version: String,
}

impl Origin {
    /// As annotations; those that are not known are left out.
    pub fn annotations(&self, title: &str) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::new();
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                annotations.insert(format!("org.opencontainers.image.{name}"), value.to_owned());
            }
        };
        add("title", Some(title));
        add("licenses", Some(env!("CARGO_PKG_LICENSE")));
        add("version", Some(&self.version));
        add("revision", self.revision.as_deref());
        add("source", self.source.as_deref());
        add("created", self.created.as_deref());
        annotations
    }
}

/// An image, ready to be stored or pushed.
#[derive(Debug)]
pub struct Image {
    /// The manifest: its digest is the image's.
    pub manifest: Blob,
    /// What the manifest names.
    pub blobs: Vec<Blob>,
}

/// The configuration of the image. A struct, since the order of its members is part of the digest.
#[derive(Serialize)]
struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    config: &'a Run,
    rootfs: RootFs,
}

/// What a container of the image runs: nothing where the image is no program.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<&'static str, Empty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entrypoint: Vec<String>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<String>,
}

/// One file of a layer.
struct File<'a> {
    name: &'static str,
    mode: u32,
    bytes: &'a [u8],
}

/// What a container needs to know beside the files.
struct Platform {
    title: &'static str,
    architecture: &'static str,
    os: &'static str,
    run: Run,
}

/// Makes the image of a module.
///
/// # Errors
///
/// If the bytes are no Wasm module.
pub fn filter(module: &[u8], origin: &Origin) -> Result<Image> {
    ensure!(
        module.starts_with(b"\0asm\x01\0\0\0"),
        "this is no WebAssembly module: it does not begin with `\\0asm` and version 1"
    );
    let platform =
        Platform { title: "Attaché", architecture: "wasm", os: "wasip1", run: Run::default() };
    assemble(&platform, &[File { name: MODULE_NAME, mode: 0o644, bytes: module }], origin)
}

/// Makes the image of the issuer: the program, and the authorities of Mozilla's list, which
/// `Cargo.lock` pins.
///
/// # Errors
///
/// If the program is none for Linux on a known machine, or needs a library that the image does not
/// hold.
pub fn issuer(executable: &[u8], origin: &Origin) -> Result<Image> {
    let run = Run {
        user: Some(ISSUER_USER),
        exposed_ports: ISSUER_PORTS.map(|port| (port, Empty {})).into(),
        entrypoint: vec![format!("/{ISSUER_NAME}")],
    };
    let architecture = program::architecture(executable)?;
    let platform = Platform { title: "Attaché issuer", architecture, os: "linux", run };
    let certificates = certificates::bundle();
    let files = [
        File { name: ISSUER_NAME, mode: 0o755, bytes: executable },
        File { name: CERTIFICATES_NAME, mode: 0o644, bytes: certificates.as_bytes() },
    ];
    assemble(&platform, &files, origin)
}

fn assemble(platform: &Platform, files: &[File<'_>], origin: &Origin) -> Result<Image> {
    let archive = archive(files)?;
    let layer = Blob::new(IMAGE_LAYER_GZIP_MEDIA_TYPE, compress(&archive)?);
    let config = Config {
        created: origin.created.as_deref(),
        architecture: platform.architecture,
        os: platform.os,
        config: &platform.run,
        rootfs: RootFs { kind: "layers", diff_ids: vec![Blob::new("", archive).digest] },
    };
    let config = Blob::new(IMAGE_CONFIG_MEDIA_TYPE, serde_json::to_vec(&config)?);
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: config.descriptor(),
        layers: vec![layer.descriptor()],
        annotations: Some(origin.annotations(platform.title)),
        ..OciImageManifest::default()
    };
    let manifest = Blob::new(OCI_IMAGE_MEDIA_TYPE, serde_json::to_vec(&manifest)?);
    Ok(Image { manifest, blobs: vec![config, layer] })
}

fn archive(files: &[File<'_>]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(file.bytes.len())?);
        header.set_mode(file.mode);
        // What a header of the standard kind leaves at nothing is written outright, since the
        // digest rests on it.
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive.append_data(&mut header, file.name, file.bytes)?;
    }
    Ok(archive.into_inner()?)
}

fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    // 255: made on no system in particular.
    let mut encoder =
        GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(archive)?;
    Ok(encoder.finish()?)
}
