//! Everything that the Attaché filter decides: which token a request carries, whether it is good,
//! what its claims say and whether the policies of this workload let the request through.
//!
//! The engine talks to no host, no clock and no network: what it needs of them is handed in (see
//! [`host`] and [`host_context`]). A request's way is in `pipeline`.
//!
//! A host hands in what it knows, and carries out the [`Decision`]:
//!
//! ```
//! use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
//! use attache_engine::host_context::HostContext;
//! use attache_engine::{Decision, Engine, Reason};
//! use std::net::IpAddr;
//!
//! /// A host that knows nothing and shares nothing.
//! struct Alone;
//!
//! impl Environment for Alone {
//!     fn variable(&self, _: &str) -> Option<Vec<u8>> {
//!         Some(b"a secret of no less than 32 bytes".to_vec())
//!     }
//! }
//! impl HostCrypto for Alone {
//!     fn verify(&self, _: &[u8], _: attache_plugin_config::Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
//!         None
//!     }
//! }
//! impl SharedStore for Alone {
//!     fn read(&self, _: &str) -> Option<(Vec<u8>, Option<u32>)> {
//!         None
//!     }
//!     fn compare_and_set(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
//!         false
//!     }
//! }
//! impl Peer for Alone {
//!     fn principal(&self) -> Option<String> {
//!         None
//!     }
//!     fn source_ip(&self) -> Option<IpAddr> {
//!         None
//!     }
//!     fn remote_ip(&self) -> Option<IpAddr> {
//!         None
//!     }
//!     fn destination_port(&self) -> Option<u16> {
//!         None
//!     }
//! }
//!
//! let config = attache_plugin_config::parse(
//!     br#"{
//!         "issuers": [{
//!             "name": "tyk", "issuer": "https://tyk.example",
//!             "secrets": [{"env": "ATTACHE_HMAC", "algorithm": "HS256"}]
//!         }],
//!         "policies": [{
//!             "name": "shop",
//!             "rules": [{"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]}]
//!         }]
//!     }"#,
//! )
//! .unwrap();
//! let engine = Engine::new(&config, &Workload::default(), &Alone).unwrap();
//! let context = HostContext {
//!     peer: &Alone,
//!     shared: &Alone,
//!     crypto: &Alone,
//!     key_wait: &(),
//!     now: UnixSeconds(1_800_000_000),
//!     ends_with_headers: true,
//! };
//! let reason = |engine: &Engine, path: &str| {
//!     let headers = [(":method", "GET"), (":path", path), (":authority", "shop")];
//!     let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
//!     match engine.decide(&headers, &context) {
//!         Decision::Wait { .. } => unreachable!("no keys are fetched"),
//!         Decision::Decided(decided) => decided.reason(),
//!     }
//! };
//! assert_eq!(reason(&engine, "/healthz"), None);
//! assert_eq!(reason(&engine, "/orders"), Some(Reason::TokenMissing));
//!
//! // Without a configuration that is good nothing goes on.
//! let closed = Engine::closed(&Workload::default(), &Alone).unwrap();
//! assert_eq!(reason(&closed, "/healthz"), Some(Reason::ConfigurationInvalid));
//! ```

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
mod header_uses;
pub mod host;
pub mod host_context;
mod ids;
mod issuers;
mod logging;
mod method;
mod order;
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
mod words;

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
pub use pipeline::{Explanation, ReadingRules, ReadingTrace, RequestTrace, TokenTrace};
pub use reason::{Class, Reason};
