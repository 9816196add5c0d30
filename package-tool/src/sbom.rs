//! The bill of materials, attached to the image as a referrer (OCI image specification 1.1,
//! `subject`).

use crate::blob::Blob;
use crate::image::{Image, Origin};
use anyhow::{Context, Result, ensure};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};

/// The media type of a CycloneDX document in JSON, and the artifact type that referrers are
/// searched by.
pub const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Makes the artifact that attaches a bill of materials to an image.
///
/// # Errors
///
/// If the document is not CycloneDX in JSON.
pub fn attach(image: &Image, document: Vec<u8>, origin: &Origin) -> Result<Image> {
    let parsed: serde_json::Value = serde_json::from_slice(&document).context("it is not JSON")?;
    ensure!(
        parsed.get("bomFormat").and_then(serde_json::Value::as_str) == Some("CycloneDX"),
        "it is not CycloneDX: `bomFormat` must be `CycloneDX`"
    );
    let config = Blob::new(EMPTY, b"{}".to_vec());
    let document = Blob::new(CYCLONEDX, document);
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        artifact_type: Some(CYCLONEDX.to_owned()),
        config: config.descriptor(),
        layers: vec![document.descriptor()],
        subject: Some(image.manifest.descriptor()),
        annotations: Some(origin.annotations("Bill of materials")),
        ..OciImageManifest::default()
    };
    let manifest = Blob::new(OCI_IMAGE_MEDIA_TYPE, serde_json::to_vec(&manifest)?);
    Ok(Image { manifest, blobs: vec![config, document] })
}
