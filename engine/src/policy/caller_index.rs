//! From a caller to the rules of a group that may match: each rule is found by a role or a claim
//! that it can't match without.

use super::condition::ClaimSlot;
use super::roles::{Requirement, RoleId};
use super::rule::{CompiledRule, RoleScope, RuleContext};
use super::{Identity, RuleIndex};
use crate::claims::scalar_text;
use crate::hash::{self, HashMap};
use crate::order::grouped;
use serde_json::Value;
use std::collections::BTreeSet;

/// A rule is filed under no more keys than this, so that the index grows as the document does.
const MAX_KEYS: usize = 64;

/// Rules by what a caller must have to match. Lists are in the document's order.
#[derive(Debug, Default)]
pub(super) struct CallerIndex {
    by_role: HashMap<RoleId, Box<[RuleIndex]>>,
    by_claim: Vec<(ClaimSlot, ByText)>,
    /// Rules that ask for nothing that could be looked up.
    rest: Box<[RuleIndex]>,
}

type ByText = HashMap<Box<str>, Box<[RuleIndex]>>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LookupKey<'r> {
    Role(RoleId),
    Claim(ClaimSlot, &'r str),
}

impl CallerIndex {
    pub(super) fn new(rules: &[RuleIndex], all: &[CompiledRule], scope: RoleScope) -> Self {
        let rules = || deciding(rules, all, scope);
        let mut keys = Vec::new();
        for (_, rule) in rules() {
            let sets = lookup_keys(rule, scope);
            keys.extend(sets.into_iter().flatten().map(|key| (key, ())));
        }
        let uses = grouped(keys);
        let uses_of = |key: &LookupKey<'_>| {
            let at = uses.binary_search_by(|(known, _)| known.cmp(key)).ok()?;
            uses.get(at).map(|(_, uses)| uses.len())
        };
        let (mut filed, mut rest) = (Vec::new(), Vec::new());
        for (index, rule) in rules() {
            let crowd = |keys: &Vec<LookupKey<'_>>| keys.iter().filter_map(uses_of).max();
            match lookup_keys(rule, scope).into_iter().min_by_key(crowd) {
                Some(keys) => filed.extend(keys.into_iter().map(|key| (key, index))),
                None => rest.push(index),
            }
        }
        Self::collect(grouped(filed), rest)
    }

    #[inline(never)]
    fn collect(filed: Vec<(LookupKey<'_>, Vec<RuleIndex>)>, rest: Vec<RuleIndex>) -> Self {
        let mut by_role = hash::map();
        let mut by_claim: Vec<(ClaimSlot, ByText)> = Vec::new();
        for (key, rules) in filed {
            match key {
                LookupKey::Role(role) => _ = by_role.insert(role, rules.into()),
                LookupKey::Claim(slot, text) => {
                    // Keys come in order, so all of one claim come together.
                    if by_claim.last().is_none_or(|(last, _)| *last != slot) {
                        by_claim.push((slot, hash::map()));
                    }
                    if let Some((_, texts)) = by_claim.last_mut() {
                        texts.insert(text.into(), rules.into());
                    }
                }
            }
        }
        Self { by_role, by_claim, rest: rest.into() }
    }

    /// Returns the first rule that a caller satisfies, if it comes before `best`; else `best`.
    pub(super) fn first(
        &self,
        caller: &RuleContext<'_>,
        best: Option<RuleIndex>,
    ) -> Option<RuleIndex> {
        let best = caller.first(&self.rest, best);
        let Some(identity) = caller.identity else { return best };
        let mut best = best;
        self.visit(identity, |rules| best = caller.first(rules, best));
        best
    }

    fn visit<'m>(&'m self, identity: &Identity<'_>, mut found: impl FnMut(&'m [RuleIndex])) {
        if identity.roles.is_incomplete() {
            // Any role may be had: a DENY rule is not to be missed for one that was not read.
            self.by_role.values().for_each(|rules| found(rules));
        } else if !self.by_role.is_empty() {
            identity
                .roles
                .iter()
                .filter_map(|role| self.by_role.get(&role))
                .for_each(|rules| found(rules));
        }
        for (slot, texts) in &self.by_claim {
            let mut look_up = |value: &Value| {
                // A DENY rule takes a number or a Boolean for the text that it is written as.
                if let Some(rules) = scalar_text(value).and_then(|text| texts.get(text.as_ref())) {
                    found(rules);
                }
            };
            match identity.claim(*slot) {
                Some(Value::Array(elements)) => elements.iter().for_each(look_up),
                Some(value) => look_up(value),
                None => {}
            }
        }
    }
}

/// Returns the rules that can be the first to match. Of those that ask the same of roles and
/// nothing of claims, only the first can.
fn deciding<'r>(
    rules: &'r [RuleIndex],
    all: &'r [CompiledRule],
    scope: RoleScope,
) -> impl Iterator<Item = (RuleIndex, &'r CompiledRule)> {
    let mut seen: BTreeSet<(bool, bool, Option<&Requirement>)> = BTreeSet::new();
    let rules = rules.iter().filter_map(|&index| Some((index, all.get(index.position())?)));
    rules.filter(move |(_, rule)| {
        let roles = (scope == RoleScope::Everything).then_some(&rule.roles);
        (scope == RoleScope::Everything || !rule.roles.is_empty())
            && (!rule.when.is_empty() || seen.insert((rule.shadow, rule.needs_token, roles)))
    })
}

/// Returns the sets of keys a rule can be filed under: a caller that satisfies it has at least one
/// key of each set.
fn lookup_keys<'r>(rule: &'r CompiledRule, scope: RoleScope) -> Vec<Vec<LookupKey<'r>>> {
    let mut lookup_keys: Vec<Vec<LookupKey<'r>>> = Vec::new();
    if scope == RoleScope::Everything {
        lookup_keys.push(rule.roles.any_of.iter().copied().map(LookupKey::Role).collect());
        lookup_keys
            .extend(rule.roles.all_of.iter().copied().map(|role| vec![LookupKey::Role(role)]));
    }
    for (slot, texts) in rule.when.iter().filter_map(|condition| condition.strings()) {
        lookup_keys.push(texts.iter().map(|text| LookupKey::Claim(slot, text)).collect());
    }
    lookup_keys.retain(|keys| !keys.is_empty() && keys.len() <= MAX_KEYS);
    lookup_keys
}
