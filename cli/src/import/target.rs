//! The workloads that the configuration is for.

use super::output::SelectorOut;
use super::scope::Scope;
use std::fmt;

/// The workloads that the configuration is for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// One, of which all labels are known.
    Workload(Scope),
    /// All that a RequestAuthentication selects.
    Selected(Scope),
}

impl Target {
    /// Returns which they are.
    pub(super) const fn scope(&self) -> &Scope {
        match self {
            Self::Workload(scope) | Self::Selected(scope) => scope,
        }
    }

    /// Returns the workloads of these that a resource is for; `None` where there are none.
    pub(super) fn part_of(&self, scope: &Scope) -> Option<Scope> {
        match self {
            Self::Workload(workload) => scope.covers(workload).then(|| workload.clone()),
            Self::Selected(selected) => scope.meet(selected),
        }
    }

    /// Returns whether a resource is for all of them.
    pub(super) fn is_within(&self, scope: &Scope) -> bool {
        scope.covers(self.scope())
    }

    /// Returns whether a resource may be for all of them, and for others besides. Of one workload
    /// among many nobody expects that it is all.
    pub(super) fn is_part_of(&self, scope: &Scope) -> bool {
        match self {
            Self::Workload(_) => false,
            Self::Selected(selected) => scope != selected && scope.covers(selected),
        }
    }

    /// Returns the selector of a policy that is for some of them.
    pub(super) fn selector(&self, scope: &Scope) -> Option<SelectorOut> {
        let is_all = scope.namespace.is_none() && scope.labels.is_empty();
        if matches!(self, Self::Workload(_)) || is_all {
            return None;
        }
        let namespaces = scope.namespace.clone().into_iter().collect();
        Some(SelectorOut { namespaces, labels: scope.labels.clone() })
    }
}

/// Writes `the workloads of namespace shop, app=orders`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(scope) => write!(f, "the workload of {scope}"),
            Self::Selected(scope) => write!(f, "the workloads of {scope}"),
        }
    }
}
