//! A mesh's certificates, made for one run: a workload's and those of its callers, with SPIFFE
//! identities.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType,
};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The name under which callers know the workload.
const SERVER: &str = "workload.test";

/// An authority that issues to workloads.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A fresh one.
    ///
    /// # Errors
    /// No key can be made.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Named unlike what it issues: a certificate that bears its issuer's name counts as
        // self-signed.
        params.distinguished_name.push(DnType::CommonName, "mesh authority");
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Writes what an Envoy needs to serve: `ca.pem`, `cert.pem` and `key.pem`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write_server(&self, folder: &Path) -> Result<()> {
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new([SERVER.to_owned()])?.signed_by(&key, &self.issuer)?;
        fs::write(folder.join("ca.pem"), self.issuer.pem())?;
        fs::write(folder.join("cert.pem"), certificate.pem())?;
        fs::write(folder.join("key.pem"), key.serialize_pem())?;
        Ok(())
    }

    /// Connects as a caller: `cluster.local/ns/billing/sa/invoicer`. `http2` is offered by ALPN, as
    /// Envoys do.
    ///
    /// # Errors
    /// The server can't be reached or refuses the certificate.
    pub async fn connect(
        &self,
        principal: &str,
        http2: bool,
        to: SocketAddr,
    ) -> Result<TlsStream<TcpStream>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([])?;
        params.distinguished_name.push(DnType::CommonName, "workload");
        params.subject_alt_names = vec![SanType::URI(format!("spiffe://{principal}").try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone())?;
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_client_auth_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = TcpStream::connect(to).await?;
        let name = ServerName::try_from(SERVER)?;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .context("no TLS connection")
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}
