//! What rules ask of claims, and which claims those are.

use super::pattern::PathTest;
use super::{Identity, RequestFacts, loose, pattern};
use crate::claims::{Predicate, RequestValues};
use attache_plugin_config::{Action, ClaimPath, Comparand, Condition, HeaderName, Scalar, Test};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The claims that are kept of a token, numbered: policies and audit lines ask for no other.
#[derive(Clone, Debug, Default)]
pub struct ClaimTable {
    slots: BTreeMap<ClaimPath, ClaimSlot>,
    paths: Vec<ClaimPath>,
}

/// The number of a claim in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimSlot(pub u32);

impl ClaimTable {
    /// Returns the number of a claim, given now if it has none yet.
    pub fn slot(&mut self, path: &ClaimPath) -> ClaimSlot {
        if let Some(&slot) = self.slots.get(path) {
            return slot;
        }
        let slot = ClaimSlot(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        self.slots.insert(path.clone(), slot);
        self.paths.push(path.clone());
        slot
    }

    /// Returns the claims in the order of their numbers.
    pub fn paths(&self) -> &[ClaimPath] {
        &self.paths
    }
}

impl<'a> Identity<'a> {
    pub(super) fn claim(&self, slot: ClaimSlot) -> Option<&'a Value> {
        self.claims.get(slot.0 as usize)?.as_ref().filter(|value| !value.is_null())
    }
}

/// One entry of a `when`.
#[derive(Clone, Debug)]
pub(super) struct ConditionTest {
    slot: ClaimSlot,
    predicate: Predicate,
    /// The claim that this one is compared with.
    other: Option<ClaimSlot>,
    /// If it holds, the claim is written as one of these strings or has an element that is.
    strings: Option<Box<[Box<str>]>>,
}

impl ConditionTest {
    #[inline(never)]
    pub(super) fn compile(condition: &Condition, action: Action, claims: &mut ClaimTable) -> Self {
        let other = match condition.test.comparand() {
            Comparand::Claim(path) => Some(claims.slot(path)),
            Comparand::Configured | Comparand::PathSegment(_) | Comparand::Header(_) => None,
        };
        let strings = match &condition.test {
            // A DENY rule also matches a text that has the element in it: it can't be looked up.
            Test::Contains(_) if action == Action::Deny => None,
            Test::Equals(scalar) | Test::Contains(scalar) => strings(std::slice::from_ref(scalar)),
            Test::In(scalars) => strings(scalars),
            Test::NotEquals(_) | Test::NotIn(_) | Test::Exists(_) => None,
            Test::Prefix(_) | Test::Suffix(_) | Test::Matches(_) => None,
            Test::LessThan(_) | Test::GreaterThan(_) => None,
            Test::EqualsPath(_) | Test::EqualsHeader(_) | Test::EqualsClaim(_) => None,
        };
        let predicate = Predicate::compile(&condition.test);
        Self { slot: claims.slot(&condition.claim), predicate, other, strings }
    }

    pub(super) fn holds(
        &self,
        identity: Option<&Identity<'_>>,
        request: &dyn RequestValues,
    ) -> bool {
        let claim = |slot| identity.and_then(|identity| identity.claim(slot));
        self.predicate.holds(claim(self.slot), |_| self.other.and_then(claim), request)
    }

    /// Returns the claim, and the strings one of which it must be or have.
    pub(super) fn strings(&self) -> Option<(ClaimSlot, &[Box<str>])> {
        self.strings.as_deref().map(|strings| (self.slot, strings))
    }
}

fn strings(scalars: &[Scalar]) -> Option<Box<[Box<str>]>> {
    let string = |scalar: &Scalar| match scalar {
        Scalar::String(text) => Some(text.as_str().into()),
        Scalar::Number(_) | Scalar::Bool(_) => None,
    };
    scalars.iter().map(string).collect()
}

/// A request, as the conditions of a rule see it that holds for a path pattern.
#[derive(Clone, Copy)]
pub(super) struct AtPath<'a> {
    pub request: &'a RequestFacts<'a>,
    pub path: Option<&'a PathTest>,
    /// For a DENY rule, which leans towards matching: a segment is compared in any letter case, a
    /// header that came several times has every value, and a claim of another type counts as what
    /// it is written as.
    pub denies: bool,
}

impl<'a> AtPath<'a> {
    /// Returns the segment that a name of the rule's path stands for.
    pub(super) fn path_segment(&self, name: &str) -> Option<Cow<'a, str>> {
        let test = self.path?;
        let path = self.request.path;
        let path = if test.equality.any_trailing_slash { loose::trim(path) } else { path };
        pattern::capture(&test.pattern, name, path).map(super::path::with_plain_slashes)
    }
}

impl RequestValues for AtPath<'_> {
    fn denies(&self) -> bool {
        self.denies
    }

    fn path_segment_is(&self, name: &str, text: &str) -> bool {
        let Some(segment) = self.path_segment(name) else { return false };
        segment == text || (self.denies && loose::fold(&segment) == loose::fold(text))
    }

    fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        self.request.headers.unique(name)
    }

    fn header_is(&self, name: &HeaderName, value: &[u8]) -> bool {
        if self.denies {
            self.request.headers.may_be(name, value)
        } else {
            self.header(name) == Some(value)
        }
    }
}
