//! `issuers[]`.

use super::{
    ClaimDocument, ConditionDocument, CookieLocationDocument, KeySetDocument, Nullable,
    StringMatchDocument,
};
use crate::{Algorithm, HeaderFormat, OnKeysUnavailable, OnUnwritable, Padding};
use attache_config_reader::{DurationDocument, List, Object, Slot};

/// One issuer of tokens. Its keys come from exactly one of `jwks`, `jwksUri`, `discovery` and
/// `secrets`.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Issuer"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct IssuerDocument {
    /// Its name in logs and metrics.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"))
    )]
    pub(crate) name: Slot<String>,
    /// What a token's `iss` must equal, byte for byte. In the path of a URL one segment may be a
    /// name in braces, which stands for what `issuerSegment` says:
    /// `https://login.example.com/{tenant}/v2.0`. An entry that names the token's `iss` comes
    /// before one with such a pattern. `null`: for tokens without `iss`, in places where no other
    /// issuer's are looked for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub(crate) issuer: Slot<Nullable>,
    /// What the segment in braces of `issuer` stands for. Only with such an issuer, which needs it.
    pub(crate) issuer_segment: Option<IssuerSegmentDocument>,
    /// `aud` must have one of these. Absent: `aud` is not checked.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) audiences: Option<List<String>>,
    /// The algorithms that a token's `alg` may name. `Ed25519` and `EdDSA` are the same. Absent:
    /// those that the keys' `alg`s name; a key without `alg` serves for RS256 to RS512, ES256 to
    /// ES512 or EdDSA, as its type is. PS256 to PS512 are verified inside the VM, which is slow:
    /// they must be named by the key's `alg` or here.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) algorithms: Option<List<Algorithm>>,
    /// Public keys: a JWK set (RFC 7517), a single JWK or certificates in PEM by `kid`, as an
    /// object or as JSON in a string, or PEM. They are read as served ones are: a key that can't be
    /// used is left out, with a warning in the log, and a private key refuses the configuration.
    pub(crate) jwks: Option<KeySetDocument>,
    /// The `https` or `http` URL of the keys that the provider serves, in any form of `jwks`.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 2048)))]
    pub(crate) jwks_uri: Option<String>,
    /// Whether the provider's JWK set is found by OpenID Connect Discovery, at
    /// `{issuer}/.well-known/openid-configuration`. Default: false.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) discovery: Option<bool>,
    /// The hosts besides the issuer's own that the discovery document may name for the keys:
    /// `keys.example.com`, or `keys.example.com:8443` where the port is not the scheme's own.
    /// Absent: `jwks_uri` must have the issuer's scheme, host and port. Only with `discovery`, and
    /// not beside `cluster`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    pub(crate) jwks_hosts: Option<List<String>>,
    /// The `https` or `http` URL of the discovery document, where it lies elsewhere, as for an
    /// `issuer` with a segment in braces; the document's `issuer` must equal that text. Only with
    /// `discovery: true`.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 2048)))]
    pub(crate) discovery_uri: Option<String>,
    /// The Envoy cluster that leads to the provider. Default: `outbound|<port>||<host>` of the URL
    /// that is fetched, as Istio names it for a service or a ServiceEntry. Only with `jwksUri` or
    /// `discovery`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub(crate) cluster: Option<String>,
    /// How often the provider is asked for its keys. Only with `jwksUri` or `discovery`.
    pub(crate) refresh: Option<RefreshDocument>,
    /// What happens to a request whose token can't be verified because the keys are not available:
    /// DENY answers 503, ALLOW forwards it without identity. A rule may say otherwise. Default:
    /// DENY. Only with `jwksUri` or `discovery`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "DENY")))]
    pub(crate) on_keys_unavailable: Option<OnKeysUnavailable>,
    /// HMAC secrets, each from an environment variable of the Wasm VM.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) secrets: Option<List<SecretDocument>>,
    /// Headers that may carry a token, alone or as one element of a list: what else the header
    /// holds goes on. A browser that sends the token in `Sec-WebSocket-Protocol` has to offer a
    /// protocol beside it, for the service to choose. Where none of `fromHeaders`, `fromCookies`
    /// and `fromParams` is given: `Authorization` with the prefix `Bearer `.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) from_headers: Option<List<HeaderLocationDocument>>,
    /// Cookies that may carry a token, each by its name or as an object. Of several cookies of one
    /// name the good one counts if the others are expired or foreign; these are removed from the
    /// request.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) from_cookies: Option<List<CookieLocationDocument>>,
    /// Query parameters that may carry a token.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) from_params: Option<List<String>>,
    /// Whether the service sees the token where the client put it. Default: false, it is removed.
    /// On a public path nobody looks at what stands there, and it is removed where any issuer that
    /// takes tokens there says so.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) forward_original_token: Option<bool>,
    /// Whether the parts of a token may end in the padding of base64 (`=`): REFUSED or ALLOWED. RFC
    /// 7515 forbids it; the tokens of AWS load balancers (`x-amzn-oidc-data`) have it. Default:
    /// REFUSED.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "REFUSED")))]
    pub(crate) padding: Option<Padding>,
    /// Tolerance of `exp`, `nbf` and `iat`, in whole seconds, at most `5m`. Default: `60s`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "60s")))]
    pub(crate) clock_skew: Option<DurationDocument>,
    /// Whether a token without `exp` is refused. Default: true.
    #[cfg_attr(feature = "schema", schemars(extend("default" = true)))]
    pub(crate) require_expiration: Option<bool>,
    /// The longest time that a token may still have to live, in whole seconds. Absent: not checked.
    pub(crate) max_lifetime: Option<DurationDocument>,
    /// Whether a token is refused that has no `iat`, or one further in the future than `clockSkew`.
    /// Default: false, or true with `maxAge`.
    pub(crate) require_issued_at: Option<bool>,
    /// How long ago a token may have been issued (now - `iat`), in whole seconds. Absent: not
    /// checked.
    pub(crate) max_age: Option<DurationDocument>,
    /// What the token's `typ` may be, compared without letter case and without `application/`.
    /// Absent: not checked.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) token_types: Option<List<String>>,
    /// `sub` must match one of these. Absent: not checked.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) subjects: Option<List<StringMatchDocument>>,
    /// Put before `sub` once a token is verified: identity headers, conditions of policies on
    /// `sub`, audit lines and filter state see it so. `subjects`, `claims` and `revoked` of this
    /// entry, and the payload's header, see `sub` as the issuer writes it. Default: nothing.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub(crate) subject_prefix: Option<String>,
    /// What every token of this issuer must hold.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) claims: Option<List<ConditionDocument>>,
    /// Where roles are read; all sources are joined.
    pub(crate) role_claims: Option<List<RoleClaimDocument>>,
    /// The mTLS callers that may present this issuer's tokens, as principals without `spiffe://`;
    /// `prefix*`, `*suffix` and `*` are patterns. Absent: not checked.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) presenters: Option<List<String>>,
    /// What is no longer accepted, although its signature is good.
    pub(crate) revoked: Option<RevokedDocument>,
    /// The header that receives the payload, as base64url without padding.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) output_payload_to_header: Option<String>,
    /// Headers that receive a claim each.
    pub(crate) output_claim_to_headers: Option<List<ClaimToHeaderDocument>>,
}

/// What the segment in braces of an `issuer` stands for: `in`, `equalsClaim`, or both.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "IssuerSegment"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub(crate) struct IssuerSegmentDocument {
    /// One of these. Absent: whatever `equalsClaim` says; since every tenant of the provider can
    /// then get a token, and the keys are the same for all, `audiences` must be given.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) r#in: Option<List<String>>,
    /// The claim that holds the same text, as `tid` does.
    pub(crate) equals_claim: Option<ClaimDocument>,
}

/// How often a provider is asked for its keys, and for how long its last good answer serves.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Refresh"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct RefreshDocument {
    /// From one good answer to the next question, at most; `Cache-Control: max-age` can shorten it.
    /// `1s` to `24h`. Default: `5m`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "5m")))]
    pub(crate) interval: Option<DurationDocument>,
    /// How long an answer may take, and the longest that a request waits for keys. `100ms` to `1m`.
    /// Default: `5s`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "5s")))]
    pub(crate) timeout: Option<DurationDocument>,
    /// From a failure to the next try, doubled with each further failure up to `interval`. `100ms`
    /// to `interval`. Default: `1s`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "1s")))]
    pub(crate) retry_after: Option<DurationDocument>,
    /// The least time between two questions that requests cause, by tokens with an unknown `kid`
    /// for example. `1s` to `interval`. Default: `10s`, or `interval` if that is less.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "10s")))]
    pub(crate) min_interval: Option<DurationDocument>,
    /// For how long the last good answer serves while the provider gives none. `interval` to
    /// `720h`. Default: `24h`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "24h")))]
    pub(crate) keep_for: Option<DurationDocument>,
}

/// An HMAC secret.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Secret"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct SecretDocument {
    /// The environment variable of the VM that holds the secret as text: at least 32, 48 or 64
    /// bytes for HS256, HS384 and HS512.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")))]
    pub(crate) env: Slot<String>,
    /// HS256, HS384 or HS512.
    pub(crate) algorithm: Slot<Algorithm>,
    /// The `kid` that chooses this secret.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) kid: Option<String>,
}

/// A header that may carry a token.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HeaderLocation"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct HeaderLocationDocument {
    /// The header.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) name: Slot<String>,
    /// What stands before the token, compared without letter case: `Bearer `. Default: nothing.
    #[cfg_attr(feature = "schema", schemars(length(max = 64), extend("default" = "")))]
    pub(crate) prefix: Option<String>,
}

/// A claim that holds roles: a string, a list of strings, or what `keys` or `field` says. Where it
/// is there and can't be read, in whole or in part, the caller may have any role: `noneOf` then
/// fails, and a DENY rule that asks for roles matches.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RoleClaim"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct RoleClaimDocument {
    /// The claim.
    pub(crate) claim: Slot<ClaimDocument>,
    /// What parts the roles of a string, also where it is an element of a list: `,` or a space, for
    /// example. Each part is trimmed, and brackets around the whole and quotes around a part are
    /// left out. Absent: the string is one role.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    pub(crate) split: Option<String>,
    /// Whether the claim is an object whose keys are the roles; those whose value is `false` or
    /// `null` are none. Default: false.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) keys: Option<bool>,
    /// The member that holds the role, where the claim is an object or a list of objects: `name`
    /// for `[{"name": "a"}]`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) field: Option<String>,
    /// Put before each role, to keep sources apart. Default: nothing.
    #[cfg_attr(feature = "schema", schemars(length(max = 64), extend("default" = "")))]
    pub(crate) prefix: Option<String>,
}

/// Tokens, keys and subjects that are no longer accepted.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Revoked"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct RevokedDocument {
    /// By `jti`.
    pub(crate) token_ids: Option<List<String>>,
    /// By the `kid` of the key that verified.
    pub(crate) key_ids: Option<List<String>>,
    /// By `sub`.
    pub(crate) subjects: Option<List<String>>,
}

/// A header that receives a claim.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ClaimToHeader"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct ClaimToHeaderDocument {
    /// The header. A client can never send it: it is removed from every request.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) header: Slot<String>,
    /// The claim. Where it is absent or `null`, so is the header.
    pub(crate) claim: Slot<ClaimDocument>,
    /// How it is written. Absent: strings, numbers and Booleans as they are, lists of these as CSV,
    /// objects as JSON.
    pub(crate) format: Option<HeaderFormat>,
    /// Writes `true` where the claim is a list with this element, or is this text, and no header
    /// where not. For an AuthorizationPolicy of Istio, whose values know `abc*` and `*abc` but no
    /// place in the middle of a list: one header for each role that it asks for. Not together with
    /// `format`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub(crate) contains: Option<String>,
    /// What happens to a claim that can't be written: one with control characters, or with letters
    /// outside ASCII and no `format` that encodes them, one longer than 8 KiB, or a list or an
    /// object that the format has no form for. DENY refuses the request with `claim-unwritable`,
    /// OMIT leaves the header away. Default: DENY.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "DENY")))]
    pub(crate) on_unwritable: Option<OnUnwritable>,
}
