//! Policies: what the documentation says of them, and whether the compiled form agrees with a slow,
//! obvious one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that fails here fails as it should"
)]

mod agreement;
mod generated;
mod matching;
mod paths;
mod spellings;
mod support;
mod verdicts;
