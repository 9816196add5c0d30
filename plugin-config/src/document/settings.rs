//! What holds for the whole plugin.

use super::ClaimDocument;
use crate::{AmbiguousPaths, AuditLog, MethodOverride, Preflight, ProblemBody};
use attache_config_reader::{List, Object, Slot};

/// How CORS preflight requests are treated. Which pages may read a refusal is for `responses.cors`.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Cors"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct CorsDocument {
    /// What a preflight request (OPTIONS with `Origin` and `Access-Control-Request-Method`, without
    /// a body and without a method override) needs: ALLOW nothing, though a DENY rule may refuse
    /// it; it goes on without token and cookies. ENFORCE what any request needs. Default: ALLOW.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "ALLOW")))]
    pub(crate) preflight: Option<Preflight>,
}

/// How paths are read that servers could take for different ones.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Paths"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct PathsDocument {
    /// What happens to a path that backends could read in several ways (dot segments, `//`, `;`,
    /// backslashes, encoded separators, encodings of encodings), where a policy with path rules
    /// applies. COMPARE judges every reading: the request goes on, its path byte for byte, if all
    /// may; it is refused if all are, or one by a DENY rule; if the verdicts differ, the answer is
    /// 400. A token is needed where any reading needs one: a path of which one reading is public
    /// and another is not is answered 401 without a token. REFUSE answers 400. NORMALIZE forwards
    /// such a path with dot segments resolved and needless encoding gone (RFC 3986 section 6.2.2),
    /// which loses no data, and compares what is left; a path that can be read in one way goes on
    /// as it came, encoding and all. Control bytes, broken percent-encoding and bytes that are no
    /// UTF-8 are 400 in any case. Default: COMPARE.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "COMPARE")))]
    pub(crate) ambiguous: Option<AmbiguousPaths>,
}

/// How requests are treated that ask for another method than the one on their request line.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Methods"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct MethodsDocument {
    /// What happens to a request that asks for another method than the one on its line, by
    /// `X-HTTP-Method-Override`, `X-HTTP-Method`, `X-Method-Override` or the query's `_method`,
    /// where a rule names methods: COMPARE lets it go on only if it is allowed under each, and
    /// answers 400 where that differs, REFUSE always answers 400, IGNORE looks at the line alone. A
    /// `_method` in a body is not seen. Default: COMPARE.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "COMPARE")))]
    pub(crate) r#override: Option<MethodOverride>,
}

/// How a refusal is worded.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Responses"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct ResponsesDocument {
    /// The `realm` of `WWW-Authenticate`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) realm: Option<String>,
    /// The `resource_metadata` of `WWW-Authenticate` (RFC 9728): an absolute URL.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 1, max = 2048), regex(pattern = "^https?://"))
    )]
    pub(crate) resource_metadata: Option<String>,
    /// The body: PROBLEM is `application/problem+json` (RFC 9457), TEXT the reason as a line, NONE
    /// empty. Default: PROBLEM.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "PROBLEM")))]
    pub(crate) body: Option<ProblemBody>,
    /// Which pages in browsers may read a refusal; without it a script sees a network error.
    /// Answers of the service are not changed. Absent: none.
    pub(crate) cors: Option<ResponsesCorsDocument>,
}

/// Which pages in browsers may read a refusal (Fetch standard, HTTP CORS protocol).
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ResponsesCors"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct ResponsesCorsDocument {
    /// Origins, compared byte for byte: `https://shop.example.com`; or `*` alone for all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) allow_origins: Slot<List<String>>,
    /// Whether they may also read it where they sent cookies. Not with `*`. Default: false.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) allow_credentials: Option<bool>,
}

/// Bounds of the token cache.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Cache"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct CacheDocument {
    /// Verified tokens that a worker holds; 0: none. Default: 2048.
    #[cfg_attr(feature = "schema", schemars(range(max = 65_536), extend("default" = 2048)))]
    pub(crate) tokens: Option<u32>,
    /// Slots that all workers share; 0: none. Default: 2048.
    #[cfg_attr(feature = "schema", schemars(range(max = 65_536), extend("default" = 2048)))]
    pub(crate) shared_slots: Option<u32>,
    /// The longest token that is accepted, in bytes. Default: 8192.
    #[cfg_attr(feature = "schema", schemars(range(min = 1024, max = 65_536), extend("default" = 8192)))]
    pub(crate) max_token_bytes: Option<u32>,
}

/// Which requests leave an audit line, and what it holds.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Audit"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct AuditDocument {
    /// NONE: no request. DENIED: refused requests, those that would be refused if SHADOW were
    /// enforced, and those that were forwarded unverified. ALL: every request. Default: DENIED.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "DENIED")))]
    pub(crate) log: Option<AuditLog>,
    /// The claims that the line names.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub(crate) claims: Option<List<ClaimDocument>>,
}
