//! The configuration that comes of it, key by key in the order in which people write them.

use serde::Serialize;

/// A configuration.
#[derive(Debug, Serialize)]
pub(super) struct ConfigurationOut {
    pub(super) issuers: Vec<IssuerOut>,
    pub(super) policies: Vec<PolicyOut>,
    pub(super) cors: CorsOut,
    pub(super) methods: MethodsOut,
}

/// What a preflight request needs.
#[derive(Debug, Serialize)]
pub(super) struct CorsOut {
    pub(super) preflight: &'static str,
}

/// What happens to a request that asks for another method than its line.
#[derive(Debug, Serialize)]
pub(super) struct MethodsOut {
    pub(super) r#override: &'static str,
}

/// An issuer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuerOut {
    pub(super) name: String,
    pub(super) issuer: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) audiences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) discovery: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh: Option<RefreshOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from_headers: Vec<HeaderOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from_params: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from_cookies: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) forward_original_token: bool,
    pub(super) require_expiration: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_payload_to_header: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) output_claim_to_headers: Vec<ClaimToHeaderOut>,
}

/// How keys are fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RefreshOut {
    pub(super) timeout: String,
}

/// A header that may carry a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct HeaderOut {
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) prefix: String,
}

/// A header that receives a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimToHeaderOut {
    pub(super) header: String,
    pub(super) claim: ClaimOut,
    pub(super) on_unwritable: &'static str,
}

/// The path of a claim: with dots, or step by step where a step has a dot in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum ClaimOut {
    Dotted(String),
    Steps(Vec<String>),
}

/// A policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyOut {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) selector: Option<SelectorOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<&'static str>,
    pub(super) rules: Vec<RuleOut>,
}

/// Which workloads a policy is for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SelectorOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) namespaces: Vec<String>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub(super) labels: std::collections::BTreeMap<String, String>,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RuleOut {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authentication: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from: Vec<SourceOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) to: Vec<OperationOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) when: Vec<ConditionOut>,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) principals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_principals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) namespaces: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_namespaces: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) service_accounts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_service_accounts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ip_blocks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_ip_blocks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) remote_ip_blocks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_remote_ip_blocks: Vec<String>,
}

/// What a request is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) paths: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_paths: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ports: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_ports: Vec<u16>,
}

/// A demand on a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ConditionOut {
    pub(super) claim: ClaimOut,
    #[serde(flatten)]
    pub(super) test: TestOut,
}

/// What is asked of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum TestOut {
    Equals(String),
    NotEquals(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Prefix(String),
    Suffix(String),
    Matches(String),
    Exists(bool),
}

impl TestOut {
    /// Returns the test for one of these values: `equals` for one, `in` for several.
    pub(super) fn one_of(mut values: Vec<String>) -> Self {
        match values.pop() {
            Some(only) if values.is_empty() => Self::Equals(only),
            last => Self::In(values.into_iter().chain(last).collect()),
        }
    }

    /// Returns the test for none of these values.
    pub(super) fn none_of(mut values: Vec<String>) -> Self {
        match values.pop() {
            Some(only) if values.is_empty() => Self::NotEquals(only),
            last => Self::NotIn(values.into_iter().chain(last).collect()),
        }
    }

    /// Returns whether it holds for a caller without a token.
    pub(super) const fn holds_without_token(&self) -> bool {
        matches!(self, Self::NotEquals(_) | Self::NotIn(_) | Self::Exists(false))
    }
}

impl ClaimOut {
    /// Returns the path in the shorter form that means the same.
    pub(super) fn new(steps: Vec<String>) -> Self {
        let is_word = |step: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            !step.is_empty() && step.bytes().all(is_plain)
        };
        if steps.iter().all(is_word) { Self::Dotted(steps.join(".")) } else { Self::Steps(steps) }
    }
}
