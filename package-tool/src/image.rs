//! The image: manifest, configuration and the one layer that holds `plugin.wasm`.
//!
//! What goes in decides every byte, so that anybody who builds the same module gets the same digest: no time of day,
//! no user and no file mode of the machine is looked at, and the compressor is pinned by `Cargo.lock`.

use crate::blob::Blob;
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
    config: BTreeMap<(), ()>,
    rootfs: RootFs,
}

#[derive(Serialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<String>,
}

/// Makes the image of a module.
///
/// # Errors
///
/// If the bytes are no Wasm module.
pub fn image(module: &[u8], origin: &Origin) -> Result<Image> {
    ensure!(
        module.starts_with(b"\0asm\x01\0\0\0"),
        "this is no WebAssembly module: it does not begin with `\\0asm` and version 1"
    );
    let archive = archive(module)?;
    let layer = Blob::new(IMAGE_LAYER_GZIP_MEDIA_TYPE, compress(&archive)?);
    let config = Config {
        created: origin.created.as_deref(),
        architecture: "wasm",
        os: "wasip1",
        config: BTreeMap::new(),
        rootfs: RootFs { kind: "layers", diff_ids: vec![Blob::new("", archive).digest] },
    };
    let config = Blob::new(IMAGE_CONFIG_MEDIA_TYPE, serde_json::to_vec(&config)?);
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: config.descriptor(),
        layers: vec![layer.descriptor()],
        annotations: Some(origin.annotations("Attaché")),
        ..OciImageManifest::default()
    };
    let manifest = Blob::new(OCI_IMAGE_MEDIA_TYPE, serde_json::to_vec(&manifest)?);
    Ok(Image { manifest, blobs: vec![config, layer] })
}

fn archive(module: &[u8]) -> Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(u64::try_from(module.len())?);
    header.set_mode(0o644);
    // What a header of the standard kind leaves at nothing is written outright, since the digest rests on it.
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, MODULE_NAME, module)?;
    Ok(archive.into_inner()?)
}

fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    // 255: made on no system in particular.
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(archive)?;
    Ok(encoder.finish()?)
}
