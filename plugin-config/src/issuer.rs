//! Who may issue tokens, where their tokens are found, and what becomes of their claims.

use crate::{
    AlgorithmSet, ClaimPath, Condition, HeaderName, KeySet, Name, RemoteKeys, StringMatch, StringPattern,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// One issuer of tokens.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// Unique; appears in logs and metrics.
    pub name: Name,
    /// What `iss` must equal, byte for byte. Unique.
    pub issuer: String,
    /// `aud` must have one of these; empty: not checked.
    pub audiences: Vec<String>,
    /// The algorithms that a token's `alg` may name. All asymmetric or all HMAC, as the keys are.
    pub algorithms: AlgorithmSet,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Headers that may carry a token. With `from_cookies` and `from_params` never all empty: where a document names
    /// no place, `Authorization: Bearer` is the one.
    pub from_headers: Vec<HeaderLocation>,
    /// Cookies that may carry a token.
    pub from_cookies: Vec<String>,
    /// Query parameters that may carry a token.
    pub from_params: Vec<String>,
    /// Whether the service sees the token where the client put it.
    pub forward_original_token: bool,
    /// Tolerance of `exp` and `nbf`: 0 to 5 minutes, whole seconds.
    pub clock_skew: Duration,
    /// Whether a token without `exp` is refused.
    pub require_expiration: bool,
    /// The longest time that a token may still have to live (`exp` - now), whole seconds.
    pub max_lifetime: Option<Duration>,
    /// What the header's `typ` may be, compared without letter case and without a leading `application/`
    /// (RFC 7515 section 4.1.9); empty: not checked.
    pub token_types: Vec<String>,
    /// `sub` must match one of these; empty: not checked.
    pub subjects: Vec<StringMatch>,
    /// What every token of this issuer must hold. No `EqualsPath`, no `EqualsHeader`.
    pub claims: Vec<Condition>,
    /// Where roles are read; all sources are joined.
    pub role_claims: Vec<RoleClaim>,
    /// The mTLS callers that may present this issuer's tokens; empty: not checked.
    pub presenters: Vec<StringPattern>,
    /// Tokens, keys and subjects that are good no more.
    pub revoked: Revoked,
    /// The header that receives the payload as it stands in the token: base64url without padding, as in Envoy.
    pub output_payload_to_header: Option<HeaderName>,
    /// The headers that receive a claim each; no header twice.
    pub output_claim_to_headers: Vec<ClaimToHeader>,
}

impl Issuer {
    /// The headers that this issuer may write.
    pub fn identity_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.output_payload_to_header.iter().chain(self.output_claim_to_headers.iter().map(|to| &to.header))
    }
}

/// Where an issuer's keys come from: never public keys and secrets together.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A key set in the document.
    Inline(KeySet),
    /// A key set that a provider serves.
    Remote(RemoteKeys),
    /// HMAC secrets from the VM's environment: at least one, `kid`s unique.
    Secrets(Vec<SecretRef>),
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

/// A header that may carry a token after a prefix, which is compared without letter case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLocation {
    /// The header.
    pub name: HeaderName,
    /// What stands before the token; may be empty.
    pub prefix: String,
}

/// A claim that holds roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleClaim {
    /// The claim.
    pub claim: ClaimPath,
    /// How it holds them.
    pub form: RoleForm,
    /// What parts the roles of a string, each trimmed; absent: the string is one role. Never with [`RoleForm::Keys`].
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

/// What is good no more, though its signature be.
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
    /// How it is written; absent: strings, numbers and Booleans as they are, lists of these as CSV, objects as JSON.
    pub format: Option<HeaderFormat>,
}

/// How a claim is written into a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderFormat {
    /// Elements parted by `,`; in each, `,`, `%`, control bytes and bytes outside visible ASCII are percent-encoded.
    Csv,
    /// Compact JSON, non-ASCII as `\u` escapes.
    Json,
    /// Compact JSON in base64url without padding.
    Base64Json,
}
