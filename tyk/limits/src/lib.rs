//! How many requests Tyk lets pass, and whether a gateway does as its definitions, policies and
//! keys say.
//!
//! [`grant`] works out which limits a key has for an API, as Tyk merges policies, [`target`] which
//! of them hold for a request, and [`targets`] which requests to try. [`settings`] and
//! [`behaviour`] know which of Tyk's algorithms counts, [`model`] plays each of them, and
//! [`envelope`] says how many may pass in a window. [`plan`] makes a schedule that tries it,
//! `drive` sends it, [`record`] is what came back, and [`judge`] holds it against the models:
//! whether the limit holds, and which algorithm is running.
//!
//! ```
//! use attache_tyk_limits::settings::Settings;
//! use attache_tyk_limits::targets::Targets;
//! use attache_tyk_routes::definition::{Definitions, Document};
//! use attache_tyk_routes::gateway::Gateway;
//! use serde_json::json;
//!
//! let definition = json!({
//!     "api_id": "orders", "name": "orders", "org_id": "acme", "active": true, "use_keyless": true,
//!     "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default"}}},
//!     "proxy": {"listen_path": "/orders/", "target_url": "http://orders.shop:8080/"},
//!     "global_rate_limit": {"rate": 5, "per": 2}
//! });
//! let definitions = Definitions::read(&[Document { value: definition, is_named: true }]);
//! let settings = Settings::read(&json!({})).unwrap();
//! let gateway = Gateway::new(definitions.apis, settings.routing.clone());
//!
//! let targets = Targets::of(&gateway, None, &settings);
//! assert_eq!(targets.list[0].tightest().unwrap().limit.describe(), "5 per 2 s");
//! ```
//!
//! Only `drive` and `hosts` have a clock and a network. How Tyk counts was read in its public source
//! (5.14) and tried on gateways: `tests/recorded` has what they answered.

pub mod behaviour;
#[cfg(not(target_family = "wasm"))]
pub mod drive;
pub mod envelope;
pub mod grant;
#[cfg(not(target_family = "wasm"))]
pub mod hosts;
pub mod judge;
pub mod limit;
pub mod model;
pub mod nearness;
pub mod notes;
mod passable;
mod pattern;
pub mod plan;
pub mod record;
pub mod settings;
pub mod target;
pub mod targets;
