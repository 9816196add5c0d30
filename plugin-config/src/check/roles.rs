//! Roles that include roles.

use super::{Checker, text};
use crate::Role;
use crate::document::Document;
use attache_config_reader::{List, Map, PathRef, quote};
use std::collections::{BTreeMap, BTreeSet};

/// The most roles that include others.
const MAX_ROLES: usize = 4096;

/// What each role directly includes.
pub(super) type Hierarchy = BTreeMap<Role, Vec<Role>>;

#[inline(never)]
pub(super) fn hierarchy(document: &Document, checker: &mut Checker) -> Hierarchy {
    let mut hierarchy = Hierarchy::new();
    let root = PathRef::Root.key("roleHierarchy");
    if document.role_hierarchy.as_ref().is_some_and(|roles| roles.len() > MAX_ROLES) {
        checker.error(&root, format!("{MAX_ROLES} roles at most can include others"));
        return hierarchy;
    }
    for (role, included) in document.role_hierarchy.iter().flat_map(Map::iter) {
        let at = root.key(role);
        let role = checker.ok_or_report(&at, text::role(role));
        let included = checker.strings(included.get().ok(), &at, text::role);
        if let Ok(role) = role {
            hierarchy.insert(role, included);
        }
    }
    for cycle in cycles(&hierarchy) {
        let Some(first) = cycle.first() else { continue };
        let way: Vec<String> = cycle.iter().map(|role| quote(role)).collect();
        let message =
            format!("a role may not include itself: {}; take one of these out", way.join(" → "));
        checker.error(&root.key(first), message);
    }
    hierarchy
}

/// Notes the first rule that asks for roles where no issuer says where roles are: nobody would have
/// any.
pub(super) fn check_read(document: &Document, checker: &mut Checker) {
    let Ok(issuers) = document.issuers.get() else { return };
    // What could not be read is not held against a rule.
    if issuers.iter().count() < issuers.len()
        || issuers.iter().any(|(_, issuer)| issuer.role_claims.is_some())
    {
        return;
    }
    let policies = document.policies.iter().flat_map(List::iter);
    let rules = policies.flat_map(|(policy, document)| {
        document
            .rules
            .iter()
            .flat_map(List::iter)
            .map(move |(rule, document)| (policy, rule, document))
    });
    if let Some((policy, rule, _)) = rules.into_iter().find(|(.., rule)| rule.roles.is_some()) {
        let policies = PathRef::Root.key("policies");
        let policy = policies.index(policy);
        let rules = policy.key("rules");
        let rule = rules.index(rule);
        let message = "no issuer says where roles are, so nobody has any; give one \
                       `roleClaims: [{claim: realm_access.roles}]`";
        checker.error(&rule.key("roles"), message);
    }
}

/// Returns every role that a role includes, itself among them.
pub(super) fn closure<'h>(hierarchy: &'h Hierarchy, role: &'h str) -> BTreeSet<&'h str> {
    let mut found = BTreeSet::from([role]);
    let mut open = vec![role];
    while let Some(role) = open.pop() {
        for included in hierarchy.get(role).into_iter().flatten() {
            if found.insert(included) {
                open.push(included);
            }
        }
    }
    found
}

/// Returns a way round for each group of roles that include each other; it begins and ends with the
/// same role.
#[inline(never)]
fn cycles(hierarchy: &Hierarchy) -> Vec<Vec<&str>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in hierarchy.keys() {
        // Depth first, without recursion: the document decides how deep. Each entry is a role on
        // the way and the roles it includes that are still to be tried.
        let mut way =
            vec![(start.as_str(), hierarchy.get(start).map_or(&[][..], Vec::as_slice).iter())];
        if done.contains(start.as_str()) {
            continue;
        }
        let mut on_way = BTreeSet::from([start.as_str()]);
        while let Some((role, rest)) = way.last_mut() {
            let Some(next) = rest.next() else {
                on_way.remove(role);
                done.insert(role);
                way.pop();
                continue;
            };
            if on_way.contains(next.as_str()) {
                let mut cycle: Vec<&str> =
                    way.iter().map(|(role, _)| *role).skip_while(|role| role != next).collect();
                cycle.push(next);
                cycles.push(cycle);
            } else if !done.contains(next.as_str()) {
                let included = hierarchy.get(next).map_or(&[][..], Vec::as_slice);
                on_way.insert(next);
                way.push((next, included.iter()));
            }
        }
    }
    cycles
}
