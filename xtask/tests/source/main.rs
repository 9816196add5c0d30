//! What holds for the source of every crate.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share fails as a test does"
)]

mod escapes;
mod examples;
mod hostcalls;
mod hosts;
mod imports;
mod layers;
mod length;
mod module;
mod rust_version;
mod sources;
