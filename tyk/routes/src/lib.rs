//! What Tyk's API definitions mean for a mesh that is behind the gateway.
//!
//! [`definition`] reads them, classic and OAS. [`gateway`] knows what Tyk's router makes of a
//! request: which API takes it, and what goes upstream. [`mesh`] turns that round: all that can
//! reach the mesh, by host and path, and what of it can't be told. [`render`] writes that as
//! Istio's or the Gateway API's routes, or as rules of a policy, and [`drift`] holds it against the
//! routes that there are.
//!
//! ```
//! use attache_tyk_routes::Settings;
//! use attache_tyk_routes::definition::{Definitions, Document};
//! use attache_tyk_routes::gateway::Gateway;
//! use attache_tyk_routes::mesh::Mesh;
//! use serde_json::json;
//!
//! let definition = json!({
//!     "api_id": "orders", "name": "orders", "org_id": "acme", "active": true, "use_keyless": true,
//!     "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default"}}},
//!     "proxy": {"listen_path": "/orders/", "target_url": "http://orders.shop:8080/", "strip_listen_path": true}
//! });
//! let definitions = Definitions::read(&[Document { value: definition, is_named: true }]);
//! assert!(definitions.problems.is_empty());
//!
//! let settings = Settings::read(&json!({"listen_port": 8080})).unwrap();
//! let mesh = Mesh::behind(&Gateway::new(definitions.apis, settings));
//! let arrival = &mesh.arrivals[0];
//! assert_eq!((arrival.host.as_str(), arrival.port), ("orders.shop", 8080));
//! assert!(arrival.matches("/7", |_| true));
//! ```
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
