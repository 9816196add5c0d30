//! What findings about Tyk and the mesh are called.

use crate::finding::Rule;
use attache_config_reader::Severity;
use attache_tyk_routes::drift::DriftKind;

/// A definition or a route that is not as it must be.
static DEFINITION: Rule = Rule {
    id: "definition",
    summary: "An API definition of Tyk holds what Tyk does not take, or lacks what it needs.",
    severity: Severity::Error,
};

static NOT_ROUTED: Rule = Rule {
    id: "not-routed",
    summary: "Tyk exposes what no route of the mesh takes.",
    severity: Severity::Error,
};
static NOT_EXPOSED: Rule = Rule {
    id: "not-exposed",
    summary: "The mesh routes, for a host that Tyk sends to, what no API leads to.",
    severity: Severity::Warning,
};
static SHADOWED: Rule = Rule {
    id: "shadowed",
    summary: "An earlier API or route takes every request of this one.",
    severity: Severity::Warning,
};
static HOST_MISMATCH: Rule = Rule {
    id: "host-mismatch",
    summary: "The Host header that Tyk sends is that of no route and no service.",
    severity: Severity::Error,
};
static OPEN_IN_MESH: Rule = Rule {
    id: "open-in-mesh",
    summary: "Tyk asks for a credential, and the mesh lets the same request in without a token.",
    severity: Severity::Error,
};
static OPEN_AT_EDGE: Rule = Rule {
    id: "open-at-edge",
    summary: "Tyk asks for no credential, and the mesh refuses what it sends without a token.",
    severity: Severity::Warning,
};

pub(crate) const fn rule(kind: DriftKind) -> &'static Rule {
    match kind {
        DriftKind::NotRouted => &NOT_ROUTED,
        DriftKind::NotExposed => &NOT_EXPOSED,
        DriftKind::Shadowed => &SHADOWED,
        DriftKind::HostMismatch => &HOST_MISMATCH,
        DriftKind::OpenInMesh => &OPEN_IN_MESH,
        DriftKind::OpenAtEdge => &OPEN_AT_EDGE,
    }
}

/// Returns the rules that findings of this command name, in the order of docs/tool.md.
pub(crate) fn rules() -> [&'static Rule; 7] {
    [
        definition_rule(),
        &NOT_ROUTED,
        &NOT_EXPOSED,
        &SHADOWED,
        &HOST_MISMATCH,
        &OPEN_IN_MESH,
        &OPEN_AT_EDGE,
    ]
}

/// Returns the rule of what is wrong with a definition.
pub(crate) const fn definition_rule() -> &'static Rule {
    &DEFINITION
}
