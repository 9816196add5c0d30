//! Requests as logs tell them: with what is known, and what is not.

mod facts;
mod fate;
mod judge;
mod lenient;
mod need;
#[cfg(test)]
mod tests;
mod token;
mod tri;
mod verdict;
mod weigh;

pub(crate) use facts::{Before, Knows, Logged};
pub(crate) use fate::{Fate, Outcome, Says};
pub(crate) use judge::{Judge, Judged, NotATokens, Taking};
pub(crate) use need::Need;
pub(crate) use token::{LoggedToken, TokenState, steps_of};
pub(crate) use tri::Tri;
pub(crate) use weigh::{Recorded, Weighing, condition_at};
