//! The certificates of the authorities that browsers know, as a file for a program that looks for
//! one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Characters in a line of PEM (RFC 7468, section 2).
const LINE: usize = 64;

/// Returns Mozilla's list as PEM, in the order of the crate that carries it.
pub fn bundle() -> String {
    let mut bundle = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        bundle.push_str("-----BEGIN CERTIFICATE-----\n");
        let text = STANDARD.encode(certificate);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            // Base64 is ASCII, so every place is one between characters.
            let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
            bundle.push_str(line);
            bundle.push('\n');
            rest = after;
        }
        bundle.push_str("-----END CERTIFICATE-----\n");
    }
    bundle
}
