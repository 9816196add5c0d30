//! Bytes that are named by their digest.

use oci_client::manifest::OciDescriptor;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes with their media type and digest.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The media type.
    pub media_type: &'static str,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Names bytes by their SHA-256.
    pub fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let mut digest = String::from("sha256:");
        for byte in Sha256::digest(&bytes) {
            // Writing into a string does not fail.
            let _ = write!(digest, "{byte:02x}");
        }
        Self { media_type, digest, bytes }
    }

    /// What others refer to it by.
    pub fn descriptor(&self) -> OciDescriptor {
        OciDescriptor {
            media_type: self.media_type.to_owned(),
            digest: self.digest.clone(),
            size: i64::try_from(self.bytes.len()).unwrap_or(i64::MAX),
            ..OciDescriptor::default()
        }
    }

    /// The digits of the digest: its name in an OCI layout.
    pub fn hex(&self) -> &str {
        self.digest.strip_prefix("sha256:").unwrap_or(&self.digest)
    }
}
