//! How a document is changed.

use attache_config_reader::{Node, Path, Step};

/// A change of a document.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Takes a value away, and with it each list and object that has nothing else in it: neither
    /// may be empty.
    Remove(Path),
    /// Puts a value in the place of what is there, or of nothing.
    Set(Path, Node),
    /// Makes one change after the other.
    All(Vec<Self>),
}

impl Edit {
    /// Returns a document with this change.
    pub(super) fn apply(&self, document: &Node) -> Node {
        let mut changed = document.clone();
        self.change(&mut changed);
        changed
    }

    fn change(&self, document: &mut Node) {
        match self {
            Self::Remove(path) => _ = remove(document, path.steps()),
            Self::Set(path, value) => set(document, path.steps(), value),
            Self::All(edits) => edits.iter().for_each(|edit| edit.change(document)),
        }
    }
}

/// Removes what stands at the end of some steps. Returns whether nothing is left of the value that
/// they lead through.
fn remove(node: &mut Node, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match (node, step) {
        (Node::Object(members), Step::Key(key)) => {
            let position = members.iter().position(|(name, _)| name == key);
            if let Some(position) = position
                && members.get_mut(position).is_some_and(|(_, value)| remove(value, rest))
            {
                members.remove(position);
            }
            members.is_empty()
        }
        (Node::Array(items), Step::Index(index)) => {
            if items.get_mut(*index).is_some_and(|item| remove(item, rest)) {
                items.remove(*index);
            }
            items.is_empty()
        }
        _ => false,
    }
}

fn set(node: &mut Node, steps: &[Step], value: &Node) {
    let Some((step, rest)) = steps.split_first() else {
        *node = value.clone();
        return;
    };
    match (node, step) {
        (Node::Object(members), Step::Key(key)) => {
            match members.iter_mut().find(|(name, _)| name == key) {
                Some((_, member)) => set(member, rest, value),
                None if rest.is_empty() => members.push((key.clone(), value.clone())),
                None => {}
            }
        }
        (Node::Array(items), Step::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                set(item, rest, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(document: &str, edit: &Edit) -> String {
        serde_json::to_string(&edit.apply(&serde_json::from_str(document).unwrap())).unwrap()
    }

    #[test]
    fn what_is_left_empty_goes_too() {
        let path = Path::default().key("a").index(0).key("b").index(0);
        let remove = Edit::Remove(path);
        assert_eq!(edited(r#"{"n":1,"a":[{"b":[7]}]}"#, &remove), r#"{"n":1}"#);
        assert_eq!(edited(r#"{"a":[{"b":[7,8]}]}"#, &remove), r#"{"a":[{"b":[8]}]}"#);
        assert_eq!(edited(r#"{"a":[{"b":[7]},{"c":1}]}"#, &remove), r#"{"a":[{"c":1}]}"#);
        assert_eq!(edited(r#"{"a":[{"b":[7],"c":1}]}"#, &remove), r#"{"a":[{"c":1}]}"#);
        assert_eq!(edited(r#"{"a":7}"#, &remove), r#"{"a":7}"#);
    }

    #[test]
    fn a_value_is_put_in_place_of_another_or_of_nothing() {
        let set = Edit::Set(Path::default().key("a").index(1).key("b"), Node::Bool(true));
        assert_eq!(edited(r#"{"a":[1,{"b":2}]}"#, &set), r#"{"a":[1,{"b":true}]}"#);
        assert_eq!(edited(r#"{"a":[1,{}]}"#, &set), r#"{"a":[1,{"b":true}]}"#);
        assert_eq!(edited(r#"{"a":[1]}"#, &set), r#"{"a":[1]}"#);
    }
}
