//! What Tyk's API definitions mean for a mesh that is behind the gateway.
//!
//! [`definition`] reads them, classic and OAS. [`gateway`] knows what Tyk's router makes of a
//! request: which API takes it, and what goes upstream. [`mesh`] turns that round: all that can
//! reach the mesh, by host and path, and what of it can't be told. [`render`] writes that as
//! Istio's or the Gateway API's routes, or as rules of a policy, and [`drift`] holds it against the
//! routes that there are.
//!
//! How Tyk behaves was read in its public source and tried on a gateway: `tests/` holds what a Tyk
//! 5.14 answered to thousands of requests, and both the router here and an Envoy with the routes
//! are held to it.

pub mod definition;
pub mod drift;
pub mod fields;
pub mod gap;
pub mod gateway;
pub mod mesh;
pub mod render;
mod settings;
mod url;

pub use settings::Settings;
