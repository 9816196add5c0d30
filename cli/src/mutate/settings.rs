//! What holds for the whole configuration.

use super::clause::{Change, Owner};
use super::document::{keys, list, shown, word};
use super::mutation::{Effect, Mutation};
use attache_config_reader::{Node, Path};

/// Settings of one word, the words that have a weaker one, and that.
const WORDS: [(&str, &str, &[&str], &str); 3] = [
    ("cors", "preflight", &["ENFORCE"], "ALLOW"),
    ("paths", "ambiguous", &["REFUSE"], "COMPARE"),
    ("methods", "override", &["COMPARE", "REFUSE"], "IGNORE"),
];

/// Notes the mutants of the settings and of the hierarchy of roles.
pub(super) fn add(configuration: &Node, mutations: &mut Vec<Mutation>) {
    for (section, key, strict, weaker) in WORDS {
        let Some(node) = configuration.get(section) else { continue };
        if strict.contains(&word(node, key)) {
            let path = Path::default().key(section);
            let mut owner =
                Owner { name: section.to_owned(), path, wider: Effect::More, mutations };
            owner.word(node, key, weaker, Change::Wider);
        }
    }
    let Some(hierarchy) = configuration.get("roleHierarchy") else { return };
    let path = Path::default().key("roleHierarchy");
    let mut owner = Owner {
        name: "roleHierarchy".to_owned(),
        path: path.clone(),
        wider: Effect::More,
        mutations,
    };
    for role in keys(hierarchy) {
        for (index, included) in list(hierarchy, role).iter().enumerate() {
            let at = path.clone().key(role).index(index);
            let words = format!("`{}` no longer a part of `{role}`", shown(included));
            owner.remove(&at.clone(), at, Change::Narrower, words);
        }
    }
}
