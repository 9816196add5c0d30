//! `policies[]`.

use super::ConditionDocument;
use crate::{Action, Authentication, Mode, OnKeysUnavailable};
use attache_config_reader::{List, Map, Object, Slot, Words};

/// The rules of one owner for the workloads that a selector names. The rules of all policies that
/// apply to a workload are one pool: a DENY rule that matches refuses; else an ALLOW rule that
/// matches allows; else ALLOW only if every policy that applies has `defaultAction: ALLOW`.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Policy"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct PolicyDocument {
    /// Its name in logs and metrics; unique.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"))
    )]
    pub(crate) name: Slot<String>,
    /// The workloads it applies to. Absent: every workload.
    pub(crate) selector: Option<SelectorDocument>,
    /// What holds where no rule matched. Default: DENY.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "DENY")))]
    pub(crate) default_action: Option<Action>,
    /// SHADOW: left out of the verdict; where the verdict with it differs, that is counted and
    /// logged. Default: ENFORCE.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "ENFORCE")))]
    pub(crate) mode: Option<Mode>,
    /// Which paths the service takes for the same. Default: none but equal ones.
    pub(crate) paths: Option<PolicyPathsDocument>,
    /// Its rules.
    #[cfg_attr(feature = "schema", schemars(length(max = 10_000)))]
    pub(crate) rules: Option<List<RuleDocument>>,
}

/// Which workloads a policy applies to: every key that is given must fit.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Selector", extend("minProperties" = 1)))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct SelectorDocument {
    /// One of these namespaces.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) namespaces: Option<List<String>>,
    /// All of these labels.
    #[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
    pub(crate) labels: Option<Map<String>>,
    /// One of these service accounts.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) service_accounts: Option<List<String>>,
}

impl SelectorDocument {
    /// Returns whether no key is given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.namespaces.is_none() && self.labels.is_none() && self.service_accounts.is_none()
    }
}

/// Which paths a policy's service takes for the same. Comparisons lean towards allowing less:
/// `paths` of DENY rules and `notPaths` of ALLOW rules match in any letter case, with a slash at
/// the end or without, whatever stands here; `paths` of ALLOW rules and `notPaths` of DENY rules
/// match exactly, unless it says otherwise here.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PolicyPaths"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct PolicyPathsDocument {
    /// false: the service routes `/Orders` as `/orders`, and so do all rules of this policy.
    /// Segments that `equalsPath` compares are compared exactly in ALLOW rules all the same.
    /// Default: true.
    #[cfg_attr(feature = "schema", schemars(extend("default" = true)))]
    pub(crate) case_sensitive: Option<bool>,
    /// SAME: the service routes `/orders/` as `/orders`, and so do all rules of this policy.
    /// Default: DISTINCT.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "DISTINCT")))]
    pub(crate) trailing_slash: Option<TrailingSlashName>,
}

/// DISTINCT or SAME.
#[derive(Clone, Copy, Debug, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TrailingSlash"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub(crate) enum TrailingSlashName {
    Distinct,
    Same,
}

/// One rule. All its parts are AND-ed; a part that is absent holds for everything.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Rule"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct RuleDocument {
    /// Its name in logs and metrics; unique within the policy.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"))
    )]
    pub(crate) name: Slot<String>,
    /// What it says where it matches. Default: ALLOW.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "ALLOW")))]
    pub(crate) action: Option<Action>,
    /// SHADOW: left out of the verdict, counted and logged. Default: ENFORCE, or as its policy.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "ENFORCE")))]
    pub(crate) mode: Option<Mode>,
    /// What it asks of a token. Default: REQUIRED.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "REQUIRED")))]
    pub(crate) authentication: Option<Authentication>,
    /// What happens to a request that this rule is for while its issuer's keys are not available:
    /// DENY answers 503, ALLOW forwards it without identity. Where several rules fit, one DENY
    /// suffices. Default: what the issuer says.
    pub(crate) on_keys_unavailable: Option<OnKeysUnavailable>,
    /// What the request is for: one of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) to: Option<List<OperationDocument>>,
    /// Where the request comes from: one of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) from: Option<List<SourceDocument>>,
    /// What roles it needs.
    pub(crate) roles: Option<RolesDocument>,
    /// What it asks of claims: all of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) when: Option<List<ConditionDocument>>,
}

/// What a request is for: keys AND-ed, values of a key OR-ed; a `not…` key holds where none of its
/// values fits.
///
/// Paths are `/exact`, `/prefix*`, `*suffix`, `*`, or templates: `/users/{id}/orders/{**}`, where
/// `{*}` and `{name}` stand for one segment and `{**}` for any number. They are compared with the
/// path without its query, percent-decoded. Of a DENY rule, `paths` match in any letter case and
/// with or without a slash at the end, and `notPaths` exactly; of an ALLOW rule the reverse, unless
/// its policy's `paths` says that the service is looser.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Operation"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub(crate) struct OperationDocument {
    /// HTTP methods, in upper case. Each stands for itself alone: HEAD is no GET, so that what may
    /// be read and what may only be asked after are written apart, and a service that answers both
    /// takes `[GET, HEAD]`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) methods: Option<List<String>>,
    /// HTTP methods that it is not for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_methods: Option<List<String>>,
    /// Paths that it is for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) paths: Option<List<String>>,
    /// Paths that it is not for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_paths: Option<List<String>>,
    /// Hosts (`:authority`): `exact`, `prefix*`, `*suffix` or `*`, in any letter case; without a
    /// port any port fits.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) hosts: Option<List<String>>,
    /// Hosts that it is not for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_hosts: Option<List<String>>,
    /// Ports that the request came in on, 1 to 65535.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) ports: Option<List<u32>>,
    /// Ports that it is not for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_ports: Option<List<u32>>,
}

/// Where a request comes from: keys AND-ed, values of a key OR-ed. Principals, namespaces and
/// service accounts are those of the caller's mTLS certificate; without one, only a `not…` key can
/// hold.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Source"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub(crate) struct SourceDocument {
    /// Principals without `spiffe://`: `cluster.local/ns/shop/sa/orders`; `prefix*`, `*suffix` and
    /// `*` are patterns.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) principals: Option<List<String>>,
    /// Principals that it is not from.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_principals: Option<List<String>>,
    /// Namespaces; `prefix*`, `*suffix` and `*` are patterns.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) namespaces: Option<List<String>>,
    /// Namespaces that it is not from.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_namespaces: Option<List<String>>,
    /// Service accounts: `name` in any namespace, or `namespace/name`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) service_accounts: Option<List<String>>,
    /// Service accounts that it is not from.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_service_accounts: Option<List<String>>,
    /// Addresses of the direct peer, whatever headers say. Unknown where Envoy was told to take the
    /// client's address from a header and the request has one: then ALLOW does not match and DENY
    /// does.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) ip_blocks: Option<List<String>>,
    /// Addresses that it is not from.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_ip_blocks: Option<List<String>>,
    /// Addresses of what Envoy takes for the client: what `x-forwarded-for`, PROXY protocol or
    /// another header says where Envoy is told to believe it, else the direct peer. Anyone can
    /// write such a header unless a trusted proxy does.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) remote_ip_blocks: Option<List<String>>,
    /// Clients that it is not from.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_remote_ip_blocks: Option<List<String>>,
}

/// What roles a rule needs: all keys are AND-ed.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Roles"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub(crate) struct RolesDocument {
    /// At least one of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) any_of: Option<List<String>>,
    /// Every one of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) all_of: Option<List<String>>,
    /// None of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) none_of: Option<List<String>>,
}
