//! One thing that requests differ in, as bits: which of its classes a request is in.

use crate::symbolic::diagram::{Bit, Diagram, Set};

/// One thing that requests differ in. Its classes are numbered from 0, the plainest first.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Dimension {
    first: Bit,
    width: u32,
    count: usize,
}

impl Dimension {
    /// Takes bits for so many classes, one at least.
    pub(in super::super) fn new(diagram: &mut Diagram, count: usize) -> Self {
        let width = usize::BITS.saturating_sub(count.saturating_sub(1).leading_zeros());
        Self { first: diagram.take_bits(width), width, count }
    }

    /// Returns the requests whose class is one of these, which are in order.
    pub(in super::super) fn members(&self, diagram: &mut Diagram, classes: &[usize]) -> Set {
        self.part(diagram, classes, 0, 0)
    }

    /// Returns the requests whose class is this.
    pub(in super::super) fn member(&self, diagram: &mut Diagram, class: usize) -> Set {
        self.members(diagram, &[class])
    }

    /// Returns the requests that are in a set once their class is this: of their class nothing is
    /// asked any more.
    pub(in super::super) fn given(&self, diagram: &mut Diagram, set: Set, class: usize) -> Set {
        let bits: Vec<(Bit, bool)> = (0..self.width)
            .map(|place| {
                let below = self.width.saturating_sub(place).saturating_sub(1);
                (self.first.saturating_add(place), class.checked_shr(below).unwrap_or(0) & 1 == 1)
            })
            .collect();
        diagram.given(set, &bits)
    }

    /// Returns the requests that have a class.
    pub(in super::super) fn valid(&self, diagram: &mut Diagram) -> Set {
        let bound = 1_usize.checked_shl(self.width).unwrap_or(usize::MAX);
        let void: Vec<usize> = (self.count..bound).collect();
        // No class at all is none of them.
        let all = Self { count: bound, ..*self };
        let void = all.members(diagram, &void);
        diagram.not(void)
    }

    /// Returns the class of a request, given the bits that are set.
    pub(in super::super) fn class(&self, bits: &[Bit]) -> usize {
        (0..self.width).fold(0, |class: usize, place| {
            let is_set = bits.contains(&self.first.saturating_add(place));
            class.saturating_mul(2).saturating_add(usize::from(is_set))
        })
    }

    /// Returns the requests with the first bits given by `start`, whose class is one of these.
    fn part(&self, diagram: &mut Diagram, classes: &[usize], depth: u32, start: usize) -> Set {
        let length = 1_usize.checked_shl(self.width.saturating_sub(depth)).unwrap_or(usize::MAX);
        let there = self.count.min(start.saturating_add(length)).saturating_sub(start);
        if classes.is_empty() {
            return Set::NONE;
        }
        if classes.len() >= there {
            return Set::ALL;
        }
        let middle = start.saturating_add(length / 2);
        let (low, high) = classes.split_at(classes.partition_point(|class| *class < middle));
        let next = depth.saturating_add(1);
        let low = self.part(diagram, low, next, start);
        let high = self.part(diagram, high, next, middle);
        let bit = diagram.bit(self.first.saturating_add(depth));
        diagram.choose(bit, high, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_itself_and_no_other() {
        for count in 1..=9_usize {
            let mut diagram = Diagram::new();
            diagram.take_bits(1);
            let dimension = Dimension::new(&mut diagram, count);
            let valid = dimension.valid(&mut diagram);
            let mut rest = valid;
            for class in 0..count {
                let member = dimension.member(&mut diagram, class);
                let both = diagram.and(member, valid);
                let first = diagram.first(both).unwrap();
                assert_eq!(dimension.class(&first), class, "{class} of {count}");
                assert_eq!(
                    dimension.given(&mut diagram, both, class),
                    Set::ALL,
                    "{class} of {count}"
                );
                let other = (class + 1) % count;
                assert!(count == 1 || dimension.given(&mut diagram, both, other).is_empty());
                rest = diagram.without(rest, member);
            }
            assert!(rest.is_empty(), "{count}");
        }
    }
}
