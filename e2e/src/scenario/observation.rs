//! What came of a request.

use crate::echo::Seen;
use crate::http1;
use serde_json::Value;

/// What came of a request, wherever it ran.
#[derive(Debug, Default)]
pub struct Observation {
    /// The answer; of a gRPC call, its metadata and message.
    pub answer: http1::Response,
    /// The status of a gRPC call.
    pub grpc: Option<(tonic::Code, String)>,
    /// What the service saw, where the request reached it.
    pub seen: Option<Seen>,
    /// The request's entry in the access log.
    pub access: Value,
    /// The filter's audit lines on it.
    pub audit: Vec<Value>,
    /// The tokens that it carried: no answer and no log may show one.
    pub secrets: Vec<String>,
    /// All that was logged since the scenario began.
    pub log: String,
}
