//! The program, run as people run it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share fails as a test does"
)]

mod bugs;
mod check;
mod cluster;
mod diff;
mod explain;
mod formats;
mod import;
mod limits;
mod lints;
mod mutants;
mod page;
mod pairing;
mod printable;
mod prove;
mod replay;
mod resources;
mod samples;
mod scenarios;
mod searches;
mod secrets;
mod support;
mod tokens;
mod trials;
mod tyk;
mod why;
mod words;
