//! Whether what a configuration says is in force wherever it looks so: a dry run refuses nothing,
//! some tools leave a resource out, and some proxies don't load it.

use crate::input::{Configuration, Resource, text};
use crate::shown::quoted;
use attache_config_reader::Path;
use attache_plugin_config::{Config, DryRun};

/// The label by which a control plane of Istio chooses the resources that its proxies get
/// (`LabelsInRevision` of Istio's `pkg/config/model.go`).
const REVISION: &str = "istio.io/rev";

/// An annotation by which a tool leaves a resource out, does not keep it, or applies no change of it.
struct Annotation {
    name: &'static str,
    /// Returns whether a value has it so.
    leaves_out: fn(&str) -> bool,
    /// What it comes to.
    why: &'static str,
}

/// All of them.
const LEAVING_OUT: [Annotation; 5] = [
    // `DropLocalNodes` of kustomize's `api/resource/factory.go`.
    Annotation {
        name: "config.kubernetes.io/local-config",
        leaves_out: |value| value != "false",
        why: "kustomize and kpt leave the resource out",
    },
    Annotation {
        name: "kustomize.toolkit.fluxcd.io/reconcile",
        leaves_out: |value| value.eq_ignore_ascii_case("disabled"),
        why: "Flux does not apply the resource",
    },
    Annotation {
        name: "kustomize.toolkit.fluxcd.io/ssa",
        leaves_out: |value| ["ignore", "ifnotpresent"].contains(&&*value.to_ascii_lowercase()),
        why: "Flux applies no change of the resource",
    },
    Annotation {
        name: "argocd.argoproj.io/hook",
        leaves_out: |_| true,
        why: "Argo CD skips the resource, or makes it for the time of a sync",
    },
    Annotation {
        name: "helm.sh/hook",
        leaves_out: |_| true,
        why: "Helm makes the resource as a hook, which may be deleted at once",
    },
];

/// An annotation that has a resource left out.
pub(crate) struct LeftOut {
    /// Where the annotation stands, from the resource's root.
    pub(crate) path: Path,
    /// What it comes to, lower case where it is no name, without a final stop.
    pub(crate) why: String,
}

/// Returns the annotations that have a resource left out.
pub(crate) fn left_out(resource: &Resource) -> Vec<LeftOut> {
    let annotations = Path::default().key("metadata").key("annotations");
    let found = |Annotation { name, leaves_out, why }: &Annotation| {
        let path = annotations.clone().key(name);
        let value = resource.get(&path)?;
        let value = text(value).unwrap_or_default();
        leaves_out(value).then(|| LeftOut { path, why: format!("{why} (`{name}`)") })
    };
    LEAVING_OUT.iter().filter_map(found).collect()
}

/// Returns whether a change of an annotation, or of a label, may have a resource left out or loaded
/// by other proxies.
pub(crate) fn is_switch(name: &str) -> bool {
    name == REVISION || LEAVING_OUT.iter().any(|known| known.name == name)
}

/// Returns the revision of Istio's control plane whose proxies alone load a resource, and where it
/// stands, from the resource's root.
pub(crate) fn revision(resource: &Resource) -> Option<(Path, &str)> {
    let label = Path::default().key("metadata").key("labels").key(REVISION);
    let revision = resource.get(&label).filter(|_| resource.kind.is_of_istio())?;
    Some((label, text(revision).unwrap_or_default()))
}

/// Returns why what a configuration says is not in force, or not everywhere, as sentences for
/// answers that are about what it would do in force.
pub(crate) fn notes(configuration: &Configuration, config: &Config) -> Vec<String> {
    let dry_run = dry_run(config).into_iter().map(str::to_owned);
    dry_run.chain(resource_notes(configuration)).collect()
}

/// Returns what [`notes`] does of the resource alone.
pub(crate) fn resource_notes(configuration: &Configuration) -> Vec<String> {
    let Some(resource) = configuration.resource() else { return Vec::new() };
    let left_out = left_out(resource).into_iter();
    let mut notes: Vec<String> =
        left_out.map(|one| format!("{}, so nothing of it may be in force", one.why)).collect();
    notes.extend(revision(resource).map(|(_, revision)| {
        let revision = quoted(revision);
        format!("proxies of Istio's revision {revision} alone load the resource (`{REVISION}`), so others do without it")
    }));
    notes
}

const fn dry_run(config: &Config) -> Option<&'static str> {
    match config.dry_run {
        DryRun::Nowhere => None,
        DryRun::Everywhere => Some(
            "the configuration is a dry run (`mode: SHADOW`), so nothing of this is enforced until that line is taken away",
        ),
        DryRun::For(_) => Some(
            "the configuration is a dry run for some workloads (`shadowSelectors`), where nothing of this is enforced",
        ),
    }
}
