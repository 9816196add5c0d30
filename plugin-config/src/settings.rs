//! What holds for the whole plugin.

use attache_config_reader::Words;

/// For which workloads the document is a dry run: nothing is refused, and what would be is counted
/// and logged.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum DryRun {
    /// For none.
    #[default]
    Nowhere,
    /// For those that one of these fits; each names something.
    For(Vec<crate::Selector>),
    /// For all.
    Everywhere,
}

/// What a CORS preflight request (OPTIONS with `Origin` and `Access-Control-Request-Method`) needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Preflight {
    /// Nothing: browsers send it without credentials.
    #[default]
    Allow,
    /// What any request needs.
    Enforce,
}

/// What happens to a path that backends could read in several ways, where a policy with path rules
/// applies. A path that nobody should read (control bytes, broken encoding, no UTF-8) is refused in
/// any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum AmbiguousPaths {
    /// Every reading is judged: it goes on as it came if all may, and is refused if all are, or one
    /// by a DENY rule.
    #[default]
    Compare,
    /// 400.
    Refuse,
    /// It is brought into the form of RFC 3986 section 6.2.2, which is forwarded, and then as with
    /// `Compare`.
    Normalize,
}

/// What happens to a request that asks for another method than the one on its line, where a rule
/// names methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum MethodOverride {
    /// It must be allowed under all of them; where the verdicts differ, 400.
    #[default]
    Compare,
    /// 400.
    Refuse,
    /// The line's method counts alone.
    Ignore,
}

/// How a refusal is worded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// The `realm` of `WWW-Authenticate`; absent: none is named.
    pub realm: Option<String>,
    /// The `resource_metadata` of `WWW-Authenticate` (RFC 9728): an absolute URL.
    pub resource_metadata: Option<String>,
    /// The body.
    pub body: ProblemBody,
    /// Which pages in browsers may read it; absent: none.
    pub cors: Option<RefusalCors>,
}

/// Which pages in browsers may read a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCors {
    /// Their origins.
    pub allow_origins: AllowedOrigins,
    /// Whether they may where they sent credentials, too. Never together with
    /// [`AllowedOrigins::Any`].
    pub allow_credentials: bool,
}

/// Origins (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All.
    Any,
    /// These, compared byte for byte.
    These(Vec<String>),
}

/// The body of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Body", transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum ProblemBody {
    /// `application/problem+json` (RFC 9457).
    #[default]
    Problem,
    /// The reason as a line of text.
    Text,
    /// Empty.
    None,
}

/// Bounds of the token cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Verified tokens that a worker holds: 0 (none) to 65,536; default 2048.
    pub tokens: u32,
    /// Slots of shared data, for all workers together: 0 (none) to 65,536; default 2048.
    pub shared_slots: u32,
    /// The longest token that is looked at at all: 1024 to 65,536 bytes; default 8192.
    pub max_token_bytes: u32,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { tokens: 2048, shared_slots: 2048, max_token_bytes: 8192 }
    }
}

/// Which requests leave an audit line, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Which requests.
    pub log: AuditLog,
    /// The claims that the line names, 32 at most.
    pub claims: Vec<crate::ClaimPath>,
}

/// Which requests leave an audit line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum AuditLog {
    /// None.
    None,
    /// Refused ones, those that SHADOW would have refused, and those that went on unverified.
    #[default]
    Denied,
    /// All.
    All,
}
