//! Why a request was refused.

use crate::words::words;

words! {
    /// The one stable reason of a refusal: the same word in logs, metrics, filter state and
    /// answers.
    pub enum Reason,
    /// Returns the class of answers it belongs to.
    class -> Class {
        /// No token where one is needed.
        TokenMissing = "token-missing", Missing;
        /// Not a JWS in compact form that this filter reads.
        TokenMalformed = "token-malformed", BadToken;
        /// Not a JWT at all: no dot in it. A Tyk key, perhaps.
        TokenOpaque = "token-opaque", BadToken;
        /// Longer than `cache.maxTokenBytes`.
        TokenTooLarge = "token-too-large", BadToken;
        /// No issuer of the configuration has this `iss` and takes tokens in this place.
        IssuerUnknown = "issuer-unknown", BadToken;
        /// `alg` is none of the issuer's.
        AlgorithmNotAllowed = "algorithm-not-allowed", BadToken;
        /// No key of the issuer has this `kid` and can do this `alg`.
        KeyNotFound = "key-not-found", BadToken;
        /// No such key made this signature.
        SignatureInvalid = "signature-invalid", BadToken;
        /// `exp` has passed.
        TokenExpired = "token-expired", BadToken;
        /// `nbf` is yet to come.
        TokenNotYetValid = "token-not-yet-valid", BadToken;
        /// More time to live than `maxLifetime`, or no `exp` where one is required.
        LifetimeTooLong = "lifetime-too-long", BadToken;
        /// `aud` has none of the audiences.
        AudienceMismatch = "audience-mismatch", BadToken;
        /// `typ`, `sub` or a claim is not what the issuer's entry demands.
        ClaimMismatch = "claim-mismatch", BadToken;
        /// Its `jti`, `sub` or key is revoked.
        TokenRevoked = "token-revoked", BadToken;
        /// The mTLS caller may not present this issuer's tokens.
        PresenterNotAllowed = "presenter-not-allowed", BadToken;
        /// The path can be read in two ways.
        PathAmbiguous = "path-ambiguous", BadRequest;
        /// The method can be read in two ways, or a header asks for another that the rules judge
        /// otherwise.
        MethodAmbiguous = "method-ambiguous", BadRequest;
        /// The host can be read in two ways.
        HostAmbiguous = "host-ambiguous", BadRequest;
        /// Two different values in one place for a token.
        TokensConflict = "tokens-conflict", BadRequest;
        /// An ALLOW rule for this request exists, but for other roles.
        RoleMissing = "role-missing", Policy;
        /// A DENY rule matched.
        RuleDenied = "rule-denied", Policy;
        /// No ALLOW rule matched.
        NoRuleMatched = "no-rule-matched", Policy;
        /// A claim that goes into a header can't be written safely.
        ClaimUnwritable = "claim-unwritable", Policy;
        /// The issuer's keys are not available.
        KeysUnavailable = "keys-unavailable", Unavailable;
        /// The worker never had a configuration that is good.
        ConfigurationInvalid = "configuration-invalid", Unavailable;
    }
}

/// A class of answers: what HTTP and gRPC clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// 401, without an error code (RFC 6750 section 3.1).
    Missing,
    /// 401 `invalid_token`.
    BadToken,
    /// 403 `insufficient_scope`.
    Policy,
    /// 400.
    BadRequest,
    /// 503.
    Unavailable,
}
