//! The reasons of refusals, and the answers that follow from them.

use tonic::Code;

/// What a reason stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Missing,
    BadToken,
    BadRequest,
    Policy,
    Unavailable,
}

/// Every reason.
pub(super) const REASONS: [(&str, Class); 25] = [
    ("token-missing", Class::Missing),
    ("token-malformed", Class::BadToken),
    ("token-opaque", Class::BadToken),
    ("token-too-large", Class::BadToken),
    ("issuer-unknown", Class::BadToken),
    ("algorithm-not-allowed", Class::BadToken),
    ("key-not-found", Class::BadToken),
    ("signature-invalid", Class::BadToken),
    ("token-expired", Class::BadToken),
    ("token-not-yet-valid", Class::BadToken),
    ("lifetime-too-long", Class::BadToken),
    ("audience-mismatch", Class::BadToken),
    ("claim-mismatch", Class::BadToken),
    ("token-revoked", Class::BadToken),
    ("presenter-not-allowed", Class::BadToken),
    ("path-ambiguous", Class::BadRequest),
    ("method-ambiguous", Class::BadRequest),
    ("host-ambiguous", Class::BadRequest),
    ("tokens-conflict", Class::BadRequest),
    ("role-missing", Class::Policy),
    ("rule-denied", Class::Policy),
    ("no-rule-matched", Class::Policy),
    ("claim-unwritable", Class::Policy),
    ("keys-unavailable", Class::Unavailable),
    ("configuration-invalid", Class::Unavailable),
];

impl Class {
    pub(super) fn of(reason: &str) -> Option<Self> {
        REASONS.iter().find(|(name, _)| *name == reason).map(|(_, class)| *class)
    }

    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Missing | Self::BadToken => 401,
            Self::BadRequest => 400,
            Self::Policy => 403,
            Self::Unavailable => 503,
        }
    }

    pub(super) const fn grpc(self) -> Code {
        match self {
            Self::Missing | Self::BadToken => Code::Unauthenticated,
            Self::BadRequest => Code::InvalidArgument,
            Self::Policy => Code::PermissionDenied,
            Self::Unavailable => Code::Unavailable,
        }
    }

    /// The error code of the challenge (RFC 6750 section 3.1); `Some(None)` is a challenge without
    /// one.
    pub(super) const fn challenge(self) -> Option<Option<&'static str>> {
        match self {
            Self::Missing => Some(None),
            Self::BadToken => Some(Some("invalid_token")),
            Self::Policy => Some(Some("insufficient_scope")),
            Self::BadRequest | Self::Unavailable => None,
        }
    }
}
