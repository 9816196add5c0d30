//! What a new version of configurations decides otherwise.

mod carrier;
mod comparison;
mod issuers;
mod json;
mod markdown;
mod members;
mod pairs;
mod setting;
mod settings;
mod text;
mod version;

#[cfg(test)]
pub(crate) use comparison::{Change, ComparisonError};
pub(crate) use comparison::{Comparison, compare};
pub(crate) use json::json;
pub(crate) use markdown::markdown;
pub(crate) use pairs::{Pairs, Unpaired, pairs};
pub(crate) use setting::Effect;
pub(crate) use text::text;
pub(crate) use version::Version;
