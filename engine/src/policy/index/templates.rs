//! All path templates of a set that match a path, found segment by segment.

use super::super::pattern::{first_segment, last_segment};
use crate::hash::{self, HashMap};
use attache_plugin_config::PathSegment;
use smallvec::SmallVec;

/// Values under templates, found by a path that matches their template.
///
/// A tree of segments: a template is a way down it. Behind a `{**}` it goes on from the path's end,
/// so a template with one is the way of its head followed by the way of its tail, last segment
/// first.
#[derive(Debug)]
pub(super) struct Templates<T> {
    literals: HashMap<Box<str>, Literal>,
    /// Where a literal leads.
    edges: HashMap<(Node, Literal), Node>,
    nodes: Vec<Branches>,
    values: Vec<T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Literal(u32);

#[derive(Debug, Default)]
struct Branches {
    has_literals: bool,
    /// Where a segment leads that is not empty.
    one: Option<Node>,
    /// Where `{**}` leads.
    many: Option<Node>,
    /// The place of the value of the template that ends here.
    value: Option<u32>,
}

const ROOT: Node = Node(0);

impl<T> FromIterator<(Vec<PathSegment>, T)> for Templates<T> {
    fn from_iter<I: IntoIterator<Item = (Vec<PathSegment>, T)>>(templates: I) -> Self {
        let mut made = Self {
            literals: hash::map(),
            edges: hash::map(),
            nodes: vec![Branches::default()],
            values: Vec::new(),
        };
        for (segments, value) in templates {
            made.insert(&segments, value);
        }
        made
    }
}

impl<T> Templates<T> {
    fn insert(&mut self, segments: &[PathSegment], value: T) {
        let many = segments.iter().position(|segment| *segment == PathSegment::Many);
        let (head, tail) =
            segments.split_at_checked(many.unwrap_or(segments.len())).unwrap_or_default();
        let head = head.iter().fold(ROOT, |node, segment| self.descend(node, segment));
        let end = match tail.split_first() {
            Some((many, tail)) => {
                let node = self.descend(head, many);
                tail.iter().rev().fold(node, |node, segment| self.descend(node, segment))
            }
            None => head,
        };
        let place = number(self.values.len());
        if let Some(branches) = self.nodes.get_mut(end.0 as usize) {
            branches.value = Some(place);
            self.values.push(value);
        }
    }

    fn descend(&mut self, node: Node, segment: &PathSegment) -> Node {
        let new = Node(number(self.nodes.len()));
        let Some(branches) = self.nodes.get_mut(node.0 as usize) else { return new };
        let next = match segment {
            PathSegment::Literal(text) => {
                branches.has_literals = true;
                let literal = Literal(number(self.literals.len()));
                let literal = *self.literals.entry(text.as_str().into()).or_insert(literal);
                *self.edges.entry((node, literal)).or_insert(new)
            }
            PathSegment::One | PathSegment::Named(_) => *branches.one.get_or_insert(new),
            PathSegment::Many => *branches.many.get_or_insert(new),
        };
        if next == new {
            self.nodes.push(Branches::default());
        }
        next
    }

    /// Visits the values of all templates that match a path.
    pub(super) fn visit<'m>(&'m self, path: &str, found: &mut impl FnMut(&'m T)) {
        if self.values.is_empty() {
            return;
        }
        let mut left = path.strip_prefix('/');
        let mut reached: Reached<'m> = Reached::new();
        reached.extend(self.nodes.first().filter(|_| left.is_some()).map(|root| (ROOT, root)));
        while !reached.is_empty() {
            for branches in reached.iter().filter_map(|(_, branches)| branches.many) {
                self.visit_tails(branches, left, found);
            }
            let Some(path) = left else {
                return self.found(&reached, found);
            };
            let (segment, rest) = first_segment(path);
            reached = self.step(&reached, segment);
            left = rest;
        }
    }

    /// Goes on from the end of what `{**}` and the segments behind it may stand for.
    fn visit_tails<'m>(
        &'m self,
        many: Node,
        mut left: Option<&str>,
        found: &mut impl FnMut(&'m T),
    ) {
        let mut reached: Reached<'m> = Reached::new();
        reached.extend(self.nodes.get(many.0 as usize).map(|branches| (many, branches)));
        while !reached.is_empty() {
            self.found(&reached, found);
            let Some(path) = left else { return };
            let (rest, segment) = last_segment(path);
            reached = self.step(&reached, segment);
            left = rest;
        }
    }

    fn step<'m>(&'m self, reached: &Reached<'m>, segment: &str) -> Reached<'m> {
        let mut next = Reached::new();
        let mut literal = None;
        for (node, branches) in reached {
            if branches.has_literals {
                let literal = *literal.get_or_insert_with(|| self.literals.get(segment).copied());
                let to = literal.and_then(|literal| self.edges.get(&(*node, literal)).copied());
                next.extend(to.and_then(|to| self.node(to)));
            }
            if !segment.is_empty() {
                next.extend(branches.one.and_then(|to| self.node(to)));
            }
        }
        next
    }

    fn node(&self, node: Node) -> Option<(Node, &Branches)> {
        self.nodes.get(node.0 as usize).map(|branches| (node, branches))
    }

    fn found<'m>(&'m self, reached: &Reached<'m>, found: &mut impl FnMut(&'m T)) {
        let values = reached.iter().filter_map(|(_, branches)| branches.value);
        values.filter_map(|value| self.values.get(value as usize)).for_each(found);
    }
}

/// The nodes that the segments so far may lead to.
type Reached<'m> = SmallVec<[(Node, &'m Branches); 4]>;

fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
