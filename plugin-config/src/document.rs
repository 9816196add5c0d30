//! The document as it is written: one type an object, keys as DESIGN names them, nothing checked
//! but form.
//!
//! The doc comments here are what users read: they become the descriptions of the JSON Schema.

mod condition;
mod foreign;
mod issuer;
mod policy;
mod resource;
mod settings;
mod value;

pub(crate) use condition::{Comparison, ConditionDocument, Operator, StringMatchDocument};
pub(crate) use foreign::FOREIGN_KEYS;
pub(crate) use issuer::{
    ClaimToHeaderDocument, HeaderLocationDocument, IssuerDocument, RefreshDocument,
    RevokedDocument, RoleClaimDocument, SecretDocument,
};
pub(crate) use policy::{
    OperationDocument, PolicyDocument, PolicyPathsDocument, RolesDocument, RuleDocument,
    SelectorDocument, SourceDocument, TrailingSlashName,
};
pub(crate) use resource::check_is_no_resource;
pub(crate) use settings::{
    AuditDocument, CacheDocument, CorsDocument, MethodsDocument, PathsDocument,
    ResponsesCorsDocument, ResponsesDocument,
};
#[cfg(feature = "schema")]
pub(crate) use value::CookieFormDocument;
pub(crate) use value::{
    ClaimDocument, CookieLocationDocument, KeySetDocument, Nullable, ScalarDocument,
};

use crate::Mode;
use attache_config_reader::{List, Map, Object, Slot};

/// The configuration of the Attaché filter, as it stands under `pluginConfig` of a WasmPlugin.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Configuration"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct Document {
    /// SHADOW: a dry run of the whole document. Nothing is refused: a request that would be goes on
    /// as it came, without the identity headers that the client sent, and is counted and logged
    /// with the reason; every other is treated as in ENFORCE. What is in SHADOW on its own, as a
    /// policy or a rule, stays out of a dry run. Default: ENFORCE.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "ENFORCE")))]
    pub(crate) mode: Option<Mode>,
    /// The workloads for which the document is a dry run, as with `mode: SHADOW`, while it is in
    /// force for the others: each entry as a policy's `selector`, one of which must fit. Not
    /// together with `mode: SHADOW`, which is for all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) shadow_selectors: Option<List<SelectorDocument>>,
    /// Who may issue tokens. Unique by `name` and by `issuer`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub(crate) issuers: Slot<List<IssuerDocument>>,
    /// Roles that include others, directly and through others: `admin: [writer]`. No role may
    /// include itself.
    pub(crate) role_hierarchy: Option<Map<List<String>>>,
    /// The policies; those whose selector fits the workload apply to it. If none applies, a request
    /// needs a valid token and nothing more.
    pub(crate) policies: Option<List<PolicyDocument>>,
    /// What a CORS preflight request needs.
    pub(crate) cors: Option<CorsDocument>,
    /// What happens to paths that can be read in several ways.
    pub(crate) paths: Option<PathsDocument>,
    /// What happens to requests that ask for two methods.
    pub(crate) methods: Option<MethodsDocument>,
    /// How a refusal is worded.
    pub(crate) responses: Option<ResponsesDocument>,
    /// Bounds of the token cache.
    pub(crate) cache: Option<CacheDocument>,
    /// Which requests leave an audit line, and what it holds.
    pub(crate) audit: Option<AuditDocument>,
}
