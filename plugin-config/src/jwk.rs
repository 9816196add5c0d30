//! Keys and algorithms (RFC 7517, RFC 7518, RFC 8037).

mod algorithm;
mod bytes;
mod der;
mod gathered;
mod key;
mod numbers;
mod pem;
mod read;
mod rsa;
mod scheme;
mod set;

pub use algorithm::{Algorithm, AlgorithmSet};
pub use key::{Jwk, KeySet, Skipped};
pub use numbers::JwkMaterial;
pub use rsa::is_fit_for_rsa;
pub use scheme::{EcCurve, Hash, Scheme};
pub(crate) use set::{read_node, read_text};
