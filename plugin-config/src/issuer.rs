//! Who may issue tokens, where their tokens are found, and what happens to their claims.

use crate::{
    AlgorithmSet, ClaimPath, Condition, IssuerId, KeySet, Name, RemoteKeys, StringMatch,
    StringPattern,
};
use attache_config_reader::{HeaderName, NonEmpty, Words};
use std::collections::BTreeSet;
use std::time::Duration;

/// One issuer of tokens.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// Unique; appears in logs and metrics.
    pub name: Name,
    /// What `iss` must be. Unique.
    pub issuer: IssuerId,
    /// `aud` must have one of these; empty: not checked.
    pub audiences: Vec<String>,
    /// The algorithms that a token's `alg` may name. All asymmetric or all HMAC, as the keys are.
    pub algorithms: AlgorithmSet,
    /// Whether the document names them. Else a key without `alg` serves for
    /// [`AlgorithmSet::unnamed`] alone.
    pub names_algorithms: bool,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Where a request may carry a token.
    pub locations: IssuerLocations,
    /// Whether the service sees the token where the client put it.
    pub forward_original_token: bool,
    /// Whether the parts of a token may end in the padding of base64.
    pub padding: Padding,
    /// Tolerance of `exp`, `nbf` and `iat`: 0 to 5 minutes, whole seconds.
    pub clock_skew: Duration,
    /// Whether a token without `exp` is refused.
    pub require_expiration: bool,
    /// The longest time that a token may still have to live (`exp` - now), whole seconds.
    pub max_lifetime: Option<Duration>,
    /// Whether `iat` must be there, and not be in the future by more than `clock_skew`.
    pub require_issued_at: bool,
    /// How long ago a token may have been issued (now - `iat`), whole seconds. Never without
    /// `require_issued_at`.
    pub max_age: Option<Duration>,
    /// What the header's `typ` may be, compared without letter case and without a leading
    /// `application/` (RFC 7515 section 4.1.9); empty: not checked.
    pub token_types: Vec<String>,
    /// `sub` must match one of these; empty: not checked.
    pub subjects: Vec<StringMatch>,
    /// Put before `sub` once a token is verified: what policies and headers see. Empty, or 1 to 64
    /// bytes of visible ASCII.
    pub subject_prefix: String,
    /// What every token of this issuer must hold. No `EqualsPath`, no `EqualsHeader`.
    pub claims: Vec<Condition>,
    /// Where roles are read; all sources are joined.
    pub role_claims: Vec<RoleClaim>,
    /// The mTLS callers that may present this issuer's tokens; empty: not checked.
    pub presenters: Vec<StringPattern>,
    /// Tokens, keys and subjects that are no longer accepted.
    pub revoked: Revoked,
    /// The header that receives the payload as it stands in the token: base64url without padding,
    /// as in Envoy.
    pub output_payload_to_header: Option<HeaderName>,
    /// The headers that receive a claim each; no header twice.
    pub output_claim_to_headers: Vec<ClaimToHeader>,
}

impl Issuer {
    /// Returns the headers that this issuer may write.
    pub fn identity_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.output_payload_to_header
            .iter()
            .chain(self.output_claim_to_headers.iter().map(|to| &to.header))
    }
}

/// Whether the parts of a token may end in `=`, which RFC 7515 section 2 forbids and AWS load
/// balancers write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Padding {
    /// A token with padding is malformed.
    #[default]
    Refused,
    /// Each part may have the padding that base64 (RFC 4648 section 4) gives it, and no other.
    Allowed,
}

/// Where an issuer's keys come from: never public keys and secrets together.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A key set in the document.
    Inline(KeySet),
    /// A key set that a provider serves.
    Remote(RemoteKeys),
    /// HMAC secrets from the VM's environment, `kid`s unique.
    Secrets(NonEmpty<SecretRef>),
}

/// An HMAC secret that lies in an environment variable of the VM, as the bytes of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// The variable.
    pub env: String,
    /// HS256, HS384 or HS512; the secret must be at least as long as the hash: 32, 48 or 64 bytes.
    pub algorithm: crate::Algorithm,
    /// The `kid` that chooses it.
    pub key_id: Option<String>,
}

/// Where a request may carry a token of an issuer. With none at all it accepts no token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuerLocations {
    /// Headers, the token after a prefix.
    pub headers: Vec<HeaderLocation>,
    /// Cookies.
    pub cookies: Vec<CookieLocation>,
    /// Query parameters.
    pub params: Vec<String>,
}

impl IssuerLocations {
    /// Returns the places that a document names, each kind absent where its key is; where it names
    /// none at all, `Authorization: Bearer` is the one.
    pub(crate) fn named(
        headers: Option<Vec<HeaderLocation>>,
        cookies: Option<Vec<CookieLocation>>,
        params: Option<Vec<String>>,
    ) -> Self {
        match (headers, cookies, params) {
            (None, None, None) => Self {
                headers: HeaderName::new("authorization")
                    .map(|name| HeaderLocation { name, prefix: "Bearer ".to_owned() })
                    .into_iter()
                    .collect(),
                cookies: Vec::new(),
                params: Vec::new(),
            },
            (headers, cookies, params) => Self {
                headers: headers.unwrap_or_default(),
                cookies: cookies.unwrap_or_default(),
                params: params.unwrap_or_default(),
            },
        }
    }

    /// Returns whether a token may stand where the other's may.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let Self { headers, cookies, params } = self;
        headers.iter().any(|one| other.headers.iter().any(|other| one.name == other.name))
            || cookies.iter().any(|one| other.cookies.iter().any(|other| one.name == other.name))
            || params.iter().any(|one| other.params.contains(one))
    }
}

/// A header that may carry a token after a prefix, which is compared without letter case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLocation {
    /// The header.
    pub name: HeaderName,
    /// What stands before the token; may be empty.
    pub prefix: String,
}

/// A cookie that may carry a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieLocation {
    /// Its name. Where another cookie is chunked, never that of one of its parts.
    pub name: String,
    /// Whether the token may also be cut into cookies `name_0`, `name_1` and so on.
    pub chunked: bool,
}

/// A claim that holds roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleClaim {
    /// The claim.
    pub claim: ClaimPath,
    /// How it holds them.
    pub form: RoleForm,
    /// What parts the roles of a string, each trimmed; absent: the string is one role. Never with
    /// [`RoleForm::Keys`].
    pub split: Option<String>,
    /// Put before each role, to keep sources apart.
    pub prefix: String,
}

/// How a claim holds roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleForm {
    /// As a string, or a list of strings.
    Strings,
    /// As the names of an object's members.
    Keys,
    /// As strings under this name in an object, or in each object of a list.
    Field(String),
}

/// What is no longer accepted, although its signature is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// By `jti`.
    pub token_ids: BTreeSet<String>,
    /// By the `kid` of the key that verified.
    pub key_ids: BTreeSet<String>,
    /// By `sub`.
    pub subjects: BTreeSet<String>,
}

/// A header that receives a claim. An absent or `null` claim leaves the header away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimToHeader {
    /// The header.
    pub header: HeaderName,
    /// The claim.
    pub claim: ClaimPath,
    /// How it is written; absent: strings, numbers and Booleans as they are, lists of these as CSV,
    /// objects as JSON.
    pub format: Option<HeaderFormat>,
    /// Have the header say `true` where the claim is, or as a list has, this text, and be absent
    /// where not.
    pub contains: Option<String>,
    /// What happens to a claim that can't be written.
    pub on_unwritable: OnUnwritable,
}

/// What happens to a claim that can't be written into its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum OnUnwritable {
    /// The request is refused.
    #[default]
    Deny,
    /// The header is left away.
    Omit,
}

/// How a claim is written into a header: CSV, whose elements have all but visible ASCII, `,` and
/// `%` percent-encoded as UTF-8; PERCENT_ENCODED, the same for one string, number or Boolean, with
/// commas as they are, for names with letters outside ASCII; compact JSON; or that in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum HeaderFormat {
    /// Elements parted by `,`; in each, `,`, `%`, control bytes and bytes outside visible ASCII are
    /// percent-encoded.
    Csv,
    /// A string, a number or a Boolean, in which `%`, spaces, control bytes and bytes outside ASCII
    /// are percent-encoded.
    PercentEncoded,
    /// Compact JSON, non-ASCII as `\u` escapes.
    Json,
    /// Compact JSON in base64url without padding.
    Base64Json,
}
