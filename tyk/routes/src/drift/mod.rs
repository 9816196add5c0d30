//! Holds the routes of a mesh against what reaches it through a gateway.

mod compare;
mod http_route;
mod route;
mod routes;
mod virtual_service;

pub use compare::{Drift, DriftKind, Guard, Side, compare};
pub use route::{Route, RouteMatch};
pub use routes::Routes;
