//! What the engine decides about whole requests: from a document and a header map to a verdict and
//! what is done.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "what the tests share fails as a test does"
)]

mod answers;
mod dry_run;
mod dry_run_properties;
mod explanations;
mod generated;
mod identity;
mod paths;
mod readings;
mod remote_keys;
mod rivals;
mod shared;
mod support;
mod tokens;
mod verdicts;
