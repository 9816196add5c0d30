//! Keys that a provider serves, kept by all workers of a proxy together.
//!
//! Each worker has one [`JwksRefresher`] an issuer. All of them share two records on a
//! [`SharedStore`](crate::host::SharedStore): the state (who asks the provider, when it was asked
//! last and when it is due) and the key set as the provider sent it. Whoever finds a question due
//! takes the lease by compare-and-swap and asks; the others read what it posts. Nothing here talks
//! to a host: the time is handed in, and what is to be sent comes back as a [`Fetch`].

mod change;
mod fetch;
mod fetch_report;
mod fetch_step;
mod jitter;
mod jwks_refresher;
mod key_wait;
mod prepare;
mod refresh_state;
mod response;
mod schedule;
mod shared_keys;
mod shared_set;
mod time;

pub use change::Change;
pub use fetch::{Fetch, FetchOutcome};
pub use fetch_report::{FetchReport, Progress};
pub use jwks_refresher::JwksRefresher;
pub use key_wait::{KeyWait, MissingKeys, WaitDecision};
pub use response::{MAX_BODY, Response};
pub use time::UnixMillis;
