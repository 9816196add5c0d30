//! Requests of a set by their methods: what is said of one stands for the others of its kind alone.

use super::diagram::Set;
use super::sets::Sets;
use super::witness::{Witness, encoded};

/// So many other paths are named; of more only the number is told.
const NAMED_PATHS: usize = 8;

/// A request, and what it stands for.
pub(super) struct Kind {
    pub(super) witness: Witness,
    pub(super) others: Others,
}

/// What else differs as a request does. Each method goes with each path, if not with the same
/// token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Others {
    /// Other methods that rules name.
    pub(crate) methods: Vec<String>,
    /// Whether all that no rule names differ, too.
    pub(crate) any_method: bool,
    /// Other paths, one of each class that rules tell apart, percent-encoded.
    pub(crate) paths: Vec<String>,
    /// How many further classes of paths there are.
    pub(crate) more_paths: usize,
}

/// Returns a request of each kind of a set. Methods are of one kind where the rest of their
/// requests is the same; where a kind has requests that those before have not, it is shown by one
/// of them.
pub(super) fn kinds(sets: &mut Sets<'_>, set: Set) -> Vec<Kind> {
    let mut groups: Vec<(Set, Vec<usize>)> = Vec::new();
    for class in 0..sets.universe.methods.len() {
        let method = sets.universe.method;
        let rest = method.given(&mut sets.diagram, set, class);
        if rest.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, classes)) => classes.push(class),
            None => groups.push((rest, vec![class])),
        }
    }
    let (mut kinds, mut shown) = (Vec::new(), Set::NONE);
    for (rest, classes) in groups {
        let fresh = sets.diagram.without(rest, shown);
        shown = sets.diagram.or(shown, rest);
        let plainest = if fresh.is_empty() { rest } else { fresh };
        let Some(first) = classes.first() else { continue };
        let with_method = sets.universe.method.member(&mut sets.diagram, *first);
        let one = sets.diagram.and(plainest, with_method);
        if let Some(witness) = Witness::of(sets, one) {
            let others = others(sets, rest, &classes, &witness);
            kinds.push(Kind { witness, others });
        }
    }
    kinds
}

fn others(sets: &mut Sets<'_>, rest: Set, classes: &[usize], witness: &Witness) -> Others {
    let mut others = Others::default();
    for method in classes.iter().filter_map(|class| sets.universe.methods.get(*class)) {
        if *method == sets.universe.unnamed_method {
            others.any_method = true;
        } else if *method != witness.method {
            others.methods.push(method.clone());
        }
    }
    for class in 0..sets.universe.paths.texts.len() {
        if sets.universe.path.given(&mut sets.diagram, rest, class).is_empty() {
            continue;
        }
        let text =
            sets.universe.paths.texts.get(class).map(|text| encoded(text)).unwrap_or_default();
        if text == witness.path {
            continue;
        }
        if others.paths.len() < NAMED_PATHS {
            others.paths.push(text);
        } else {
            others.more_paths = others.more_paths.saturating_add(1);
        }
    }
    others
}

impl Others {
    /// Returns it for people, a line each, names set as `set` does.
    pub(crate) fn lines(&self, set: fn(&str) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        let mut methods: Vec<String> = self.methods.iter().map(|method| set(method)).collect();
        if self.any_method {
            methods.push("any method that no rule names".to_owned());
        }
        if !methods.is_empty() {
            lines.push(format!("also with {}", methods.join(", ")));
        }
        if !self.paths.is_empty() {
            let paths: Vec<String> = self.paths.iter().map(|path| set(path)).collect();
            let more = match self.more_paths {
                0 => String::new(),
                more => format!(" and paths of {more} more classes"),
            };
            lines.push(format!("also for {}{more}", paths.join(", ")));
        }
        lines
    }
}
