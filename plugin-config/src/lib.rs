//! The configuration of the Attaché filter: the JSON document that a WasmPlugin carries, read into
//! types that need no further check.
//!
//! [`parse`] is the only way in. What it returns is valid as a whole: names are unique, headers may
//! be written, key sets hold only keys that can verify. What it refuses comes back as
//! [`Diagnostics`], each error with its path.
//!
//! ```
//! let config = attache_plugin_config::parse(
//!     br#"{"issuers": [{"name": "tyk", "issuer": "https://tyk.example", "jwksUri": "https://tyk.example/jwks"}]}"#,
//! );
//! assert_eq!(config.unwrap().issuers.len(), 1);
//! ```
//!
//! Every worker of every proxy compiles this code, for a document that it reads once. V8's memory
//! grows faster than the function that it compiles, so parts that would end up in one function are
//! kept apart (`inline(never)`).

mod check;
mod claim;
mod document;
mod issuer;
mod issuer_id;
mod jwk;
mod name;
mod parse;
mod pattern;
mod policy;
mod remote;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "schema")]
mod schema_transform;
mod settings;

pub use attache_config_reader::{
    Diagnostic, Diagnostics, HeaderName, Node, NonEmpty, Path, PathRef, Severity, Step, fold,
    read_json,
};
pub use claim::{ClaimPath, Comparand, Condition, Regex, Scalar, StringMatch, Test};
pub use issuer::{
    ClaimToHeader, CookieLocation, HeaderFormat, HeaderLocation, Issuer, IssuerLocations,
    KeySource, OnUnwritable, Padding, Revoked, RoleClaim, RoleForm, SecretRef,
};
pub use issuer_id::{IssuerId, IssuerPattern};
pub use jwk::{
    Algorithm, AlgorithmSet, EcCurve, Hash, Jwk, JwkMaterial, KeySet, Scheme, Skipped,
    is_fit_for_rsa,
};
pub use name::Name;
pub use parse::{MAX_DOCUMENT_BYTES, parse};
pub use pattern::{HostPattern, IpBlock, PathPattern, PathSegment, StringPattern};
pub use policy::{
    Action, Authentication, Mode, Operation, PathEquality, Policy, Role, RoleRequirement, Rule,
    Selector, Source,
};
pub use remote::{HttpUrl, KeyLocation, OnKeysUnavailable, Refresh, RemoteKeys};
#[cfg(feature = "schema")]
pub use schema::schema;
pub use settings::{
    AllowedOrigins, AmbiguousPaths, Audit, AuditLog, CacheLimits, DryRun, MethodOverride,
    Preflight, ProblemBody, RefusalCors, Responses,
};

use std::collections::{BTreeMap, BTreeSet};

/// The whole configuration of one plugin, valid as a whole. The default one, which no document
/// gives, has no issuer.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// SHA-256 of the document: the same in every VM with this configuration, and unlike any
    /// other's.
    pub digest: [u8; 32],
    /// What is not wrong, but may be other than its author thinks: a key that is left out, for
    /// example.
    pub warnings: Vec<Diagnostic>,
    /// For which workloads nothing is refused, only counted.
    pub dry_run: DryRun,
    /// Who may issue tokens: 1 to 64, unique by name and by what `iss` must be.
    pub issuers: Vec<Issuer>,
    /// The roles that a role directly includes. Acyclic.
    pub role_hierarchy: BTreeMap<Role, Vec<Role>>,
    /// Every policy of the document, in its order; those whose selector fits a workload apply to
    /// it.
    pub policies: Vec<Policy>,
    /// What a CORS preflight request needs.
    pub preflight: Preflight,
    /// What happens to a path that backends could read in several ways.
    pub ambiguous_paths: AmbiguousPaths,
    /// What happens to a request that asks for another method than the one on its line.
    pub method_override: MethodOverride,
    /// How a refusal is worded.
    pub responses: Responses,
    /// Bounds of the token cache.
    pub cache: CacheLimits,
    /// Which requests leave an audit line, and what it holds.
    pub audit: Audit,
}

impl Config {
    /// Returns the workload labels that selectors name: the only ones a host has to look up.
    pub fn selector_labels(&self) -> BTreeSet<&str> {
        let dry_run = match &self.dry_run {
            DryRun::For(selectors) => selectors.as_slice(),
            DryRun::Nowhere | DryRun::Everywhere => &[],
        };
        let selectors = self.policies.iter().map(|policy| &policy.selector).chain(dry_run);
        let mut labels = BTreeSet::new();
        labels.extend(selectors.flat_map(|selector| selector.labels.keys().map(String::as_str)));
        labels
    }

    /// Returns every header that any issuer may write; a client may send none of them.
    pub fn identity_headers(&self) -> BTreeSet<&HeaderName> {
        let mut headers = BTreeSet::new();
        headers.extend(self.issuers.iter().flat_map(Issuer::identity_headers));
        headers
    }
}
