//! What `explain` works on and with: a request, a token, a host that stands in for a proxy, and the story that is told.

mod host;
mod json;
mod mismatch;
mod request;
mod simulation;
mod story;
mod token;

pub(crate) use host::{Client, TrialHost};
pub(crate) use json::document;
pub(crate) use request::{
    RequestLine, TokenPlace, header_map, read_header, read_label, read_workload, seconds_now,
};
pub(crate) use simulation::{Credential, Query, Simulation, WorkloadQuery, is_refused};
pub(crate) use story::tell;
pub(crate) use token::{read_claims, trusting, unsigned};
