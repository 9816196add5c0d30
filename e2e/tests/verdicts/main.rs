//! One verdict, wherever it is asked for: the engine, what `explain` says of it, the module in an
//! interpreter and the module in Envoy decide every request of the scenarios, and thousands that
//! are made up, for the same reason and by the same rule.
//!
//! `ATTACHE_VERDICTS=10000` says how many are made up.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails as it should")]

#[cfg(test)]
mod comparison;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod native;
#[cfg(test)]
mod question;
#[cfg(test)]
mod random;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod sidecar;
