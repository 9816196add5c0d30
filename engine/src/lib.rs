//! Everything that the Attaché filter decides: which token a request carries, whether it is good, what its claims say
//! and whether the policies of this workload let the request through.
//!
//! The engine talks to no host, no clock and no network: what it needs of them is handed in (see [`host`] and [`host_context`]).
//! A request's way is in `pipeline`.

mod answer;
mod auth_error;
mod authenticated_token;
mod authority;
mod budget;
mod cache;
pub mod claims;
mod compiled_issuer;
mod cors;
mod coverage;
mod decision;
mod detail;
mod engine;
mod hash;
mod header_edits;
pub mod host;
pub mod host_context;
mod ids;
mod issuers;
mod method;
mod pipeline;
pub mod policy;
mod reason;
pub mod remote;
mod request;
mod shared;
#[cfg(test)]
mod testing;
pub mod token;
mod token_location;
mod verified_token;

pub use answer::Answer;
pub use authenticated_token::AuthenticatedToken;
pub use coverage::Coverage;
pub use decision::{Decided, Decision, Outcome, Shadow, Verification};
pub use detail::{Cause, Detail};
pub use engine::Engine;
pub use header_edits::{HeaderEdit, HeaderEdits};
pub use ids::IssuerIndex;
pub use issuers::RemoteIssuer;
#[cfg(feature = "explain")]
pub use pipeline::{Explanation, ReadingTrace, TokenTrace};
pub use reason::{Class, Reason};
