//! From an audit line to the rule, and to the smallest change that would let the request through.

mod document;
mod doubts;
mod pick;
mod place;
mod remedy;
mod report;
mod said;
mod search;
mod step;
mod way;
mod ways;

pub(crate) use document::document;
pub(crate) use doubts::doubts;
pub(crate) use pick::{Ids, Picked, PickedLine, pick};
pub(crate) use report::{Told, differs, tell};
pub(crate) use search::{Case, Search};
