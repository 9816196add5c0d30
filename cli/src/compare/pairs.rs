//! Which configurations are two versions of one.

use crate::input::{Configuration, Input, is_standard_input};
use crate::shown::{escaped, quoted};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The configurations of two versions.
pub(crate) struct Pairs<'i> {
    /// Those that are two versions of one, in the order of the new version.
    pub(crate) pairs: Vec<(&'i Configuration, &'i Configuration)>,
    /// Those that have no other version, or of which nobody can tell which it is.
    pub(crate) unpaired: Vec<Unpaired>,
}

/// A configuration that is compared with nothing.
pub(crate) struct Unpaired {
    name: String,
    why: String,
}

impl Unpaired {
    fn new(configuration: &Configuration, why: impl Into<String>) -> Self {
        Self { name: configuration.to_string(), why: why.into() }
    }

    /// Tells people.
    pub(crate) fn text(&self) -> String {
        format!("{} {}, and was compared with nothing", escaped(&self.name), self.why)
    }

    /// Tells it in a pull request.
    pub(crate) fn markdown(&self) -> String {
        format!("{} {}, and was compared with nothing", quoted(&self.name), self.why)
    }

    /// Tells programs.
    pub(crate) fn json(&self) -> String {
        format!("{} {}, and was compared with nothing", self.name, self.why)
    }
}

/// What a configuration is known by in both versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    /// Of a resource: its kind, namespace and name, and which of its modules it is.
    Resource([String; 4]),
    /// Of what stands in none: the path of its file below what was named.
    File(PathBuf),
}

/// What of both versions is known by one thing.
#[derive(Default)]
struct Known<'i> {
    old: Vec<&'i Configuration>,
    new: Vec<&'i Configuration>,
}

/// Finds the pairs. Where each version has one configuration, these are compared whatever they are
/// called. Else resources are known by kind, namespace and name, and other documents by the path of
/// their file below what was named, in their order in it. `old_root` and `new_root` are what was
/// named.
pub(crate) fn pairs<'i>(
    old: &'i Input,
    new: &'i Input,
    old_root: &Path,
    new_root: &Path,
) -> Pairs<'i> {
    let mut found = Pairs { pairs: Vec::new(), unpaired: Vec::new() };
    if let ([before], [after]) = (old.configurations.as_slice(), new.configurations.as_slice()) {
        found.pairs.push((before, after));
        return found;
    }
    let roots = (old_root, new_root);
    let all = Known {
        old: old.configurations.iter().collect(),
        new: new.configurations.iter().collect(),
    };
    for (identity, known) in known_by(all, identity, roots) {
        let is_told_apart = known.old.len() <= 1 && known.new.len() <= 1;
        if is_told_apart || matches!(identity, Identity::File(_)) {
            found.add(known);
        } else {
            // Overlays have one resource in several files.
            known_by(known, file, roots).into_values().for_each(|known| found.add(known));
        }
    }
    let place = |after: &Configuration| {
        new.configurations.iter().position(|other| std::ptr::eq(other, after))
    };
    found.pairs.sort_by_cached_key(|(_, after)| place(after));
    found
}

impl<'i> Pairs<'i> {
    /// Adds what is known by one thing: pairs by their order, unless one version has more of it.
    fn add(&mut self, known: Known<'i>) {
        let Known { old, new } = known;
        match (old.len(), new.len()) {
            (0, _) => {
                self.unpaired.extend(new.into_iter().map(|after| Unpaired::new(after, "is new")))
            }
            (_, 0) => {
                self.unpaired.extend(old.into_iter().map(|before| Unpaired::new(before, "is gone")))
            }
            (before, now) if before == now => self.pairs.extend(old.into_iter().zip(new)),
            (before, now) => {
                let why = format!(
                    "is one of {before} before and {now} now that nothing tells apart; give each a file or a resource of its own"
                );
                self.unpaired
                    .extend(old.into_iter().chain(new).map(|one| Unpaired::new(one, why.clone())));
            }
        }
    }
}

/// Returns configurations by what each is known by: something of it, and of the root that its
/// version was named by.
fn known_by<'i, K: Ord>(
    known: Known<'i>,
    key: fn(&Configuration, &Path) -> K,
    (old_root, new_root): (&Path, &Path),
) -> BTreeMap<K, Known<'i>> {
    let mut found: BTreeMap<K, Known<'i>> = BTreeMap::new();
    for before in known.old {
        found.entry(key(before, old_root)).or_default().old.push(before);
    }
    for after in known.new {
        found.entry(key(after, new_root)).or_default().new.push(after);
    }
    found
}

fn identity(configuration: &Configuration, root: &Path) -> Identity {
    match configuration.resource() {
        Some(resource) => {
            let [namespace, name] = [resource.namespace(), resource.name()]
                .map(|name| name.unwrap_or_default().to_owned());
            let module = resource.configuration().to_string();
            Identity::Resource([resource.kind.name().to_owned(), namespace, name, module])
        }
        None => Identity::File(file(configuration, root)),
    }
}

/// Returns the path of a configuration's file below what was named; of a file that was named
/// itself, an empty one.
fn file(configuration: &Configuration, root: &Path) -> PathBuf {
    let name = Path::new(&configuration.file.name);
    if is_standard_input(root) {
        return PathBuf::new();
    }
    name.strip_prefix(root).unwrap_or(name).to_owned()
}
