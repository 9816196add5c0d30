//! The document as it is written: one type an object, nothing checked but form.

use super::{ClientAuthentication, LogLevel};
use attache_config_reader::{DurationDocument, List, Node, Slot};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Document {
    pub(super) grpc: Slot<GrpcDocument>,
    pub(super) http: Option<HttpDocument>,
    pub(super) log: Option<LogDocument>,
    pub(super) drain: Option<DurationDocument>,
    pub(super) upstream: Option<UpstreamDocument>,
    pub(super) strip: Option<CredentialDocument>,
    pub(super) mint: Option<MintDocument>,
    pub(super) providers: Option<List<ProviderDocument>>,
    pub(super) apis: Slot<List<ApiDocument>>,
}

/// `grpc`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GrpcDocument {
    pub(super) listen: Slot<String>,
    pub(super) tls: Option<GrpcTlsDocument>,
    pub(super) max_message_bytes: Option<u64>,
    pub(super) max_bytes_in_flight: Option<u64>,
    pub(super) timeout: Option<DurationDocument>,
    pub(super) hook_names: Option<List<String>>,
}

/// `grpc.tls`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GrpcTlsDocument {
    pub(super) cert_file: Slot<String>,
    pub(super) key_file: Slot<String>,
    pub(super) client_ca_file: Option<String>,
}

/// `http`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HttpDocument {
    pub(super) listen: Option<String>,
}

/// `log`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LogDocument {
    pub(super) level: Option<LogLevel>,
    pub(super) issued: Option<bool>,
}

/// `upstream`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpstreamDocument {
    pub(super) header: Option<String>,
    pub(super) prefix: Option<String>,
}

/// `strip`, and `credential` of an API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CredentialDocument {
    pub(super) headers: Option<List<String>>,
    pub(super) cookies: Option<List<String>>,
    pub(super) params: Option<List<String>>,
}

/// `mint`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MintDocument {
    pub(super) issuer: Slot<String>,
    pub(super) jwks_uri: Option<String>,
    pub(super) lifetime: Option<DurationDocument>,
    pub(super) cache_tokens: Option<u64>,
    pub(super) keys: Slot<KeyFolderDocument>,
    pub(super) subject: Option<List<SubjectDocument>>,
    pub(super) claims: Option<List<ClaimDocument>>,
    pub(super) roles: Option<RolesDocument>,
}

/// `mint.keys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyFolderDocument {
    pub(super) folder: Slot<String>,
    pub(super) poll: Option<DurationDocument>,
    pub(super) publish_before: Option<DurationDocument>,
    pub(super) publish_after: Option<DurationDocument>,
}

/// `mint.subject[]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SubjectDocument {
    pub(super) from: Slot<SourceWord>,
    pub(super) key: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) per_organisation: Option<bool>,
}

/// `mint.claims[]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimDocument {
    pub(super) claim: Slot<String>,
    pub(super) from: Option<SourceWord>,
    pub(super) key: Option<String>,
    pub(super) value: Option<Node>,
}

/// What a session knows, as a word; `METADATA` and `JWT_CLAIM` go with a `key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum SourceWord {
    OrgId,
    Alias,
    JwtIdentity,
    KeyHash,
    OauthClient,
    Policies,
    Tags,
    Metadata,
    JwtClaim,
    ApiId,
}

/// `mint.roles`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RolesDocument {
    pub(super) claim: Option<String>,
    pub(super) policies: Option<RoleMapDocument>,
    pub(super) tags: Option<RoleMapDocument>,
    pub(super) tag_prefix: Option<String>,
    pub(super) metadata: Option<List<RoleMetadataDocument>>,
}

/// The roles of each policy or tag.
pub(super) type RoleMapDocument = BTreeMap<String, Slot<List<String>>>;

/// `mint.roles.metadata[]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RoleMetadataDocument {
    pub(super) key: Slot<String>,
    pub(super) split: Option<String>,
    pub(super) allow: Option<List<String>>,
}

/// `providers[]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProviderDocument {
    pub(super) name: Slot<String>,
    pub(super) issuer: Slot<String>,
    pub(super) allow_plaintext: Option<bool>,
    pub(super) token_endpoint: Slot<String>,
    pub(super) ca_file: Option<String>,
    pub(super) client_id: Slot<String>,
    pub(super) client_secret: Slot<SecretDocument>,
    pub(super) client_authentication: Option<ClientAuthentication>,
    pub(super) timeout: Option<DurationDocument>,
    pub(super) max_concurrent: Option<u64>,
    pub(super) cache_tokens: Option<u64>,
}

/// `providers[].clientSecret`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecretDocument {
    pub(super) env: Option<String>,
    pub(super) file: Option<String>,
}

/// `apis[]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ApiDocument {
    pub(super) id: Slot<String>,
    pub(super) org_id: Option<String>,
    pub(super) mode: Option<ModeWord>,
    pub(super) audiences: Slot<List<String>>,
    pub(super) jwt: Option<VerifiedJwtDocument>,
    pub(super) provider: Option<String>,
    pub(super) scopes: Option<List<String>>,
    pub(super) subject_token: Option<TokenPlaceDocument>,
    pub(super) credential: Option<CredentialDocument>,
}

/// `apis[].mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ModeWord {
    #[default]
    Mint,
    Exchange,
}

/// `apis[].jwt`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VerifiedJwtDocument {
    pub(super) header: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) identity_claim: Option<String>,
}

/// `apis[].subjectToken`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TokenPlaceDocument {
    pub(super) header: Option<String>,
    pub(super) prefix: Option<String>,
}
