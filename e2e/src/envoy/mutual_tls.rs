//! Listeners of a mesh.

use serde_json::{Value, json};
use std::path::Path;

/// Returns the transport socket of a listener whose callers must have a certificate of the mesh:
/// that of the files in this folder.
pub fn mutual_tls(certificates: &Path) -> Value {
    let file = |name: &str| json!({"filename": certificates.join(name)});
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": true,
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [{"certificate_chain": file("cert.pem"), "private_key": file("key.pem")}],
                "validation_context": {"trusted_ca": file("ca.pem")},
            },
        },
    })
}
