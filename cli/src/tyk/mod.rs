//! Tyk and the mesh as one system: routes from API definitions, and where the two differ.

mod definitions;
mod diff;
mod gateway_api;
mod guard;
mod json;
mod mesh_options;
mod routes;
mod samples;
mod texts;

pub(crate) use definitions::{DefinitionOptions, Read};
pub(crate) use diff::{Options as DiffOptions, run as diff};
#[cfg(not(target_family = "wasm"))]
pub(crate) use gateway_api::{GatewayApi, parse_url};
#[cfg(not(target_family = "wasm"))]
pub(crate) use json::{read_json, wrong};
pub(crate) use routes::{Options as RoutesOptions, run as routes};
