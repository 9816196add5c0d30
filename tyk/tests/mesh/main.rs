//! The issuer among its neighbours: the filter in a real Envoy, a real Keycloak, a real Tyk.
//! `scripts/test-tyk` gets these and runs what follows.
#![expect(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod cost;
mod envoy;
mod exchanged;
mod faults;
mod gateway;
mod keycloak;
mod load;
mod memory;
mod minted;
mod names;
mod process;
mod program;
mod service;
mod traced;
mod tyk;
