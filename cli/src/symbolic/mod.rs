//! All requests at once: which of them two configurations decide differently, and whether one of a
//! region is allowed.
//!
//! Policies are regular and have no loops, so the requests that they can tell apart are finitely
//! many classes: of paths, methods, hosts, callers, addresses, and of each claim that somebody asks
//! for ([`universe`]). What a rule is for is a set of such classes ([`sets`]), and so is what a
//! configuration allows ([`verdict`]); sets are decision diagrams ([`diagram`]), of which it is
//! known at once whether they are empty, and which name one request where they are not
//! ([`witness`]). That request is put to the engine ([`trial`]) before anybody is told of it.
//!
//! The requests are those that have one reading and no token, or one that is good: its signature
//! and its times are, its roles can be read and its claims be written into headers. Keys are there.
//! It is no preflight request.

mod analysis;
mod decided;
mod diagram;
mod kinds;
mod language;
mod region;
mod sets;
mod shown;
mod side;
#[cfg(test)]
mod tests;
mod too_complex;
mod trial;
mod universe;
mod verdict;
mod witness;
mod workloads;

pub(crate) use analysis::{Analysis, AnalysisError, Difference, Found};
pub(crate) use region::{Region, Scope};
pub(crate) use side::Side;
pub(crate) use trial::Outcome;
pub(crate) use workloads::{TooManyWorkloads, described, workload_classes};
