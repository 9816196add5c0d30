//! Holds the routes of a mesh against what reaches it through a gateway.

mod compare;
mod difference;
mod edge;
mod guard;
mod guarded;
mod http_route;
mod route;
mod routes;
mod samples;
mod virtual_service;

pub use compare::{Comparison, compare};
pub use difference::{Drift, DriftKind, Side};
pub use guard::{Guard, METHODS, Sample};
pub use route::{Route, RouteMatch};
pub use routes::Routes;
