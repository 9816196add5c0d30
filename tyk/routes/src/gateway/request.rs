//! A request to the gateway, and what becomes of it.

use crate::definition::clean;

/// A request to the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// In upper case.
    pub method: String,
    /// The Host header, without the port.
    pub host: String,
    /// The gateway's port; 0 for the one of its configuration.
    pub port: u16,
    /// The path, decoded, without the query.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// Returns whether Tyk takes the path as it is, and does not send the client to a cleaner one.
    #[must_use]
    pub fn has_clean_path(&self) -> bool {
        let cleaned = clean(&self.path);
        self.path == cleaned || (cleaned != "/" && self.path == format!("{cleaned}/"))
    }

    /// Returns the first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes upstream.
    Forwarded(Forwarded),
    /// Tyk answers in an API's name: a refusal, a mock, a script.
    Answered,
    /// No API is for it.
    NotFound,
    /// The client is sent to the clean path.
    Redirected,
    /// It is for the gateway itself.
    Own,
}

/// A request as it goes upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The id of the API that sends it.
    pub api: String,
    /// The version within the definition; empty where there is one only.
    pub version: String,
    /// The targets that it may go to, host and port as written.
    pub authorities: Vec<String>,
    /// The Host header: the client's, or the target's.
    pub host: HostHeader,
    /// The path; empty stands for `/`. One for each target.
    pub paths: Vec<String>,
}

/// Whose Host header goes upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostHeader {
    /// The target's.
    Target,
    /// The client's.
    Client,
}
