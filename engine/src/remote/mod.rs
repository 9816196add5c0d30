//! Keys that a provider serves, kept by all workers of a proxy together.
//!
//! Each worker has one [`Keeper`] an issuer. All of them share two records on a [`Board`]: the ledger (who asks the
//! provider, when it was asked last and when it is due) and the key set as the provider sent it. Whoever finds a
//! question due takes the lease by compare-and-swap and asks; the others read what it posts. Nothing here talks to a
//! host: the time is handed in, and what is to be sent comes back as a [`Fetch`].

mod board;
mod change;
mod fetch;
mod keeper;
mod ledger;
mod patience;
mod response;
mod schedule;
mod shared_set;
mod time;

pub use board::Board;
pub use change::Change;
pub use fetch::{Fetch, FetchOutcome};
pub use keeper::{Hope, Keeper, Missing, Progress, Report};
pub use patience::Patience;
pub use response::{LONGEST_BODY, Response};
pub use time::UnixMillis;
