//! Roles: the ones that policies know, what they include, and which of them a token has.

use super::role_claim;
use crate::claims::Claims;
use crate::hash::{self, HashMap};
use attache_plugin_config::{Action, Role, RoleClaim, RoleRequirement};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// The number of a role in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RoleId(u32);

impl RoleId {
    fn position(self) -> usize {
        self.0 as usize
    }
}

/// The roles that policies ask for and those that include them. Others have no number and cost
/// nothing.
#[derive(Clone, Debug)]
pub struct RoleTable {
    ids: HashMap<Box<str>, RoleId>,
    /// What each role includes directly.
    includes: Vec<Vec<RoleId>>,
}

/// What of a token's roles policies can ask for, with all that these roles include, as one bit a
/// role.
///
/// A set belongs to the table that made it; tables that were compiled from the same configuration
/// for the same workload number their roles alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoleSet {
    /// The last word is not 0.
    words: SmallVec<[u64; 2]>,
    /// A claim that should hold roles is there and can't be read: the caller may have any.
    is_incomplete: bool,
}

impl RoleTable {
    /// Returns a table of a hierarchy: the roles that a role directly includes.
    pub(super) fn new(hierarchy: &BTreeMap<Role, Vec<Role>>) -> Self {
        let mut table = Self { ids: hash::map(), includes: Vec::new() };
        for (role, included) in hierarchy {
            let id = table.intern(role);
            let mut included: Vec<RoleId> =
                included.iter().map(|role| table.intern(role)).collect();
            if let Some(includes) = table.includes.get_mut(id.position()) {
                includes.append(&mut included);
            }
        }
        table
    }

    /// Returns the number of a role, given now if it has none yet.
    pub(super) fn intern(&mut self, role: &str) -> RoleId {
        if let Some(&id) = self.ids.get(role) {
            return id;
        }
        let id = RoleId(u32::try_from(self.includes.len()).unwrap_or(u32::MAX));
        self.ids.insert(role.into(), id);
        self.includes.push(Vec::new());
        id
    }

    /// Joins the roles that a token's claims hold, with all that they include.
    pub fn read(&self, claims: &Claims, role_claims: &[RoleClaim]) -> RoleSet {
        let mut roles = RoleSet::default();
        for source in role_claims {
            let read = role_claim::read(claims, source, &mut |role| {
                self.add(&source.prefix, role, &mut roles)
            });
            roles.is_incomplete |= read.is_err();
        }
        roles
    }

    /// Returns the names of the roles of a set, in order.
    #[cfg(feature = "explain")]
    pub fn names(&self, roles: &RoleSet) -> Vec<String> {
        let mut names: Vec<String> = (self.ids.iter())
            .filter(|(_, id)| roles.contains(**id))
            .map(|(name, _)| name.to_string())
            .collect();
        names.sort_unstable();
        names
    }

    /// Returns the names of the roles that claims hold, with their prefixes, whether policies know
    /// them or not; what can't be read has none.
    #[cfg(feature = "explain")]
    pub fn names_in(claims: &Claims, role_claims: &[RoleClaim]) -> Vec<String> {
        let mut names = Vec::new();
        for source in role_claims {
            // An error is told beside the roles that can be read.
            _ = role_claim::read(claims, source, &mut |role| {
                if !role.is_empty() {
                    names.push([&source.prefix, role].concat());
                }
            });
        }
        names
    }

    fn add(&self, prefix: &str, role: &str, roles: &mut RoleSet) {
        if role.is_empty() {
            return;
        }
        let id = if prefix.is_empty() {
            self.ids.get(role)
        } else {
            self.ids.get([prefix, role].concat().as_str())
        };
        let mut pending: Vec<RoleId> = id.copied().into_iter().collect();
        while let Some(id) = pending.pop() {
            if roles.insert(id) {
                pending.extend(self.includes.get(id.position()).into_iter().flatten());
            }
        }
    }
}

impl RoleSet {
    /// Returns whether it holds a role. False for a role that it held already.
    fn insert(&mut self, id: RoleId) -> bool {
        let (word, bit) = place(id);
        if self.words.len() <= word {
            self.words.resize(word.saturating_add(1), 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(super) fn contains(&self, id: RoleId) -> bool {
        let (word, bit) = place(id);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Its roles, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = RoleId> {
        (0_u32..).step_by(64).zip(&self.words).flat_map(|(first, &word)| {
            std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|&rest| rest != 0)
                .map(move |rest| RoleId(first | rest.trailing_zeros()))
        })
    }

    /// Returns whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns whether a claim that should hold roles is there and can't be read: the caller may
    /// have more than these.
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }
}

fn place(id: RoleId) -> (usize, u64) {
    (id.position() >> 6, 1 << (id.0 & 63))
}

/// What roles a rule needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Requirement {
    pub any_of: Box<[RoleId]>,
    pub all_of: Box<[RoleId]>,
    pub none_of: Box<[RoleId]>,
}

impl Requirement {
    pub(super) fn compile(requirement: &RoleRequirement, table: &mut RoleTable) -> Self {
        let RoleRequirement { any_of, all_of, none_of } = requirement;
        let mut ids = |roles: &[Role]| roles.iter().map(|role| table.intern(role)).collect();
        Self { any_of: ids(any_of), all_of: ids(all_of), none_of: ids(none_of) }
    }

    /// Returns whether it asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.any_of.is_empty() && self.all_of.is_empty() && self.none_of.is_empty()
    }

    /// Returns whether a rule of this action may take a caller with these roles for one that it is
    /// for. A role that the caller may have, as a claim can't be read, counts against them only: it
    /// is had for a DENY rule and for `noneOf`.
    pub(super) fn holds(&self, roles: &RoleSet, action: Action) -> bool {
        let has = |id: &RoleId| roles.contains(*id);
        if roles.is_incomplete {
            return match action {
                Action::Allow => self.none_of.is_empty() && self.has_wanted(roles),
                Action::Deny => !self.none_of.iter().any(has),
            };
        }
        self.has_wanted(roles) && !self.none_of.iter().any(has)
    }

    fn has_wanted(&self, roles: &RoleSet) -> bool {
        let has = |id: &RoleId| roles.contains(*id);
        (self.any_of.is_empty() || self.any_of.iter().any(has)) && self.all_of.iter().all(has)
    }
}

#[cfg(test)]
mod tests;
