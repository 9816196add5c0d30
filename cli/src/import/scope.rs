//! Which workloads a resource is for.

use super::documents::{SelectorDocument, TargetDocument};
use super::place::{NO_EQUAL, NOT_ISTIO, Notes, Place};
use attache_config_reader::{List, quote};
use std::collections::BTreeMap;
use std::fmt;

/// The label by which Istio knows which gateway a workload is an instance of.
const GATEWAY_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

/// Workloads, by namespace and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None`: every namespace.
    pub(super) namespace: Option<String>,
    /// All of these.
    pub(super) labels: BTreeMap<String, String>,
}

impl Scope {
    /// Returns whether every workload of the other is one of these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.namespace.is_none() || self.namespace == other.namespace)
            && self.labels.iter().all(|(name, value)| other.labels.get(name) == Some(value))
    }

    /// Returns the workloads of both, `None` where there can be none.
    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let namespace = match (&self.namespace, &other.namespace) {
            (Some(one), Some(another)) if one != another => return None,
            (one, another) => one.clone().or_else(|| another.clone()),
        };
        let mut labels = self.labels.clone();
        for (name, value) in &other.labels {
            if labels.entry(name.clone()).or_insert_with(|| value.clone()) != value {
                return None;
            }
        }
        Some(Self { namespace, labels })
    }
}

/// Writes `namespace shop, app=orders`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "namespace {namespace}")?,
            None => f.write_str("every namespace")?,
        }
        for (name, value) in &self.labels {
            write!(f, ", {name}={value}")?;
        }
        Ok(())
    }
}

/// What of a resource says which workloads it is for.
#[derive(Clone, Copy)]
pub(super) struct Selection<'d> {
    pub(super) selector: Option<&'d SelectorDocument>,
    pub(super) target: Option<&'d TargetDocument>,
    pub(super) targets: Option<&'d List<TargetDocument>>,
}

impl Selection<'_> {
    /// Returns the workloads that a resource of a namespace is for, those of each target by
    /// themselves; none where that can't be told. `place` is that of its `spec`. What stands in the
    /// root namespace is for all namespaces.
    pub(super) fn scopes(
        &self,
        own: &str,
        root: &str,
        place: &Place,
        notes: &mut Notes,
    ) -> Vec<Scope> {
        let targets: Vec<(Place, &TargetDocument)> = match self.targets {
            Some(list) if !list.is_empty() => {
                let place = place.key("targetRefs");
                list.iter().map(|(index, target)| (place.index(index), target)).collect()
            }
            _ => self.target.map(|target| (place.key("targetRef"), target)).into_iter().collect(),
        };
        let Some((first, _)) = targets.first() else {
            let labels = self.labels(place, notes);
            return vec![Scope { namespace: (own != root).then(|| own.to_owned()), labels }];
        };
        if self.selector.is_some() {
            notes.add(
                &NOT_ISTIO,
                first,
                "a resource has targets or a selector, not both; take one of them away",
            );
        }
        let scopes = targets.iter().map(|(place, target)| gateway(target, own, place, notes));
        scopes.flatten().collect()
    }

    fn labels(&self, place: &Place, notes: &mut Notes) -> BTreeMap<String, String> {
        let all = self.selector.and_then(|selector| selector.match_labels.as_ref());
        let place = place.key("selector").key("matchLabels");
        let mut labels = BTreeMap::new();
        for (name, value) in all.into_iter().flatten() {
            let Ok(value) = value.get() else { continue };
            if name.is_empty() || name.contains('*') || value.contains('*') {
                let message = format!("{} is no label; Istio compares labels whole", quote(name));
                notes.add(&NOT_ISTIO, &place, message);
            }
            labels.insert(name.clone(), value.clone());
        }
        labels
    }
}

/// Returns the workloads of a gateway of the Gateway API, which have its name as a label.
fn gateway(target: &TargetDocument, own: &str, place: &Place, notes: &mut Notes) -> Option<Scope> {
    let (kind, name) = (target.kind.get().ok()?, target.name.get().ok()?);
    if kind != "Gateway" || target.group.as_deref() != Some("gateway.networking.k8s.io") {
        let message = format!(
            "a policy of a {kind} is for what a waypoint has for one service, which a filter can't tell; leave it to Istio, \
             and write the rules of that service by hand"
        );
        notes.add(&NO_EQUAL, place, message);
        return None;
    }
    if target.namespace.as_deref().is_some_and(|namespace| namespace != own) {
        notes.add(
            &NOT_ISTIO,
            place,
            "Istio looks for a gateway in the resource's own namespace alone",
        );
        return None;
    }
    let labels = BTreeMap::from([(GATEWAY_LABEL.to_owned(), name.clone())]);
    Some(Scope { namespace: Some(own.to_owned()), labels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(namespace: Option<&str>, labels: &[(&str, &str)]) -> Scope {
        let label = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Scope {
            namespace: namespace.map(str::to_owned),
            labels: labels.iter().map(label).collect(),
        }
    }

    #[test]
    fn workloads_of_both_have_all_labels() {
        let (mesh, shop) =
            (scope(None, &[("app", "orders")]), scope(Some("shop"), &[("tier", "web")]));
        let both = scope(Some("shop"), &[("app", "orders"), ("tier", "web")]);
        assert_eq!(mesh.meet(&shop), Some(both.clone()));
        assert!(mesh.covers(&both) && shop.covers(&both));
        assert!(!both.covers(&mesh) && !shop.covers(&mesh) && !mesh.covers(&shop));
    }

    #[test]
    fn what_differs_in_a_label_or_a_namespace_never_meets() {
        let orders = scope(Some("shop"), &[("app", "orders")]);
        assert_eq!(orders.meet(&scope(Some("shop"), &[("app", "web")])), None);
        assert_eq!(orders.meet(&scope(Some("pay"), &[])), None);
        assert_eq!(orders.to_string(), "namespace shop, app=orders");
    }
}
