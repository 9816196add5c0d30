//! Everything that the Attaché filter decides: which token a request carries, whether it is good, what its claims say
//! and whether the policies of this workload let the request through.
//!
//! The engine talks to no host, no clock and no network: what it needs of them is handed in (see [`host`] and [`surroundings`]).
//! A request's way is in `engine.rs`.

mod answer;
mod authority;
mod budget;
mod cache;
pub mod claims;
mod cors;
mod decision;
mod detail;
mod engine;
mod hash;
pub mod host;
mod ids;
mod issuers;
mod method;
pub mod policy;
mod reason;
pub mod remote;
mod request;
mod search;
mod session;
mod shared;
pub mod surroundings;
pub mod token;

pub use answer::Answer;
pub use decision::{Decision, Outcome, Shadow, Verification};
pub use detail::{Cause, Detail};
pub use engine::{Coverage, Engine};
pub use ids::IssuerIndex;
pub use issuers::RemoteIssuer;
pub use reason::{Class, Reason};
pub use session::Session;
