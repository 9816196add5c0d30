//! The issuer among its neighbours: the filter in a real Envoy, a real Keycloak, a real Tyk. `scripts/test-tyk` gets
//! these and runs what follows.
#![expect(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod envoy;
mod exchanged;
mod gateway;
mod keycloak;
mod minted;
mod process;
mod service;
mod tyk;
