//! Pushing to a registry (OCI distribution specification 1.1).

use crate::blob::Blob;
use crate::image::Image;
use crate::layout::{entry, index};
use anyhow::{Context, Result, anyhow, bail, ensure};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// A repository in a registry.
pub struct Registry {
    client: Client,
    tagged: Reference,
}

impl Registry {
    /// Names where to push: `registry/repository[:tag]`. `version` is the tag where there is none.
    /// Registries on this machine are spoken to by plain HTTP, others too if `plain_http` says so.
    ///
    /// # Errors
    ///
    /// If `text` is no such name.
    pub fn new(text: &str, version: &str, plain_http: bool) -> Result<Self> {
        let (_, name) = text.rsplit_once('/').ok_or_else(|| {
            anyhow!(
                "`{text}` names no registry: say `registry/repository` or `registry/repository:tag`"
            )
        })?;
        ensure!(
            !text.contains('@'),
            "`{text}` has a digest: the digest is what the push finds out, leave it out"
        );
        let full = if name.contains(':') { text.to_owned() } else { format!("{text}:{version}") };
        let tagged: Reference =
            full.parse().with_context(|| format!("`{text}` can't be pushed to"))?;
        let host = tagged.resolve_registry().to_owned();
        let plain = plain_http || on_this_machine(&host);
        // Of the whole process; a second registry finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::try_from(ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(Duration::from_secs(10)),
            read_timeout: Some(Duration::from_secs(60)),
            user_agent: concat!("attache-package/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })?;
        Ok(Self { client, tagged })
    }

    /// The image in this repository, by digest.
    pub fn by_digest(&self, image: &Blob) -> String {
        format!("{}/{}@{}", self.tagged.registry(), self.tagged.repository(), image.digest)
    }

    /// The tag that the image gets.
    pub fn tag(&self) -> &str {
        self.tagged.tag().unwrap_or_default()
    }

    /// Takes the credentials that `docker login` (or podman, crane, oras …) left for this registry,
    /// if there are any.
    ///
    /// # Errors
    ///
    /// If there are some that can't be used.
    pub async fn log_in(&self) -> Result<()> {
        let host = self.tagged.resolve_registry();
        let server = if host == "index.docker.io" { "https://index.docker.io/v1/" } else { host };
        let auth = match docker_credential::get_credential(server) {
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                RegistryAuth::Basic(user, password)
            }
            Ok(DockerCredential::IdentityToken(_)) => {
                bail!(
                    "the login for `{host}` is an identity token, which this can't use: log in with a user and a token"
                )
            }
            Err(
                CredentialRetrievalError::ConfigNotFound
                | CredentialRetrievalError::ConfigReadError
                | CredentialRetrievalError::NoCredentialConfigured,
            ) => RegistryAuth::Anonymous,
            Err(error) => {
                return Err(error).with_context(|| format!("the login for `{host}` can't be read"));
            }
        };
        self.client.store_auth_if_needed(host, &auth).await;
        Ok(())
    }

    /// Pushes an image under the tag, and reads back that the registry holds these very bytes.
    ///
    /// # Errors
    ///
    /// If the registry can't be reached or refuses.
    pub async fn push(&self, image: &Image) -> Result<()> {
        self.put(image, &self.tagged).await
    }

    /// Attaches an artifact to the image that its `subject` names. Where the registry has no list
    /// of referrers of its own, the list is kept under the tag that the specification has for it.
    ///
    /// # Errors
    ///
    /// If the registry can't be reached or refuses.
    pub async fn attach(&self, artifact: &Image, subject: &Blob, kind: &str) -> Result<()> {
        self.put(artifact, &self.at(&artifact.manifest.digest)).await?;
        let known = self.client.pull_referrers(&self.at(&subject.digest), None).await;
        let mut referrers =
            known.context("could not read what is attached to the image")?.manifests;
        if referrers.iter().any(|referrer| referrer.digest == artifact.manifest.digest) {
            return Ok(());
        }
        referrers.push(entry(&artifact.manifest, Some(kind), BTreeMap::new()));
        let list = Blob::new(OCI_IMAGE_INDEX_MEDIA_TYPE, serde_json::to_vec(&index(referrers))?);
        let tag = self.tag_named(&subject.digest.replace(':', "-"));
        self.put_manifest(&list, &tag).await
    }

    async fn put(&self, image: &Image, at: &Reference) -> Result<()> {
        for blob in &image.blobs {
            let there = self.client.blob_exists(at, &blob.digest).await;
            if !there.with_context(|| self.unreachable())? {
                let pushed = self.client.push_blob(at, blob.bytes.clone(), &blob.digest).await;
                pushed.with_context(|| self.refused())?;
            }
        }
        self.put_manifest(&image.manifest, at).await
    }

    async fn put_manifest(&self, manifest: &Blob, at: &Reference) -> Result<()> {
        let kind = manifest.media_type.parse().context("a media type is a header value")?;
        let pushed = self.client.push_manifest_raw(at, manifest.bytes.clone(), kind).await;
        pushed.with_context(|| self.refused())?;
        let kinds = [OCI_IMAGE_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE];
        // By what name it was pushed: a registry that rewrites manifests would give other bytes
        // here.
        let read = self.client.pull_manifest_raw(at, &RegistryAuth::Anonymous, &kinds).await;
        let (bytes, _) = read.context("could not read the manifest back")?;
        ensure!(
            bytes == manifest.bytes,
            "`{}` gives back another manifest than was pushed: it rewrites images, so their digests can't be relied on",
            at.registry()
        );
        Ok(())
    }

    fn at(&self, digest: &str) -> Reference {
        self.tagged.clone_with_digest(digest.to_owned())
    }

    fn tag_named(&self, tag: &str) -> Reference {
        Reference::with_tag(
            self.tagged.registry().to_owned(),
            self.tagged.repository().to_owned(),
            tag.to_owned(),
        )
    }

    fn unreachable(&self) -> String {
        format!(
            "`{}` can't be asked what it has; is it reachable, and are you logged in?",
            self.tagged.registry()
        )
    }

    fn refused(&self) -> String {
        format!(
            "`{}` does not take the image; may you push to `{}`?",
            self.tagged.registry(),
            self.tagged.repository()
        )
    }
}

/// Whether a registry's `host[:port]` is a loopback address or name.
fn on_this_machine(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_on_this_machine_are_known_by_name_or_address() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "[::1]:5000",
            "registry.localhost:5000",
        ] {
            assert!(on_this_machine(host), "{host}");
        }
        for host in ["ghcr.io", "localhost.example.com:5000", "10.0.0.1:5000", "registry:5000"] {
            assert!(!on_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_name_without_a_tag_gets_the_version() {
        let named = |text: &str| {
            Registry::new(text, "1.2.3", false).map(|registry| registry.tagged.whole())
        };
        assert_eq!(named("localhost:5000/a/b").unwrap(), "localhost:5000/a/b:1.2.3");
        assert_eq!(named("ghcr.io/a/b:edge").unwrap(), "ghcr.io/a/b:edge");
        for wrong in ["", "filter", "ghcr.io/", "ghcr.io/a@sha256:00", "ghcr.io/A B"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
