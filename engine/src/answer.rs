//! What a client is told of a refusal: the answers of HTTP (RFC 9110, RFC 6750, RFC 9457, RFC 9728)
//! and gRPC.

use crate::{Class, Reason, cors};
use attache_plugin_config::{ProblemBody, RefusalCors, Responses};
use std::time::Duration;

/// An answer that an HTTP or a gRPC client understands. It names the reason and nothing else: no
/// expected value, no key, no rule, no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 400, 401, 403 or 503.
    pub status: u16,
    /// The gRPC status code that stands for it: 3, 16, 7 or 14.
    pub grpc_status: u32,
    /// Headers, for a gRPC client too.
    pub headers: Vec<(&'static str, String)>,
    /// The `content-type` and the body for an HTTP client, where it gets one.
    pub body: Option<(&'static str, String)>,
    /// The message for a gRPC client.
    pub grpc_message: &'static str,
}

impl Answer {
    /// Says when to try again, where the answer says that at all: in whole seconds, from 1 on.
    pub(crate) fn retry_after(mut self, time: Duration) -> Self {
        for (_, value) in self.headers.iter_mut().filter(|(name, _)| *name == "retry-after") {
            *value = time.as_millis().div_ceil(1000).max(1).to_string();
        }
        self
    }
}

/// Words the answers of one configuration.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// `Bearer`, with the parameters that every challenge has.
    challenge: String,
    body: ProblemBody,
    /// What `Retry-After` says, in seconds.
    retry_after: u32,
    cors: Option<RefusalCors>,
}

impl Answers {
    /// Prepares what answers have in common.
    #[inline(never)]
    pub(crate) fn new(responses: &Responses) -> Self {
        let Responses { realm, resource_metadata, body, cors } = responses;
        let mut parameters = Vec::new();
        if let Some(realm) = realm {
            parameters.push(format!("realm=\"{realm}\""));
        }
        if let Some(url) = resource_metadata {
            parameters.push(format!("resource_metadata=\"{url}\""));
        }
        let challenge = match parameters.as_slice() {
            [] => "Bearer".to_owned(),
            some => format!("Bearer {}", some.join(", ")),
        };
        Self { challenge, body: *body, retry_after: 1, cors: cors.clone() }
    }

    /// Returns the answer to a request of this origin that was refused for this reason.
    pub(crate) fn answer_to(&self, origin: Option<&[u8]>, reason: Reason) -> Answer {
        let mut answer = self.answer(reason);
        if let Some(cors) = &self.cors {
            answer.headers.extend(cors::headers(cors, origin));
        }
        answer
    }

    /// Returns the answer to a request that was refused for this reason.
    fn answer(&self, reason: Reason) -> Answer {
        let (status, grpc_status, error) = match reason.class() {
            Class::Missing => (401, 16, None),
            Class::BadToken => (401, 16, Some("invalid_token")),
            Class::Policy => (403, 7, Some("insufficient_scope")),
            Class::BadRequest => (400, 3, None),
            Class::Unavailable => (503, 14, None),
        };
        let title = title(reason);
        let mut headers = Vec::with_capacity(1);
        match reason.class() {
            Class::Missing => headers.push(("www-authenticate", self.challenge.clone())),
            Class::BadToken | Class::Policy => {
                headers.push(("www-authenticate", self.challenge_with(error, reason, title)));
            }
            Class::Unavailable => headers.push(("retry-after", self.retry_after.to_string())),
            Class::BadRequest => {}
        }
        let body = match self.body {
            ProblemBody::Problem => Some((
                "application/problem+json",
                format!(r#"{{"type":"{reason}","title":"{title}","status":{status}}}"#),
            )),
            ProblemBody::Text => Some(("text/plain", format!("{reason}\n"))),
            ProblemBody::None => None,
        };
        Answer { status, grpc_status, headers, body, grpc_message: reason.as_str() }
    }

    fn challenge_with(&self, error: Option<&str>, reason: Reason, title: &str) -> String {
        let Some(error) = error else { return self.challenge.clone() };
        let separator = if self.challenge == "Bearer" { " " } else { ", " };
        let description = match reason.class() {
            Class::BadToken => format!(", error_description=\"{title}\""),
            _ => String::new(),
        };
        format!("{}{separator}error=\"{error}\"{description}", self.challenge)
    }
}

/// Returns a sentence for people. Plain ASCII without quotes, as it stands in a header and in JSON.
const fn title(reason: Reason) -> &'static str {
    match reason {
        Reason::TokenMissing => "a token is needed",
        Reason::TokenMalformed => "the token is not a well-formed signed JWT",
        Reason::TokenOpaque => "the token is not a JWT",
        Reason::TokenTooLarge => "the token is too large",
        Reason::IssuerUnknown => "the token's issuer is not known here",
        Reason::AlgorithmNotAllowed => "the token's algorithm is not allowed",
        Reason::KeyNotFound => "the token's key is not known",
        Reason::SignatureInvalid => "the token's signature is not valid",
        Reason::TokenExpired => "the token has expired",
        Reason::TokenNotYetValid => "the token is not valid yet",
        Reason::LifetimeTooLong => "the token lives too long",
        Reason::AudienceMismatch => "the token is not meant for this audience",
        Reason::ClaimMismatch => "the token lacks what is asked of it",
        Reason::TokenRevoked => "the token has been revoked",
        Reason::PresenterNotAllowed => "the caller may not present this token",
        Reason::PathAmbiguous => "the path can be read in two ways",
        Reason::MethodAmbiguous => "the method can be read in two ways",
        Reason::HostAmbiguous => "the host can be read in two ways",
        Reason::TokensConflict => "the request carries two different tokens",
        Reason::RoleMissing => "the caller lacks a role",
        Reason::RuleDenied => "the request is not allowed",
        Reason::NoRuleMatched => "the request is not allowed",
        Reason::ClaimUnwritable => "a claim of the token can not be passed on",
        Reason::KeysUnavailable => "the keys to verify the token can not be had",
        Reason::ConfigurationInvalid => "the filter has no valid configuration",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(realm: Option<&str>, metadata: Option<&str>) -> Answers {
        Answers::new(&Responses {
            realm: realm.map(str::to_owned),
            resource_metadata: metadata.map(str::to_owned),
            body: ProblemBody::Problem,
            cors: None,
        })
    }

    fn challenge(answer: &Answer) -> Option<&str> {
        answer
            .headers
            .iter()
            .find(|(name, _)| *name == "www-authenticate")
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_missing_token_is_challenged_without_an_error_code() {
        let answer = answers(Some("shop"), Some("https://shop.example.com/meta"))
            .answer(Reason::TokenMissing);
        assert_eq!((answer.status, answer.grpc_status), (401, 16));
        assert_eq!(
            challenge(&answer),
            Some(r#"Bearer realm="shop", resource_metadata="https://shop.example.com/meta""#)
        );
        assert_eq!(challenge(&answers(None, None).answer(Reason::TokenMissing)), Some("Bearer"));
    }

    #[test]
    fn a_bad_token_is_named_invalid() {
        let answer = answers(Some("shop"), None).answer(Reason::TokenExpired);
        assert_eq!(
            challenge(&answer),
            Some(
                r#"Bearer realm="shop", error="invalid_token", error_description="the token has expired""#
            )
        );
        let bare = answers(None, None).answer(Reason::TokenExpired);
        assert_eq!(
            challenge(&bare),
            Some(r#"Bearer error="invalid_token", error_description="the token has expired""#)
        );
    }

    #[test]
    fn a_policy_refuses_with_insufficient_scope() {
        let answer = answers(None, None).answer(Reason::RoleMissing);
        assert_eq!((answer.status, answer.grpc_status), (403, 7));
        assert_eq!(challenge(&answer), Some(r#"Bearer error="insufficient_scope""#));
    }

    #[test]
    fn bad_requests_and_outages_carry_no_challenge() {
        let bad = answers(Some("shop"), None).answer(Reason::PathAmbiguous);
        assert_eq!((bad.status, bad.grpc_status, challenge(&bad)), (400, 3, None));
        let out = answers(Some("shop"), None).answer(Reason::KeysUnavailable);
        assert_eq!((out.status, out.grpc_status, challenge(&out)), (503, 14, None));
        assert_eq!(out.headers, [("retry-after", "1".to_owned())]);
    }

    #[test]
    fn every_reason_gives_a_problem_that_is_json_and_names_it() {
        for reason in Reason::ALL {
            let answer = answers(None, None).answer(reason);
            let (content_type, body) = answer.body.unwrap();
            assert_eq!(content_type, "application/problem+json");
            let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["type"], reason.as_str());
            assert_eq!(problem["status"], answer.status);
        }
    }
}
