#![doc = include_str!("../README.md")]

mod abi;
mod header_map;
mod hostcalls;
mod http;
#[cfg(feature = "interpreter")]
pub mod interpreter;
mod metrics;
#[cfg(feature = "native")]
pub mod native;
mod shared_data;
mod state;
#[cfg(feature = "verify-signature")]
pub mod verify_signature;

pub use abi::{LogLevel, Status};
pub use header_map::Headers;
pub use http::{CallResponse, HttpCall, LocalReply, Request, Response};
pub use metrics::Metrics;
pub use shared_data::SharedData;
pub use state::{ForeignFunction, LogLine, START_TIME, State};
