//! `attache limits`: whether Tyk's limits are what definitions, policies and keys say, tried at the
//! gateways themselves.

mod consent;
mod json;
mod junit;
mod options;
mod prepared;
mod results;
mod run;
mod svg;
mod text;

pub(crate) use options::Options;
pub(crate) use run::run;
