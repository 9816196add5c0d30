//! Why a request gets no token, and what its caller is told.

use crate::proto::ReturnOverrides;
use serde_json::json;

/// Why a request gets no token. The caller is told the reason, which is the name of the value, and
/// nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Failure {
    /// No API of the configuration fits the request's.
    ApiUnknown,
    /// The API definition's `config_data.attache` can't be read.
    ConfigDataInvalid,
    /// The gateway did not authenticate the caller.
    SessionMissing,
    /// The key is switched off.
    SessionInactive,
    /// The key, or the JWT that it came with, has ended.
    SessionExpired,
    /// The session is of another organisation than the API.
    OrganisationMismatch,
    /// The gateway verified no JWT, or it is not where the configuration says.
    JwtMissing,
    /// The JWT in the request is not the one that the session came from.
    JwtMismatch,
    /// No source of `sub` has a value.
    SubjectMissing,
    /// The session says more than a header can hold.
    TokenTooLarge,
    /// The token could not be signed.
    SigningFailed,
    /// The request is larger than `grpc.maxMessageBytes`.
    RequestTooLarge,
    /// The issuer could not get to it within `grpc.timeout`.
    Overloaded,
    /// There is no token to exchange.
    SubjectTokenMissing,
    /// The provider refused the caller's token.
    ExchangeRefused,
    /// The provider refused the issuer itself, or failed.
    ExchangeFailed,
    /// The provider did not answer in time.
    ExchangeUnavailable,
    /// The provider answered with something else than was asked for.
    ExchangeUnexpected,
}

impl std::error::Error for Failure {}

impl Failure {
    /// Returns the HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::SessionMissing
            | Self::SessionInactive
            | Self::SessionExpired
            | Self::OrganisationMismatch
            | Self::JwtMissing
            | Self::JwtMismatch
            | Self::SubjectTokenMissing
            | Self::ExchangeRefused => 401,
            Self::RequestTooLarge => 413,
            Self::Overloaded => 503,
            Self::ApiUnknown
            | Self::ConfigDataInvalid
            | Self::SubjectMissing
            | Self::TokenTooLarge
            | Self::SigningFailed => 500,
            Self::ExchangeFailed | Self::ExchangeUnavailable | Self::ExchangeUnexpected => 502,
        }
    }

    fn title(self) -> &'static str {
        match self.status() {
            401 => "the caller can't be given a token for the mesh",
            413 => "the request is too large",
            503 => "the gateway has too much to do; try again",
            502 => "the identity provider did not give a token for the mesh",
            _ => "the gateway can't make a token for the mesh",
        }
    }

    /// Returns the answer that the gateway gives in the upstream's place (RFC 9457).
    pub fn answer(self) -> ReturnOverrides {
        let status = self.status();
        let body = json!({ "type": self.to_string(), "title": self.title(), "status": status });
        let mut headers =
            vec![("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")];
        if status == 401 {
            headers.push(("WWW-Authenticate", r#"Bearer error="invalid_token""#));
        }
        if status == 503 {
            headers.push(("Retry-After", "1"));
        }
        ReturnOverrides {
            response_code: status.into(),
            response_body: body.to_string(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            // Else the gateway wraps the body and counts the caller's key as wrong.
            override_error: true,
            response_error: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray as _;

    #[test]
    fn every_reason_is_on_the_page_with_its_status() {
        let page = include_str!("../../docs/tyk.md");
        for failure in Failure::VARIANTS {
            let is_of = |row: &&str| row.starts_with(&format!("| {} | ", failure.status()));
            let mut rows = page.lines().filter(is_of);
            assert!(rows.any(|row| row.contains(&format!("`{failure}`"))), "{failure}");
        }
    }

    #[test]
    fn the_caller_learns_the_reason() {
        let answer = Failure::ExchangeUnavailable.answer();
        assert_eq!(answer.response_code, 502);
        let body: serde_json::Value = serde_json::from_str(&answer.response_body).unwrap();
        assert_eq!(body["type"], "exchange-unavailable");
        assert_eq!(body["status"], 502);
        assert!(!answer.headers.contains_key("WWW-Authenticate"));
        assert_eq!(Failure::Overloaded.answer().headers["Retry-After"], "1");
        assert!(Failure::JwtMismatch.answer().headers.contains_key("WWW-Authenticate"));
    }
}
