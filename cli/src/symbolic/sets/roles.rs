//! The requests of callers that have a role.

use super::Sets;
use super::reading::{Holders, Readings};
use crate::symbolic::diagram::Set;
use crate::symbolic::universe::role_reader;
use foldhash::{HashMap, HashMapExt as _};

impl Sets<'_> {
    /// Returns the requests of callers that have a role on a side.
    pub(in super::super) fn role(&mut self, side: usize, role: &str) -> Set {
        let key = (side, role.to_owned());
        if let Some(&known) = self.roles.get(&key) {
            return known;
        }
        let mut all = Vec::new();
        for shared in 0..self.universe.issuers.len() {
            let sources =
                self.universe.issuer_of(side, shared).map_or(0, |issuer| issuer.role_claims.len());
            let held =
                (0..sources).map(|source| self.role_from(side, shared, source, role)).collect();
            let held = self.diagram.any(held);
            let issued = self.issued_by(shared);
            all.push(self.diagram.and(issued, held));
        }
        let set = self.diagram.any(all);
        self.roles.insert(key, set);
        set
    }

    /// Returns the requests whose claim, as one source of an issuer reads it, has a role.
    fn role_from(&mut self, side: usize, shared: usize, source: usize, role: &str) -> Set {
        let key = (side, shared, source);
        if !self.readings.contains_key(&key) {
            let read = self.read_roles(side, shared, source).unwrap_or_default();
            self.readings.insert(key, read);
        }
        let Some(Readings { claim, roles }) = self.readings.get(&key) else { return Set::NONE };
        let Some(Holders { singles, elements }) = roles.get(role) else { return Set::NONE };
        let Self { diagram, universe, .. } = self;
        let Some(claim) = universe.claims.get_mut(*claim) else { return Set::NONE };
        claim.of_classes(diagram, singles, elements)
    }

    /// Reads the roles of every class of a claim once.
    fn read_roles(&self, side: usize, shared: usize, source: usize) -> Option<Readings> {
        let source = self.universe.issuer_of(side, shared)?.role_claims.get(source)?;
        let read = role_reader(self.universe.sides.get(side)?.role_table(), source);
        let number = self.universe.claim(&source.claim)?;
        let claim = self.universe.claims.get(number)?;
        let mut roles: HashMap<String, Holders> = HashMap::new();
        for (number, value) in claim.singles.iter().enumerate() {
            for role in value.as_ref().and_then(&read).into_iter().flatten() {
                roles.entry(role).or_default().singles.push(number);
            }
        }
        for (number, value) in claim.elements.iter().enumerate() {
            for role in read(&claim.list_with(value)).into_iter().flatten() {
                roles.entry(role).or_default().elements.push(number);
            }
        }
        Some(Readings { claim: number, roles })
    }
}
