//! The page that `attache playground` writes, in a real browser.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_in_result,
    reason = "what the tests share fails as a test does"
)]

mod agreement;
mod both;
mod chromium;
mod looks;
mod playground;
mod secrets;
mod suites;
mod typing;
