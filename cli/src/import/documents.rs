//! RequestAuthentication and AuthorizationPolicy of `security.istio.io/v1` and `v1beta1`, key by
//! key as Istio's API has them: <https://istio.io/latest/docs/reference/config/security/>. A key
//! that Istio does not have is an error.

use attache_config_reader::{List, Slot};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `spec` of a RequestAuthentication.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestAuthenticationSpec {
    pub(super) selector: Option<SelectorDocument>,
    pub(super) target_ref: Option<TargetDocument>,
    pub(super) target_refs: Option<List<TargetDocument>>,
    pub(super) jwt_rules: Option<List<JwtRuleDocument>>,
}

/// `spec` of an AuthorizationPolicy.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AuthorizationPolicySpec {
    pub(super) selector: Option<SelectorDocument>,
    pub(super) target_ref: Option<TargetDocument>,
    pub(super) target_refs: Option<List<TargetDocument>>,
    pub(super) action: Option<ActionName>,
    pub(super) provider: Option<ProviderDocument>,
    pub(super) rules: Option<List<RuleDocument>>,
}

/// What an AuthorizationPolicy does where one of its rules matches.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ActionName {
    #[default]
    Allow,
    Deny,
    Audit,
    Custom,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SelectorDocument {
    pub(super) match_labels: Option<BTreeMap<String, Slot<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TargetDocument {
    pub(super) group: Option<String>,
    pub(super) kind: Slot<String>,
    pub(super) name: Slot<String>,
    pub(super) namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProviderDocument {
    #[expect(
        dead_code,
        reason = "who decides for a CUSTOM policy is not looked at, but may be named"
    )]
    name: Option<String>,
}

/// An entry of `jwtRules`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JwtRuleDocument {
    pub(super) issuer: Option<String>,
    pub(super) audiences: Option<List<String>>,
    #[serde(alias = "jwks_uri")]
    pub(super) jwks_uri: Option<String>,
    pub(super) jwks: Option<String>,
    pub(super) from_headers: Option<List<HeaderDocument>>,
    pub(super) from_params: Option<List<String>>,
    pub(super) from_cookies: Option<List<String>>,
    pub(super) output_payload_to_header: Option<String>,
    pub(super) output_claim_to_headers: Option<List<ClaimToHeaderDocument>>,
    pub(super) forward_original_token: Option<bool>,
    pub(super) timeout: Option<String>,
    pub(super) space_delimited_claims: Option<List<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HeaderDocument {
    pub(super) name: Slot<String>,
    pub(super) prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimToHeaderDocument {
    pub(super) header: Slot<String>,
    pub(super) claim: Slot<String>,
}

/// An entry of `rules`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleDocument {
    pub(super) from: Option<List<FromDocument>>,
    pub(super) to: Option<List<ToDocument>>,
    pub(super) when: Option<List<ConditionDocument>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FromDocument {
    pub(super) source: Slot<SourceDocument>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SourceDocument {
    pub(super) principals: Option<List<String>>,
    pub(super) not_principals: Option<List<String>>,
    pub(super) request_principals: Option<List<String>>,
    pub(super) not_request_principals: Option<List<String>>,
    pub(super) namespaces: Option<List<String>>,
    pub(super) not_namespaces: Option<List<String>>,
    pub(super) service_accounts: Option<List<String>>,
    pub(super) not_service_accounts: Option<List<String>>,
    pub(super) trust_domains: Option<List<String>>,
    pub(super) not_trust_domains: Option<List<String>>,
    pub(super) ip_blocks: Option<List<String>>,
    pub(super) not_ip_blocks: Option<List<String>>,
    pub(super) remote_ip_blocks: Option<List<String>>,
    pub(super) not_remote_ip_blocks: Option<List<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToDocument {
    pub(super) operation: Slot<OperationDocument>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OperationDocument {
    pub(super) hosts: Option<List<String>>,
    pub(super) not_hosts: Option<List<String>>,
    pub(super) ports: Option<List<String>>,
    pub(super) not_ports: Option<List<String>>,
    pub(super) methods: Option<List<String>>,
    pub(super) not_methods: Option<List<String>>,
    pub(super) paths: Option<List<String>>,
    pub(super) not_paths: Option<List<String>>,
}

/// An entry of `when`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConditionDocument {
    pub(super) key: Slot<String>,
    pub(super) values: Option<List<String>>,
    pub(super) not_values: Option<List<String>>,
}
