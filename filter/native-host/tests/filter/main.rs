//! The filter in the native host: every request goes through the callbacks and hostcalls that Envoy uses.

mod answers;
mod attacks;
mod audit;
mod configuration;
mod cost;
mod counters;
mod dry_run;
mod identity;
mod istio;
mod keys;
mod neighbours;
mod observability;
mod pages;
mod signatures;
mod support;
mod support_matrix;
mod surroundings;
mod tokens;
mod weird;
