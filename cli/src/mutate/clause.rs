//! What a clause belongs to, and how its mutants are noted.

use super::edit::Edit;
use super::mutation::{Effect, Mutation};
use attache_config_reader::{Node, Path};

/// A rule, an issuer or another part of the document with clauses of its own.
pub(super) struct Owner<'m> {
    /// What a report calls it: `rule orders/read`.
    pub(super) name: String,
    /// Where it stands.
    pub(super) path: Path,
    /// What a mutant does that matches more than the part does.
    pub(super) wider: Effect,
    /// Where its mutants are noted.
    pub(super) mutations: &'m mut Vec<Mutation>,
}

/// How a mutant compares with the clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It matches more.
    Wider,
    /// It matches less.
    Narrower,
}

impl Owner<'_> {
    /// Notes the mutant that lacks what stands at `removed`; `at` is the clause to show.
    pub(super) fn remove(&mut self, at: &Path, removed: Path, change: Change, words: String) {
        self.add(at, Edit::Remove(removed), change, words);
    }

    /// Notes the mutant that has another value at a path.
    pub(super) fn set(
        &mut self,
        at: &Path,
        place: Path,
        value: Node,
        change: Change,
        words: String,
    ) {
        self.add(at, Edit::Set(place, value), change, words);
    }

    /// Notes the mutant that has another word at a key of the owner, shown at the owner's name
    /// where there is none yet.
    pub(super) fn word(&mut self, node: &Node, key: &str, value: &str, change: Change) {
        let place = self.path.clone().key(key);
        let at =
            if node.get(key).is_some() { place.clone() } else { self.path.clone().key("name") };
        self.set(
            &at,
            place,
            Node::String(value.to_owned()),
            change,
            format!("`{key}` made {value}"),
        );
    }

    /// Returns a path from the owner on, as a report says it.
    pub(super) fn relative(&self, path: &Path) -> String {
        path.relative_to(&self.path).to_string()
    }

    /// Notes the mutant that one edit after the other makes.
    pub(super) fn edit(&mut self, at: &Path, edits: Vec<Edit>, change: Change, words: String) {
        self.add(at, Edit::All(edits), change, words);
    }

    fn add(&mut self, at: &Path, edit: Edit, change: Change, words: String) {
        let effect = match (change, self.wider) {
            (Change::Wider, effect) | (Change::Narrower, effect @ Effect::Either) => effect,
            (Change::Narrower, Effect::More) => Effect::Less,
            (Change::Narrower, Effect::Less) => Effect::More,
        };
        self.mutations.push(Mutation {
            owner: self.name.clone(),
            at: at.clone(),
            change: words,
            effect,
            edit,
        });
    }
}
