//! The gateway's side over a Unix socket and over TLS.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_test_issuer::{Issuer, connect, key_folder, minting, outcome, post, session};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::Path;
use tokio::net::UnixStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity, Uri};

#[tokio::test]
async fn a_unix_socket_serves_and_is_gone_afterwards() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let path = folder.path().join("issuer.sock");
    let config = minting(keys.path(), "")
        .replace("tcp://127.0.0.1:0", &format!("unix://{}", path.display()));
    // A socket that a killed process left behind is no hindrance.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let issuer = Issuer::start(&config).await;
    let socket = path.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let channel =
        Endpoint::from_static("http://issuer").connect_with_connector(connector).await.unwrap();
    let mut client = attache_issuer::proto::dispatcher_client::DispatcherClient::new(channel);
    let object = post("orders", Some(session("k1", &[])), &[]);
    outcome(&client.dispatch(object).await.unwrap().into_inner()).unwrap();
    issuer.end().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_removed() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let path = folder.path().join("data");
    std::fs::write(&path, "kept").unwrap();
    let config = minting(keys.path(), "")
        .replace("tcp://127.0.0.1:0", &format!("unix://{}", path.display()));
    let config = attache_issuer::config::Config::parse(&config).unwrap();
    let error = attache_issuer::server::start(config, attache_issuer::clock::Clock::system())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
}

#[tokio::test]
async fn mutual_tls_takes_a_client_of_the_authority_and_no_other() {
    let (keys, folder) = (key_folder(), tempfile::tempdir().unwrap());
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = ours.issue("localhost");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (write("cert.pem", &server.0), write("key.pem", &server.1));
    let authority = write("ca.pem", &ours.0.pem());
    let tls = |cert: &Path, key: &Path, ca: &Path| {
        format!(
            r#""tcp://127.0.0.1:0", tls: {{certFile: {cert:?}, keyFile: {key:?}, clientCaFile: {ca:?}}}"#
        )
    };
    let config =
        minting(keys.path(), "").replace(r#""tcp://127.0.0.1:0""#, &tls(&cert, &key, &authority));
    let issuer = Issuer::start(&config).await;
    let endpoint = |identity: Option<(String, String)>| {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(ours.0.pem()))
            .domain_name("localhost");
        if let Some((cert, key)) = identity {
            tls = tls.identity(Identity::from_pem(cert, key));
        }
        let url = format!("https://{}", issuer.grpc.unwrap());
        Endpoint::from_shared(url).unwrap().tls_config(tls).unwrap()
    };

    let mut client = connect(endpoint(Some(ours.issue("gateway")))).await;
    let object = || post("orders", Some(session("k1", &[])), &[]);
    outcome(&client.dispatch(object()).await.unwrap().into_inner()).unwrap();

    for stranger in [None, Some(theirs.issue("gateway"))] {
        // The refusal may come with the handshake or, in TLS 1.3, with the first answer.
        let refused = match endpoint(stranger).connect().await {
            Err(_) => true,
            Ok(channel) => {
                let mut client =
                    attache_issuer::proto::dispatcher_client::DispatcherClient::new(channel);
                client.dispatch(object()).await.is_err()
            }
        };
        assert!(refused);
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}
