//! Gateways that do as is written down, and gateways that do not.
//!
//! `tests/recorded` has what gateways of Tyk 5.14 answered, one file for each scenario: they are
//! the data of the ordinary tests, which send nothing. `scripts/test-tyk` tries gateways again
//! where `TYK_BIN` names one, and with `ATTACHE_RECORD=yes` writes their answers down.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share fails as a test does"
)]

mod clean;
mod cluster;
mod faults;
mod late;
mod merged;
mod process;
mod real;
mod recorded;
mod scenario;
