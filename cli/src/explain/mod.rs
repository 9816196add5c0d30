//! What `explain` works on and with: a request, a token, a host that stands in for a proxy, and the
//! story that is told.

mod host;
mod json;
mod no_policy;
mod options;
mod request;
mod rules;
mod simulation;
mod story;
mod token;

pub(crate) use host::{Client, TrialHost};
pub(crate) use json::document;
pub(crate) use no_policy::no_policy;
pub(crate) use options::{
    ClientOptions, TextOrJson, WorkloadOptions, from_file, read_seconds, read_token,
};
pub(crate) use request::{
    RequestLine, TokenPlace, header_map, read_header, read_label, read_workload, seconds_now,
};
pub(crate) use rules::{Judged, Knowledge, Teller};
pub(crate) use simulation::{
    Credential, Query, Simulation, WorkloadQuery, is_refused, usual_workload, workload,
};
pub(crate) use story::{described, tell};
pub(crate) use token::{complete_claims, decoded, is_of_issuer, read_claims, trusting, unsigned};
