//! A gRPC plugin for the Tyk gateway: each request that the gateway has authenticated gets a token
//! for the mesh.
//!
//! A request's way: [`dispatch`] finds the API and takes away what the client must not hand on
//! ([`request`]); [`mint`] makes a token from the session ([`claims`]) with the signing key
//! ([`keys`]), or [`exchange`] swaps the caller's own token at an OIDC provider; a [`failure`]
//! answers in the upstream's place. [`memory_budget`] bounds what requests hold in memory,
//! [`token_cache`] what is kept for reuse, [`log_limiter`] what is logged, and [`log_writer`]
//! writes it. [`http`] publishes the keys, [`listen`] and [`server`] hold it all together, with
//! what [`watch`] does beside them; [`heartbeat`] tells whether it still works.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use attache_issuer::clock::Clock;
//! use attache_issuer::config::Config;
//! use attache_issuer::server::start;
//!
//! let config = Config::parse(&std::fs::read_to_string("/etc/attache/issuer.yaml")?)?;
//! let running = start(config, Clock::system()).await?;
//! println!("gateways reach it at {:?}", running.grpc);
//! # Ok(())
//! # }
//! ```

pub mod claims;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod exchange;
pub mod failure;
pub mod heartbeat;
pub mod http;
pub mod keys;
pub mod listen;
mod load;
pub mod log_limiter;
pub mod log_writer;
pub mod memory_budget;
pub mod metrics;
pub mod mint;
pub mod proto;
pub mod request;
pub mod server;
pub mod token;
pub mod token_cache;
pub mod trace;
pub mod watch;
