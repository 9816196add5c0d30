//! What a definition says and no route can, with the reason.

use attache_config_reader::Path;

/// Where in the input something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the documents that were read, from 0.
    pub document: usize,
    /// Where in the document.
    pub path: Path,
}

impl Place {
    /// Returns the place of a value below this one.
    #[must_use]
    pub fn join(&self, path: Path) -> Self {
        Self { document: self.document, path: self.path.clone().join(path) }
    }
}

/// Why something has no route, or not all of it; the names are told in docs/tool.md and do not
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Tyk answers itself: a mock, a virtual endpoint.
    AnsweredByGateway,
    /// The gateway does not load it, or it is for another gateway.
    NotServed,
    /// Two APIs listen at one path, and Tyk gives them others.
    ListenPathTaken,
    /// No request comes to it, since an earlier API takes them all.
    NeverReached,
    /// `internal: true`: only other APIs reach it.
    Internal,
    /// Requests go to another API, by `tyk://`.
    Loop,
    /// Where requests go is known only at run time: service discovery, variables, a template in a
    /// host.
    UnknownTarget,
    /// Tyk encrypts itself, so that no proxy of the mesh sees a path.
    EncryptedByGateway,
    /// The Host header is the client's.
    ClientHost,
    /// Something else may change the path: a plugin.
    ChangedByPlugin,
    /// Two APIs become the same request.
    Indistinguishable,
    /// A listen path or a pattern that can't be read.
    Unreadable,
    /// The Gateway API orders rules by itself, and otherwise than Tyk.
    RuleOrder,
    /// A path arrives percent-encoded, and the route has it as it is written.
    EncodedPath,
    /// The API is no HTTP API.
    NotHttp,
    /// A path that no rule of a policy says, or not all of it.
    PolicyPath,
}

impl Kind {
    /// Returns the name in reports, kebab-case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnsweredByGateway => "answered-by-gateway",
            Self::NotServed => "not-served",
            Self::ListenPathTaken => "listen-path-taken",
            Self::NeverReached => "never-reached",
            Self::Internal => "internal",
            Self::Loop => "loop",
            Self::UnknownTarget => "unknown-target",
            Self::EncryptedByGateway => "encrypted-by-gateway",
            Self::ClientHost => "client-host",
            Self::ChangedByPlugin => "changed-by-plugin",
            Self::Indistinguishable => "indistinguishable",
            Self::Unreadable => "unreadable",
            Self::RuleOrder => "rule-order",
            Self::EncodedPath => "encoded-path",
            Self::NotHttp => "not-http",
            Self::PolicyPath => "policy-path",
        }
    }
}

/// One thing that no route says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind of thing.
    pub kind: Kind,
    /// The API's id.
    pub api: String,
    /// Where the definition says it.
    pub place: Place,
    /// What it is and why it has no route, lower case, without a final stop.
    pub reason: String,
}
