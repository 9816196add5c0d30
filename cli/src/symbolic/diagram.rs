//! Sets of requests as decision diagrams: reduced and ordered, nodes shared (Bryant, 1986).
//!
//! A request is a row of bits, a few for each thing that rules look at; a set of requests is a
//! node. Equal sets are equal nodes, so whether a set is empty is known as soon as it is built. Its
//! own, and not a package: thousands of sets grow out of each other here, and the packages that do
//! without C copy each of them.

use foldhash::{HashMap, HashMapExt as _};

/// So many nodes, and so many steps that are remembered, that no answer comes in bearable time, or
/// memory: some 100 MB, and a second or two. What a thousand rules ask for is a hundredth of it; of
/// 20,000 pairs of policies that are made up, 2 ask for more, and 1 for more than four times that.
const MAX_SIZE: usize = 1_000_000;

/// A set of requests, in one [`Diagram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Set(u32);

impl Set {
    /// No request.
    pub(super) const NONE: Self = Self(0);
    /// Every request.
    pub(super) const ALL: Self = Self(1);

    /// Returns all requests or none.
    pub(super) const fn of(all: bool) -> Self {
        if all { Self::ALL } else { Self::NONE }
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    fn position(self) -> usize {
        self.0 as usize
    }
}

/// A bit of a request, by its number. Those with low numbers are decided first.
pub(super) type Bit = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    bit: Bit,
    low: Set,
    high: Set,
}

/// All sets.
pub(super) struct Diagram {
    nodes: Vec<Node>,
    known: HashMap<Node, Set>,
    /// If the first, then the second, else the third.
    chosen: HashMap<(Set, Set, Set), Set>,
    /// The first bit that no one has.
    next: Bit,
    is_full: bool,
}

impl Diagram {
    pub(super) fn new() -> Self {
        let end = |set| Node { bit: Bit::MAX, low: set, high: set };
        let nodes = vec![end(Set::NONE), end(Set::ALL)];
        Self { nodes, known: HashMap::new(), chosen: HashMap::new(), next: 0, is_full: false }
    }

    /// Returns whether there were too many nodes, so that no set is to be trusted.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Gives out neighbouring bits that no one has, and returns the first. Those of what is asked
    /// together should be neighbours, or the diagram grows with all combinations of those between:
    /// so bits are taken when they are first asked for.
    pub(super) fn take_bits(&mut self, count: u32) -> Bit {
        let first = self.next;
        self.next = self.next.saturating_add(count);
        first
    }

    /// Returns the requests of which a bit is set.
    pub(super) fn bit(&mut self, bit: Bit) -> Set {
        self.node(bit, Set::NONE, Set::ALL)
    }

    /// Returns the requests in the second set that are in the first, and those in the third that
    /// are not.
    pub(super) fn choose(&mut self, choice: Set, yes: Set, no: Set) -> Set {
        if self.is_full {
            // No set is to be trusted any more, so none is worth the time.
            return Set::NONE;
        }
        if choice == Set::ALL || yes == no {
            return yes;
        }
        if choice == Set::NONE {
            return no;
        }
        if yes == Set::ALL && no == Set::NONE {
            return choice;
        }
        if let Some(&known) = self.chosen.get(&(choice, yes, no)) {
            return known;
        }
        let [first, second, third] = [choice, yes, no].map(|set| self.get(set));
        let bit = first.bit.min(second.bit).min(third.bit);
        let half = |set: Set, node: Node, high: bool| match (node.bit == bit, high) {
            (false, _) => set,
            (true, false) => node.low,
            (true, true) => node.high,
        };
        let [low, high] = [false, true].map(|is_high| {
            let (choice, yes, no) = (
                half(choice, first, is_high),
                half(yes, second, is_high),
                half(no, third, is_high),
            );
            self.choose(choice, yes, no)
        });
        let set = self.node(bit, low, high);
        self.chosen.insert((choice, yes, no), set);
        self.is_full |= self.chosen.len() >= MAX_SIZE;
        set
    }

    pub(super) fn and(&mut self, one: Set, other: Set) -> Set {
        let (one, other) = (one.min(other), one.max(other));
        self.choose(one, other, Set::NONE)
    }

    pub(super) fn or(&mut self, one: Set, other: Set) -> Set {
        let (one, other) = (one.min(other), one.max(other));
        self.choose(one, Set::ALL, other)
    }

    pub(super) fn not(&mut self, set: Set) -> Set {
        self.choose(set, Set::NONE, Set::ALL)
    }

    /// Returns the requests of the first set that are not in the second.
    pub(super) fn without(&mut self, one: Set, other: Set) -> Set {
        self.choose(other, Set::NONE, one)
    }

    /// Returns the requests that are in both sets or in neither.
    pub(super) fn equal(&mut self, one: Set, other: Set) -> Set {
        let not = self.not(other);
        self.choose(one, other, not)
    }

    /// Returns the requests that are in one of the sets at least. Neighbours are joined first, so
    /// that no set is gone through more often than there are doublings.
    pub(super) fn any(&mut self, mut sets: Vec<Set>) -> Set {
        while sets.len() > 1 {
            sets = sets
                .chunks(2)
                .map(|pair| match *pair {
                    [one, other] => self.or(one, other),
                    _ => pair.first().copied().unwrap_or(Set::NONE),
                })
                .collect();
        }
        sets.first().copied().unwrap_or(Set::NONE)
    }

    /// Returns the requests that are in all of the sets.
    pub(super) fn all(&mut self, sets: impl IntoIterator<Item = Set>) -> Set {
        sets.into_iter().fold(Set::ALL, |all, set| self.and(all, set))
    }

    /// Returns the requests that are in a set once these bits of theirs are as is said: of those
    /// bits nothing is asked any more.
    pub(super) fn given(&mut self, set: Set, bits: &[(Bit, bool)]) -> Set {
        let last = bits.iter().map(|(bit, _)| *bit).max();
        last.map_or(set, |last| self.given_until(set, bits, last, &mut HashMap::new()))
    }

    fn given_until(
        &mut self,
        set: Set,
        bits: &[(Bit, bool)],
        last: Bit,
        known: &mut HashMap<Set, Set>,
    ) -> Set {
        let node = self.get(set);
        if self.is_full || node.bit > last {
            return set;
        }
        if let Some(&given) = known.get(&set) {
            return given;
        }
        let given = match bits.iter().find(|(bit, _)| *bit == node.bit) {
            Some((_, true)) => self.given_until(node.high, bits, last, known),
            Some((_, false)) => self.given_until(node.low, bits, last, known),
            None => {
                let low = self.given_until(node.low, bits, last, known);
                let high = self.given_until(node.high, bits, last, known);
                self.node(node.bit, low, high)
            }
        };
        known.insert(set, given);
        given
    }

    /// Returns the first request of a set: of the bits that are not set in all of them, the first
    /// is not set. Bits that are not named are not set.
    pub(super) fn first(&self, set: Set) -> Option<Vec<Bit>> {
        let mut bits = Vec::new();
        let mut at = set;
        while at != Set::ALL {
            if at == Set::NONE {
                return None;
            }
            let node = self.get(at);
            at = if node.low == Set::NONE {
                bits.push(node.bit);
                node.high
            } else {
                node.low
            };
        }
        Some(bits)
    }

    fn get(&self, set: Set) -> Node {
        let none = Node { bit: Bit::MAX, low: Set::NONE, high: Set::NONE };
        self.nodes.get(set.position()).copied().unwrap_or(none)
    }

    fn node(&mut self, bit: Bit, low: Set, high: Set) -> Set {
        if low == high {
            return low;
        }
        let node = Node { bit, low, high };
        if let Some(&known) = self.known.get(&node) {
            return known;
        }
        if self.nodes.len() >= MAX_SIZE {
            self.is_full = true;
            return Set::NONE;
        }
        let set = Set(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.known.insert(node, set);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a request is in a set.
    fn holds(diagram: &Diagram, set: Set, request: u32) -> bool {
        let mut at = set;
        while at != Set::ALL && at != Set::NONE {
            let node = diagram.get(at);
            at = if request >> node.bit & 1 == 1 { node.high } else { node.low };
        }
        at == Set::ALL
    }

    #[test]
    fn sets_are_what_their_members_say() {
        let mut diagram = Diagram::new();
        let bits: Vec<Set> = (0..4).map(|bit| diagram.bit(bit)).collect();
        let (a, b, c, d) = (bits[0], bits[1], bits[2], bits[3]);
        let and = diagram.and(a, b);
        let not = diagram.not(c);
        let or = diagram.or(and, not);
        let equal = diagram.equal(or, d);
        let without = diagram.without(equal, b);
        let any = diagram.any(vec![and, not, d]);
        let all = diagram.all([a, b, d]);
        for request in 0..16 {
            let [a, b, c, d] = [0, 1, 2, 3].map(|bit| request >> bit & 1 == 1);
            let expected = (a && b) || !c;
            assert_eq!(holds(&diagram, or, request), expected, "{request}");
            assert_eq!(holds(&diagram, equal, request), expected == d, "{request}");
            assert_eq!(holds(&diagram, without, request), expected == d && !b, "{request}");
            assert_eq!(holds(&diagram, any, request), expected || d, "{request}");
            assert_eq!(holds(&diagram, all, request), a && b && d, "{request}");
        }
        assert_eq!(diagram.first(all), Some(vec![0, 1, 3]));
        assert_eq!(diagram.first(not), Some(Vec::new()));
        let nothing = diagram.without(a, a);
        assert!(nothing.is_empty() && diagram.first(nothing).is_none() && !diagram.is_full());
    }

    #[test]
    fn what_is_given_is_not_asked() {
        let mut diagram = Diagram::new();
        let [a, b, c] = [0, 1, 2].map(|bit| diagram.bit(bit));
        let (ab, not_a) = (diagram.and(a, b), diagram.not(a));
        let or_c = diagram.and(not_a, c);
        let set = diagram.or(ab, or_c);
        assert_eq!(diagram.given(set, &[(0, true)]), b);
        assert_eq!(diagram.given(set, &[(0, false)]), c);
        let if_b = diagram.given(set, &[(1, true)]);
        assert_eq!(if_b, diagram.or(a, c));
        assert_eq!(diagram.given(set, &[(0, true), (1, false)]), Set::NONE);
        assert_eq!(diagram.given(set, &[]), set);
    }

    #[test]
    fn equal_sets_are_one() {
        let mut diagram = Diagram::new();
        let (a, b) = (diagram.bit(0), diagram.bit(1));
        let or = diagram.or(a, b);
        let (not_a, not_b) = (diagram.not(a), diagram.not(b));
        let neither = diagram.and(not_a, not_b);
        assert_eq!(diagram.not(neither), or);
    }
}
