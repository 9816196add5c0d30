//! The crate from outside: documents in, configurations or errors out.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what the tests share fails as a test does"
)]

mod examples;
mod foreign;
mod form;
mod headers;
mod issuers;
mod json;
#[cfg(feature = "schema")]
mod kept;
mod key_sets;
mod keys;
mod many_errors;
mod null;
mod policies;
mod properties;
mod remote;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod settings;
mod support;
mod vectors;
mod warnings;
