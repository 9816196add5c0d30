//! The filter in a host of its own: every request goes through the callbacks and hostcalls that
//! Envoy uses.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "what a test computes and cuts is its own: where it is wrong the test fails"
)]

// Links the filter, whose callbacks are reached by symbol alone.
use attache_filter as _;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod counters;
#[cfg(test)]
mod dry_run;
#[cfg(test)]
mod host_context;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod istio;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod support;
#[cfg(test)]
mod support_matrix;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod weird;
