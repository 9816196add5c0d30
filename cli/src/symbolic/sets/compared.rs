//! The requests whose claims are what something else of the request is: a segment of the path, a
//! header, another claim.

use super::{Caller, Sets};
use crate::symbolic::diagram::Set;
use crate::symbolic::universe::{HeaderValue, Part, as_issued, is_named};
use attache_engine::claims::scalar_text;
use attache_engine::claims::{NoRequest, Predicate};
use attache_engine::policy::{PathProbe, fold_path};
use attache_plugin_config::{ClaimPath, Condition, HeaderName, Operation};
use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

impl<'u> Sets<'u> {
    /// Returns the requests for one of the paths, whose claims are what segments of that path are.
    pub(super) fn paths_with_segments(
        &mut self,
        part: Part<'u>,
        operation: &Operation,
        named: &[(&str, &ClaimPath)],
        caller: Caller,
    ) -> Set {
        if caller == Caller::Anonymous {
            return Set::NONE;
        }
        let mut all = Vec::new();
        for probe in operation.paths.iter().flat_map(|pattern| part.probes(pattern)) {
            let mut here = self.probes(std::slice::from_ref(&probe));
            for (name, claim) in named {
                let equal = self.equals_segment(&probe, name, claim, part.denies());
                here = self.diagram.and(here, equal);
            }
            all.push(here);
        }
        self.diagram.any(all)
    }

    fn equals_segment(
        &mut self,
        probe: &PathProbe,
        name: &str,
        claim: &ClaimPath,
        denies: bool,
    ) -> Set {
        let mut classes: HashMap<String, Vec<usize>> = HashMap::new();
        for class in self.universe.paths.matching(probe) {
            let path = self.universe.paths.texts.get(*class);
            if let Some(segment) = path.and_then(|path| probe.capture(name, path)) {
                let segment =
                    if denies { fold_path(segment).into_owned() } else { segment.to_owned() };
                classes.entry(segment).or_default().push(*class);
            }
        }
        let mut all = Vec::new();
        for (segment, classes) in classes {
            let there = self.universe.path.members(&mut self.diagram, &classes);
            let is = |value: &Value| {
                scalar_text(value).is_some_and(|text| {
                    text == segment || (denies && fold_path(&text) == segment.as_str())
                })
            };
            let has = self.claim_with_element(claim, &is);
            all.push(self.diagram.and(there, has));
        }
        all.sort_unstable();
        self.diagram.any(all)
    }

    pub(super) fn equals_header(
        &mut self,
        claim: &ClaimPath,
        name: &HeaderName,
        denies: bool,
    ) -> Set {
        let Some(header) = self.universe.headers.0.get(name) else { return Set::NONE };
        let (values, dimension) = (header.values.clone(), header.value);
        let mut all = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let has = match value {
                HeaderValue::Absent => continue,
                HeaderValue::Twice if !denies => continue,
                // Whichever of the two a service takes.
                HeaderValue::Twice => {
                    self.claim_with_element(claim, &|value| scalar_text(value).is_some())
                }
                HeaderValue::Once(sent) => self.claim_with_element(claim, &|value| {
                    scalar_text(value).as_deref() == Some(sent.as_str())
                }),
            };
            let sent = dimension.member(&mut self.diagram, number);
            all.push(self.diagram.and(sent, has));
        }
        self.diagram.any(all)
    }

    /// Returns the requests of which one claim is the same as another, is one of its elements, or
    /// is the same list. `sub` is compared without a prefix.
    pub(in super::super) fn equals_claim(
        &mut self,
        condition: &Condition,
        other: &ClaimPath,
        prefix: &str,
    ) -> Set {
        let [own_prefix, other_prefix] =
            [&condition.claim, other].map(|path| if is_named(path, "sub") { prefix } else { "" });
        let numbers = self.universe.claim(&condition.claim).zip(self.universe.claim(other));
        let Some((one, two)) = numbers else { return Set::NONE };
        let predicate = Predicate::compile(&condition.test);
        let equal = |value: &Value, other: &Value| {
            let value = as_issued(Some(value), own_prefix);
            let other = as_issued(Some(other), other_prefix);
            predicate.holds(value.as_ref(), |_| other.as_ref(), &NoRequest)
        };
        let Some(values) = self.universe.claims.get(two).map(|claim| claim.singles.clone()) else {
            return Set::NONE;
        };
        let mut all = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let Self { diagram, universe, .. } = self;
            let Some(claim) = universe.claims.get(two) else { continue };
            let there = claim.single(diagram, &[number]);
            let has = self.claim_with_element(&condition.claim, &|own| equal(own, value));
            all.push(self.diagram.and(there, has));
        }
        all.push(self.same_lists(one, two));
        self.diagram.any(all)
    }

    fn same_lists(&mut self, one: usize, two: usize) -> Set {
        let Self { diagram, universe, .. } = self;
        let elements: Vec<Vec<Value>> = [one, two]
            .iter()
            .filter_map(|it| Some(universe.claims.get(*it)?.elements.clone()))
            .collect();
        let [first, second] = elements.as_slice() else { return Set::NONE };
        let mut same = Set::ALL;
        for value in first.iter().chain(second) {
            let bits = [(one, first), (two, second)].map(|(claim, elements)| {
                let element = elements.iter().position(|element| element == value);
                match (element, universe.claims.get_mut(claim)) {
                    (Some(element), Some(claim)) => claim.has_element(diagram, element),
                    _ => Set::NONE,
                }
            });
            let equal = diagram.equal(bits[0], bits[1]);
            same = diagram.and(same, equal);
        }
        let mut kinds = Vec::new();
        for kind in 0..universe.claims.get(one).map_or(0, |claim| claim.list_kinds()) {
            let lists = [one, two].map(|claim| {
                universe
                    .claims
                    .get(claim)
                    .map_or(Set::NONE, |claim| claim.list_of_kind(diagram, kind))
            });
            kinds.push(diagram.all(lists));
        }
        let kinds = diagram.any(kinds);
        diagram.and(kinds, same)
    }

    /// Returns the requests whose claim is so, or as a list has an element that is so.
    fn claim_with_element(&mut self, path: &ClaimPath, is: &dyn Fn(&Value) -> bool) -> Set {
        let Self { diagram, universe, .. } = self;
        let number = universe.claim(path);
        let Some(claim) = number.and_then(|number| universe.claims.get_mut(number)) else {
            return Set::NONE;
        };
        claim.any(diagram, is)
    }
}
