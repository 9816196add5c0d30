//! What a Tyk does with definitions, and what an Envoy does with the routes that are made of them.
//!
//! `tests/corpus` has the definitions, a folder for a gateway with its `tyk.json`. `tests/recorded`
//! has what a Tyk 5.14 answered to the requests that are generated for each: they are the data of
//! the ordinary tests. `scripts/test-tyk` asks a Tyk again where `TYK_BIN` names one, and with
//! `ATTACHE_RECORD=yes` writes its answers down.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share fails as a test does"
)]

mod cases;
mod corpus;
mod cryptography;
mod envoy;
mod generate;
mod istio;
mod recording;
mod routed;
mod router;
mod tyk;
mod upstream;
