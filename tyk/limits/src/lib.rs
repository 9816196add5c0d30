//! How many requests Tyk lets pass, and whether a gateway does as its definitions, policies and
//! keys say.
//!
//! [`grant`] works out which limits a key has for an API, as Tyk merges policies, and [`target`]
//! which of them hold for a request; [`targets`] are the requests to try. [`settings`] and [`behaviour`] know which of Tyk's algorithms
//! counts, [`model`] plays each of them, and [`envelope`] says how many may pass in a window.
//! [`plan`] makes a schedule that tries it, `drive` sends it, [`record`] is what came back, and
//! [`judge`] holds it against the models: whether the limit holds, and which algorithm is running.
//!
//! Only `drive` has a clock and a network. How Tyk counts was read in its public source (5.14) and
//! tried on gateways: `tests/recorded` has what they answered.

pub mod behaviour;
#[cfg(not(target_family = "wasm"))]
pub mod drive;
pub mod envelope;
pub mod grant;
pub mod judge;
pub mod limit;
pub mod model;
pub mod nearness;
pub mod notes;
mod pattern;
pub mod plan;
pub mod record;
pub mod settings;
pub mod target;
pub mod targets;
