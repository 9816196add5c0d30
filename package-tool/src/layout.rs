//! An OCI image layout: a folder that registries' clients (`oras`, `skopeo`, `crane`) copy from,
//! also where the machine that builds can't reach the registry.

use crate::blob::Blob;
use crate::image::Image;
use anyhow::{Context, Result, ensure};
use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciImageIndex};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// An entry of an index for a manifest.
pub fn entry(
    image: &Blob,
    artifact_type: Option<&str>,
    annotations: BTreeMap<String, String>,
) -> ImageIndexEntry {
    let descriptor = image.descriptor();
    ImageIndexEntry {
        media_type: descriptor.media_type,
        digest: descriptor.digest,
        size: descriptor.size,
        artifact_type: artifact_type.map(str::to_owned),
        annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        platform: None,
    }
}

/// An index of manifests.
pub fn index(manifests: Vec<ImageIndexEntry>) -> OciImageIndex {
    OciImageIndex {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
        manifests,
        artifact_type: None,
        annotations: None,
    }
}

/// Writes a layout in place of what the folder held: the image, named `name`, and what is attached
/// to it.
///
/// # Errors
///
/// If the folder can't be written.
pub fn write(folder: &Path, name: &str, image: &Image, attached: &[(Image, &str)]) -> Result<()> {
    let blobs = folder.join("blobs/sha256");
    if folder.exists() {
        // A slip in the folder's name must not cost anybody a folder.
        ensure!(
            folder.join("oci-layout").is_file(),
            "`{}` is there and is no OCI layout: name another folder",
            folder.display()
        );
        fs::remove_dir_all(folder)
            .with_context(|| format!("could not replace `{}`", folder.display()))?;
    }
    fs::create_dir_all(&blobs)
        .with_context(|| format!("could not create `{}`", blobs.display()))?;
    let put = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).with_context(|| format!("could not write `{}`", path.display()))
    };
    for image in std::iter::once(image).chain(attached.iter().map(|(attached, _)| attached)) {
        for blob in image.blobs.iter().chain([&image.manifest]) {
            put(&blobs.join(blob.hex()), &blob.bytes)?;
        }
    }
    let named = BTreeMap::from([("org.opencontainers.image.ref.name".to_owned(), name.to_owned())]);
    let mut manifests = vec![entry(&image.manifest, None, named)];
    manifests.extend(
        attached.iter().map(|(image, kind)| entry(&image.manifest, Some(kind), BTreeMap::new())),
    );
    put(&folder.join("index.json"), &serde_json::to_vec(&index(manifests))?)?;
    put(&folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)
}
