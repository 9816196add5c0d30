//! Policies: whom a workload serves, and what for.

use crate::{Condition, HostPattern, IpBlock, Name, OnKeysUnavailable, PathPattern, StringPattern};
use attache_config_reader::Words;
use std::collections::BTreeMap;

/// A role's name: 1 to 256 bytes, compared byte for byte.
pub type Role = String;

/// The rules of one owner for the workloads that a selector names.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Unique among policies.
    pub name: Name,
    /// The workloads it applies to.
    pub selector: Selector,
    /// What holds where no rule matched.
    pub default_action: Action,
    /// Whether it counts.
    pub mode: Mode,
    /// Which paths its service takes for the same.
    pub paths: PathEquality,
    /// Its rules, 10,000 at most; names unique within the policy.
    pub rules: Vec<Rule>,
}

/// Which workloads a policy applies to: every field that is set must fit. None set: every workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// One of these namespaces; empty: any.
    pub namespaces: Vec<String>,
    /// All of these labels.
    pub labels: BTreeMap<String, String>,
    /// One of these service accounts; empty: any.
    pub service_accounts: Vec<String>,
}

/// Which paths a service takes for the same: then what ALLOW rules are for, and what DENY rules are
/// not for, is compared so. What DENY rules are for, and what ALLOW rules are not for, is compared
/// in the loosest way always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathEquality {
    /// Paths that differ in letter case.
    pub any_case: bool,
    /// Paths that differ in a slash at their end.
    pub any_trailing_slash: bool,
}

/// What a rule or a default says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Action {
    /// The request may go on.
    Allow,
    /// The request is refused.
    Deny,
}

/// Whether a policy or a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It is left out of the verdict; where the verdict with it differs, that is counted and
    /// logged.
    Shadow,
}

/// What is asked of a token: REQUIRED a good one; OPTIONAL none or a good one; NONE tokens are not
/// looked at, and removed from their places as `forwardOriginalToken` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Authentication {
    /// A good token.
    #[default]
    Required,
    /// No token, or a good one.
    Optional,
    /// Nothing: tokens are not looked at. Only on an ALLOW rule without roles and conditions.
    None,
}

/// One rule. All its parts are AND-ed; an empty part holds for everything.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique within its policy.
    pub name: Name,
    /// What it says where it matches.
    pub action: Action,
    /// Whether it counts; a rule of a SHADOW policy is SHADOW.
    pub mode: Mode,
    /// What it asks of a token.
    pub authentication: Authentication,
    /// What happens to a request that the rule is for while its issuer's keys are not available;
    /// absent: what the issuer says. Only on an ALLOW rule that looks at tokens.
    pub on_keys_unavailable: Option<OnKeysUnavailable>,
    /// What the request is for: one of these.
    pub to: Vec<Operation>,
    /// Where it comes from: one of these.
    pub from: Vec<Source>,
    /// What roles it needs.
    pub roles: RoleRequirement,
    /// What it asks of claims: all of these.
    pub when: Vec<Condition>,
}

/// What a request is for: fields AND-ed, values of a field OR-ed. An empty field holds for
/// everything; a `not_` field holds where none of its values fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// HTTP methods, in upper case, compared byte for byte.
    pub methods: Vec<String>,
    /// Methods it is not for.
    pub not_methods: Vec<String>,
    /// Paths. Compared as [`PathEquality`] says.
    pub paths: Vec<PathPattern>,
    /// Paths it is not for.
    pub not_paths: Vec<PathPattern>,
    /// Hosts (`:authority`).
    pub hosts: Vec<HostPattern>,
    /// Hosts it is not for.
    pub not_hosts: Vec<HostPattern>,
    /// Ports that the request came in on.
    pub ports: Vec<u16>,
    /// Ports it is not for.
    pub not_ports: Vec<u16>,
}

/// Where a request comes from: fields AND-ed, values of a field OR-ed. Principals, namespaces and
/// service accounts come from the caller's mTLS certificate
/// (`spiffe://<domain>/ns/<namespace>/sa/<account>`); without one, only a `not_` field can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Principals without `spiffe://`.
    pub principals: Vec<StringPattern>,
    /// Principals it is not from.
    pub not_principals: Vec<StringPattern>,
    /// Namespaces.
    pub namespaces: Vec<StringPattern>,
    /// Namespaces it is not from.
    pub not_namespaces: Vec<StringPattern>,
    /// Service accounts, as `name` in any namespace or `namespace/name`.
    pub service_accounts: Vec<String>,
    /// Service accounts it is not from.
    pub not_service_accounts: Vec<String>,
    /// Addresses of the direct peer. Where the host can't tell them, as where it is told to take
    /// the client's address from a header, an ALLOW rule that asks for them does not match and a
    /// DENY rule does.
    pub ip_blocks: Vec<IpBlock>,
    /// Addresses it is not from.
    pub not_ip_blocks: Vec<IpBlock>,
    /// Addresses of what the host takes for the client: the direct peer, or what a header says that
    /// it is told to believe.
    pub remote_ip_blocks: Vec<IpBlock>,
    /// Clients it is not from.
    pub not_remote_ip_blocks: Vec<IpBlock>,
}

/// What roles a rule needs: all three are AND-ed, each holds where empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRequirement {
    /// At least one of these.
    pub any_of: Vec<Role>,
    /// Every one of these.
    pub all_of: Vec<Role>,
    /// None of these.
    pub none_of: Vec<Role>,
}
