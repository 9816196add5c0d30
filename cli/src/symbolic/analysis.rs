//! What is asked of all requests.

use super::diagram::{Diagram, Set};
use super::kinds::{Kind, Others, kinds};
use super::region::{Region, Scope};
use super::sets::{Caller, Sets};
use super::side::Side;
use super::too_complex::TooComplex;
use super::trial::Outcome;
use super::universe::{Universe, of_scope};
use super::verdict::{Verdicts, possible};
use super::witness::Witness;
use std::collections::BTreeSet;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnalysisError {
    #[error(transparent)]
    TooComplex(#[from] TooComplex),
    #[error(
        "the engine does not do what was worked out, which is a mistake of this tool; please report it with the configuration: {0}"
    )]
    Disagreement(String),
}

/// Configurations before one workload, and all requests to it.
pub(crate) struct Analysis<'s> {
    sides: &'s [Side],
    sets: Sets<'s>,
    possible: Set,
    verdicts: Vec<Verdicts>,
}

/// A request that two sides decide differently.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) witness: Witness,
    /// What differs as it does.
    pub(crate) others: Others,
    /// What becomes of it with the first side.
    pub(crate) old: Outcome,
    /// And with the second.
    pub(crate) new: Outcome,
}

/// A request of a region, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) witness: Witness,
    pub(crate) outcome: Outcome,
}

impl<'s> Analysis<'s> {
    /// Works out what each side allows. `scopes` are all that will be asked about.
    ///
    /// # Errors
    /// There are too many combinations.
    pub(crate) fn new(sides: &'s [Side], scopes: &[&'s Scope]) -> Result<Self, AnalysisError> {
        let mut diagram = Diagram::new();
        let universe = Universe::new(sides, scopes, &mut diagram)?;
        let mut sets = Sets::new(universe, diagram);
        let verdicts = (0..sides.len()).map(|side| Verdicts::of(&mut sets, side)).collect();
        let possible = possible(&mut sets);
        let analysis = Self { sides, sets, possible, verdicts };
        analysis.check()?;
        Ok(analysis)
    }

    /// Returns what was not followed to the end, as sentences: of that, only requests that are
    /// found say something.
    pub(crate) fn limits(&self) -> &BTreeSet<String> {
        &self.sets.universe.limits
    }

    /// Returns the requests that two sides decide differently: one for each pair of what decides
    /// it, and of those one for each group of methods whose requests are not the same.
    ///
    /// # Errors
    /// There are too many combinations, or the engine disagrees.
    pub(crate) fn differences(&mut self) -> Result<Vec<Difference>, AnalysisError> {
        let [old, new] = self.verdicts.as_slice() else { return Ok(Vec::new()) };
        let (allowed_before, allowed_now) = (old.allowed, new.allowed);
        // What lets it in on one side, and what refuses it on the other.
        let by_new: Vec<Set> = new.by_allow.iter().chain([&Set::ALL]).copied().collect();
        let by_old: Vec<Set> = old.by_allow.iter().chain([&Set::ALL]).copied().collect();
        let not_by_new: Vec<Set> = new.by_deny.iter().chain([&Set::ALL]).copied().collect();
        let not_by_old: Vec<Set> = old.by_deny.iter().chain([&Set::ALL]).copied().collect();
        let mut found = Vec::new();
        let newly_allowed = self.sets.diagram.without(allowed_now, allowed_before);
        self.each(newly_allowed, &by_new, &not_by_old, &mut found)?;
        let newly_refused = self.sets.diagram.without(allowed_before, allowed_now);
        self.each(newly_refused, &by_old, &not_by_new, &mut found)?;
        Ok(found)
    }

    /// Finds one request of a region that is allowed, or one that is not.
    ///
    /// # Errors
    /// There are too many combinations, or the engine disagrees.
    pub(crate) fn find(
        &mut self,
        region: &'s Region,
        allowed: bool,
    ) -> Result<Option<Found>, AnalysisError> {
        let set = self.region(region);
        let Some(all_allowed) = self.verdicts.first().map(|verdicts| verdicts.allowed) else {
            return Ok(None);
        };
        let set = if allowed {
            self.sets.diagram.and(set, all_allowed)
        } else {
            self.sets.diagram.without(set, all_allowed)
        };
        self.check()?;
        let Some(witness) = Witness::of(&self.sets, set) else { return Ok(None) };
        let outcome = self.outcome(&witness, 0)?;
        if outcome.is_allowed() != allowed {
            return Err(disagreement(&witness, &[&outcome]));
        }
        Ok(Some(Found { witness, outcome }))
    }

    /// Returns whether a region has any request.
    ///
    /// # Errors
    /// There are too many combinations.
    pub(crate) fn is_there(&mut self, region: &'s Region) -> Result<bool, AnalysisError> {
        let set = self.region(region);
        self.check()?;
        Ok(!set.is_empty())
    }

    /// Returns the requests of a region that there are.
    fn region(&mut self, region: &'s Region) -> Set {
        let mut set = self.scope(&region.scope);
        if let Some(unless) = &region.unless {
            let unless = self.scope(unless);
            set = self.sets.diagram.without(set, unless);
        }
        self.sets.diagram.and(set, self.possible)
    }

    /// Takes a set apart by the first of some sets that a request is in, and by the first of
    /// others, and adds a request of each kind of each part.
    fn each(
        &mut self,
        all: Set,
        lets_in: &[Set],
        refuses: &[Set],
        found: &mut Vec<Difference>,
    ) -> Result<(), AnalysisError> {
        let mut rest = self.sets.diagram.and(all, self.possible);
        for lets_in in lets_in {
            let mut part = self.sets.diagram.and(rest, *lets_in);
            rest = self.sets.diagram.without(rest, *lets_in);
            for refuses in refuses {
                if part.is_empty() {
                    break;
                }
                let here = self.sets.diagram.and(part, *refuses);
                part = self.sets.diagram.without(part, *refuses);
                let kinds = kinds(&mut self.sets, here);
                self.check()?;
                for kind in kinds {
                    found.push(self.difference(kind)?);
                }
            }
        }
        self.check()
    }

    fn difference(&self, kind: Kind) -> Result<Difference, AnalysisError> {
        let Kind { witness, others } = kind;
        let (old, new) = (self.outcome(&witness, 0)?, self.outcome(&witness, 1)?);
        if old.is_allowed() == new.is_allowed() {
            return Err(disagreement(&witness, &[&old, &new]));
        }
        Ok(Difference { witness, others, old, new })
    }

    fn outcome(&self, witness: &Witness, number: usize) -> Result<Outcome, AnalysisError> {
        let outcome = self.sides.get(number).and_then(|side| witness.outcome(number, side));
        outcome.ok_or_else(|| disagreement(witness, &[]))
    }

    fn scope(&mut self, scope: &'s Scope) -> Set {
        let set = self.sets.matching(of_scope(scope), Caller::Known);
        let anonymous = self.sets.without_token();
        match scope.token {
            Some(true) => self.sets.diagram.without(set, anonymous),
            Some(false) => self.sets.diagram.and(set, anonymous),
            None => set,
        }
    }

    fn check(&self) -> Result<(), AnalysisError> {
        if self.sets.diagram.is_full() { Err(TooComplex::Sets.into()) } else { Ok(()) }
    }
}

fn disagreement(witness: &Witness, outcomes: &[&Outcome]) -> AnalysisError {
    AnalysisError::Disagreement(format!("{witness:?} came to {outcomes:?}"))
}
