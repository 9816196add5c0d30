//! Which requests a side lets through, as the engine decides it (`engine/src/policy/verdict.rs`).

use super::diagram::{Diagram, Set};
use super::sets::{Caller, Sets};
use super::universe::{Part, Universe, is_within, looks_at_claim_alone, of_good_token};
use attache_plugin_config::{Action, Authentication, ClaimPath, Test};

/// What a side says of all requests.
pub(super) struct Verdicts {
    /// Those that it lets through.
    pub(super) allowed: Set,
    /// Those that each of its ALLOW rules would let through, in the document's order.
    pub(super) by_allow: Vec<Set>,
    /// Those that each of its DENY rules refuses, in the document's order.
    pub(super) by_deny: Vec<Set>,
}

impl Verdicts {
    /// Finds what a side says.
    pub(super) fn of(sets: &mut Sets<'_>, side: usize) -> Self {
        let sides = sets.universe.sides;
        let Some(own) = sides.get(side) else {
            return Self { allowed: Set::NONE, by_allow: Vec::new(), by_deny: Vec::new() };
        };
        let parts: Vec<Part<'_>> =
            own.rules().map(|(policy, rule)| Part { rule, paths: policy.paths, side }).collect();
        let (mut public, mut optional) = (Vec::new(), Vec::new());
        for part in parts.iter().filter(|part| part.rule.action == Action::Allow) {
            match part.rule.authentication {
                Authentication::None => public.push(sets.target(*part)),
                Authentication::Optional => optional.push(sets.target(*part)),
                Authentication::Required => {}
            }
        }
        let (public, optional) = (sets.diagram.any(public), sets.diagram.any(optional));
        let anonymous = sets.without_token();
        let (mut by_allow, mut by_deny) = (Vec::new(), Vec::new());
        for part in parts {
            let matching = sets.matching(part, Caller::Known);
            if part.denies() {
                let unknown = sets.matching(part, Caller::Anonymous);
                by_deny.push(sets.diagram.choose(public, unknown, matching));
            } else if part.rule.authentication == Authentication::Required {
                let matching = sets.diagram.without(matching, anonymous);
                // Of a public request nobody knows the sender.
                by_allow.push(sets.diagram.without(matching, public));
            } else {
                by_allow.push(matching);
            }
        }
        let denied = sets.diagram.any(by_deny.clone());
        let by_rule = sets.diagram.any(by_allow.clone());
        let applies = own.policies().next().is_some();
        let by_default =
            !applies || own.policies().all(|policy| policy.default_action == Action::Allow);
        let by_rule = sets.diagram.or(by_rule, Set::of(by_default));
        let without_token = sets.diagram.and(optional, by_rule);
        let known = sets.diagram.choose(anonymous, without_token, by_rule);
        let allowed = sets.diagram.or(public, known);
        Self { allowed: sets.diagram.without(allowed, denied), by_allow, by_deny }
    }
}

/// Returns the requests that there are: each thing has a class, and a token is good on all sides.
pub(super) fn possible(sets: &mut Sets<'_>) -> Set {
    let mut all = valid(sets);
    let anonymous = sets.without_token();
    for number in 0..sets.universe.claims.len() {
        let Some(claim) = sets.universe.claims.get(number) else { continue };
        let absent = claim.absent(&mut sets.diagram);
        let fits = sets.diagram.choose(anonymous, absent, Set::ALL);
        all = sets.diagram.and(all, fits);
    }
    let nested = nested(sets);
    all = sets.diagram.and(all, nested);
    for shared in 0..sets.universe.issuers.len() {
        let issued = sets.issued_by(shared);
        for side in 0..sets.universe.sides.len() {
            let good = good_tokens(sets, side, shared);
            let fits = sets.diagram.choose(issued, good, Set::ALL);
            all = sets.diagram.and(all, fits);
        }
    }
    all
}

fn valid(sets: &mut Sets<'_>) -> Set {
    let Universe { path, method, host, port, caller, address, issuer, .. } = sets.universe;
    let dimensions = [path, method, host, port, caller, address, issuer];
    let diagram = &mut sets.diagram;
    let mut all = Set::ALL;
    for dimension in
        dimensions.into_iter().chain(sets.universe.headers.0.values().map(|header| header.value))
    {
        let valid = dimension.valid(diagram);
        all = diagram.and(all, valid);
    }
    for claim in &sets.universe.claims {
        let valid = claim.valid(diagram);
        all = diagram.and(all, valid);
    }
    all
}

/// Returns the requests whose claims lie in an object where they lie in another claim.
fn nested(sets: &mut Sets<'_>) -> Set {
    let mut all = Set::ALL;
    for outer in &sets.universe.claims {
        let inside =
            sets.universe.claims.iter().filter(|inner| is_within(&inner.path, &outer.path));
        for inner in inside {
            let diagram = &mut sets.diagram;
            let objects = outer.those(&|value| value.is_some_and(serde_json::Value::is_object));
            let object = outer.single(diagram, &objects);
            // Behind what is no object, roles can't be read.
            let read = reading_roles(&sets.universe, diagram, &inner.path);
            let nothing = outer.absent(diagram);
            let fine = diagram.choose(read, nothing, Set::ALL);
            let absent = inner.absent(diagram);
            let absent = diagram.and(absent, fine);
            let fits = diagram.or(object, absent);
            all = diagram.and(all, fits);
        }
    }
    all
}

/// Returns the requests with a token of an issuer that keeps roles in a claim.
fn reading_roles(universe: &Universe<'_>, diagram: &mut Diagram, claim: &ClaimPath) -> Set {
    let mut all = Vec::new();
    for shared in 0..universe.issuers.len() {
        let issuers = (0..universe.sides.len()).filter_map(|side| universe.issuer_of(side, shared));
        if issuers.flat_map(|issuer| &issuer.role_claims).any(|source| source.claim == *claim) {
            all.push(universe.issuer.member(diagram, shared.saturating_add(1)));
        }
    }
    diagram.any(all)
}

/// Returns the requests whose token is good for an issuer's entry on a side, given that it is that
/// issuer's.
fn good_tokens(sets: &mut Sets<'_>, side: usize, shared: usize) -> Set {
    let Some((issuer, own)) =
        sets.universe.issuer_of(side, shared).zip(sets.universe.sides.get(side))
    else {
        return Set::NONE;
    };
    let used: Vec<ClaimPath> =
        sets.universe.claims.iter().map(|claim| claim.path.clone()).collect();
    let mut good = Set::ALL;
    for (path, question) in of_good_token(issuer, own.role_table(), &used) {
        let holds = sets.asked(&path, &question);
        good = sets.diagram.and(good, holds);
    }
    for condition in issuer.claims.iter().filter(|condition| !looks_at_claim_alone(&condition.test))
    {
        let holds = match &condition.test {
            Test::EqualsClaim(other) => sets.equals_claim(condition, other, &issuer.subject_prefix),
            _ => sets.condition(condition, false, Caller::Known),
        };
        good = sets.diagram.and(good, holds);
    }
    if !issuer.presenters.is_empty() {
        let presenters = sets.universe.callers.presenting(&issuer.presenters);
        let presented = sets.universe.caller.members(&mut sets.diagram, &presenters);
        good = sets.diagram.and(good, presented);
    }
    good
}
