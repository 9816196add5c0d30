//! The gateway's protocol, generated from `proto/coprocess.proto`.

#[expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod generated {
    tonic::include_proto!("coprocess");
}

pub use generated::*;
