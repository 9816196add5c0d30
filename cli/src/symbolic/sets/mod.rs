//! The requests that rules are for, as sets.

mod compared;
mod reading;
mod roles;

use crate::symbolic::diagram::{Diagram, Set};
use crate::symbolic::universe::{Part, Question, Universe, looks_at_claim_alone, of_test};
use attache_engine::policy::PathProbe;
use attache_plugin_config::{ClaimPath, Condition, Operation, Source, Test};
use foldhash::{HashMap, HashMapExt as _};
use reading::Readings;
use std::collections::BTreeSet;

/// Makes sets of requests.
pub(super) struct Sets<'u> {
    pub(super) diagram: Diagram,
    pub(super) universe: Universe<'u>,
    /// The requests of callers that have a role, by side.
    roles: HashMap<(usize, String), Set>,
    /// The roles that the classes of a claim hold, by side, issuer and source.
    readings: HashMap<(usize, usize, usize), Readings>,
    /// The requests for which a test of a claim holds.
    tests: HashMap<(ClaimPath, String, bool), Set>,
}

/// Whose requests they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// As their tokens say.
    Known,
    /// Nobody's: tokens are not looked at.
    Anonymous,
}

impl<'u> Sets<'u> {
    pub(super) fn new(universe: Universe<'u>, diagram: Diagram) -> Self {
        Self {
            diagram,
            universe,
            roles: HashMap::new(),
            readings: HashMap::new(),
            tests: HashMap::new(),
        }
    }

    /// Returns the requests that a part's `to` and `from` are for.
    pub(super) fn target(&mut self, part: Part<'u>) -> Set {
        let to = self.operations(part, &mut |sets, operation| sets.paths(part, operation));
        let from = self.from(part);
        self.diagram.and(to, from)
    }

    /// Returns the requests that a part is for.
    pub(super) fn matching(&mut self, part: Part<'u>, caller: Caller) -> Set {
        let alone: Vec<Set> = part
            .rule
            .when
            .iter()
            .filter(|condition| looks_at_path(condition).is_none())
            .map(|condition| self.condition(condition, part.denies(), caller))
            .collect();
        let alone = self.diagram.all(alone);
        let named: Vec<(&str, &ClaimPath)> =
            part.rule.when.iter().filter_map(looks_at_path).collect();
        let to = self.operations(part, &mut |sets, operation| {
            if named.is_empty() {
                sets.paths(part, operation)
            } else {
                sets.paths_with_segments(part, operation, &named, caller)
            }
        });
        let from = self.from(part);
        let roles = self.requirement(part, caller);
        self.diagram.all([to, from, roles, alone])
    }

    /// Returns the requests with a token of an issuer.
    pub(super) fn issued_by(&mut self, shared: usize) -> Set {
        self.universe.issuer.member(&mut self.diagram, shared.saturating_add(1))
    }

    /// Returns the requests without a token.
    pub(super) fn without_token(&mut self) -> Set {
        self.universe.issuer.member(&mut self.diagram, 0)
    }

    /// Returns the requests for whose claim a question holds.
    pub(super) fn asked(&mut self, path: &ClaimPath, question: &Question<'_>) -> Set {
        let Self { diagram, universe, .. } = self;
        let Some(claim) = universe.claim(path).and_then(|number| universe.claims.get_mut(number))
        else {
            return Set::of((question.holds)(None));
        };
        claim.asked(diagram, question)
    }

    /// Returns the requests that satisfy a condition which does not look at the path.
    pub(super) fn condition(&mut self, condition: &Condition, denies: bool, caller: Caller) -> Set {
        if looks_at_claim_alone(&condition.test) {
            if caller == Caller::Anonymous {
                return Set::of((of_test(&condition.test, denies).holds)(None));
            }
            let key = (condition.claim.clone(), format!("{:?}", condition.test), denies);
            if let Some(&known) = self.tests.get(&key) {
                return known;
            }
            let set = self.asked(&condition.claim, &of_test(&condition.test, denies));
            self.tests.insert(key, set);
            return set;
        }
        match &condition.test {
            Test::EqualsHeader(name) if caller == Caller::Known => {
                self.equals_header(&condition.claim, name, denies)
            }
            Test::EqualsClaim(other) if caller == Caller::Known => {
                self.equals_claim(condition, other, "")
            }
            _ => Set::NONE,
        }
    }

    /// Joins what the entries of `to` are for. `paths` tells which paths that is.
    fn operations(
        &mut self,
        part: Part<'u>,
        paths: &mut dyn FnMut(&mut Self, &'u Operation) -> Set,
    ) -> Set {
        // Without `to` no segment has a name, so that no claim is compared with one.
        if part.rule.to.is_empty() {
            return Set::ALL;
        }
        let mut all = Vec::new();
        for operation in &part.rule.to {
            let paths = paths(self, operation);
            let unwanted: Vec<PathProbe> =
                operation.not_paths.iter().flat_map(|pattern| part.not_probes(pattern)).collect();
            let unwanted = self.probes(&unwanted);
            let paths = self.diagram.without(paths, unwanted);
            let others = self.other_fields(operation);
            all.push(self.diagram.and(paths, others));
        }
        self.diagram.any(all)
    }

    fn paths(&mut self, part: Part<'u>, operation: &Operation) -> Set {
        if operation.paths.is_empty() {
            return Set::ALL;
        }
        let wanted: Vec<PathProbe> =
            operation.paths.iter().flat_map(|pattern| part.probes(pattern)).collect();
        self.probes(&wanted)
    }

    fn probes(&mut self, probes: &[PathProbe]) -> Set {
        let classes: BTreeSet<usize> =
            probes.iter().flat_map(|probe| self.universe.paths.matching(probe)).copied().collect();
        let classes: Vec<usize> = classes.into_iter().collect();
        self.universe.path.members(&mut self.diagram, &classes)
    }

    fn other_fields(&mut self, operation: &Operation) -> Set {
        let Self { diagram, universe, .. } = self;
        let method =
            |wanted: &[String]| positions(&universe.methods, |method| wanted.contains(method));
        let port = |wanted: &[u16]| positions(&universe.ports, |port| wanted.contains(port));
        let [methods, not_methods] =
            [&operation.methods, &operation.not_methods].map(|those| method(those));
        let [hosts, not_hosts] =
            [&operation.hosts, &operation.not_hosts].map(|those| universe.hosts.matching(those));
        let [ports, not_ports] = [&operation.ports, &operation.not_ports].map(|those| port(those));
        let fields = [
            (universe.method, operation.methods.is_empty(), methods, not_methods),
            (universe.host, operation.hosts.is_empty(), hosts, not_hosts),
            (universe.port, operation.ports.is_empty(), ports, not_ports),
        ];
        let sets = fields.map(|(dimension, is_for_all, wanted, unwanted)| {
            let wanted = if is_for_all { Set::ALL } else { dimension.members(diagram, &wanted) };
            let unwanted = dimension.members(diagram, &unwanted);
            diagram.without(wanted, unwanted)
        });
        diagram.all(sets)
    }

    fn from(&mut self, part: Part<'u>) -> Set {
        if part.rule.from.is_empty() {
            return Set::ALL;
        }
        let sources =
            part.rule.from.iter().map(|source| self.source(source, part.denies())).collect();
        self.diagram.any(sources)
    }

    fn source(&mut self, source: &Source, unknown_address: bool) -> Set {
        let Self { diagram, universe, .. } = self;
        let caller = universe.caller.members(diagram, &universe.callers.matching(source));
        let addresses = universe.addresses.matching(source, unknown_address);
        let address = universe.address.members(diagram, &addresses);
        diagram.and(caller, address)
    }

    fn requirement(&mut self, part: Part<'u>, caller: Caller) -> Set {
        let roles = &part.rule.roles;
        if caller == Caller::Anonymous {
            return Set::of(roles.any_of.is_empty() && roles.all_of.is_empty());
        }
        let mut all = Set::ALL;
        if !roles.any_of.is_empty() {
            let any = roles.any_of.iter().map(|role| self.role(part.side, role)).collect();
            all = self.diagram.any(any);
        }
        for role in &roles.all_of {
            let role = self.role(part.side, role);
            all = self.diagram.and(all, role);
        }
        for role in &roles.none_of {
            let role = self.role(part.side, role);
            all = self.diagram.without(all, role);
        }
        all
    }
}

/// Returns the name of the segment and the claim that a condition compares.
fn looks_at_path(condition: &Condition) -> Option<(&str, &ClaimPath)> {
    match &condition.test {
        Test::EqualsPath(name) => Some((name, &condition.claim)),
        _ => None,
    }
}

fn positions<T>(all: &[T], are: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, value)| are(value)).map(|(number, _)| number).collect()
}
