//! What is asked of each claim, gathered before its classes are found.

mod tokens;

use crate::shown::quoted;
use crate::symbolic::diagram::Diagram;
use crate::symbolic::language::Program;
use crate::symbolic::side::Side;
use crate::symbolic::too_complex::TooComplex;
use crate::symbolic::universe::claim_draft::ClaimDraft;
use crate::symbolic::universe::claims::Claim;
use crate::symbolic::universe::issuers::SharedIssuer;
use crate::symbolic::universe::part::Part;
use crate::symbolic::universe::paths::{Paths, Probes};
use crate::symbolic::universe::questions::{looks_at_claim_alone, of_good_token, of_test};
use crate::symbolic::universe::values;
use attache_engine::policy::PathProbe;
use attache_plugin_config::{ClaimPath, Condition, HeaderName, Issuer, Test};
use foldhash::{HashSet, HashSetExt as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Drafts<'u> {
    claims: BTreeMap<ClaimPath, ClaimDraft<'u>>,
    /// The claims, by their numbers, that each header is compared with.
    pub(super) compared_headers: BTreeMap<HeaderName, BTreeSet<usize>>,
    pub(super) limits: BTreeSet<String>,
}

impl<'u> Drafts<'u> {
    pub(super) fn gather(sides: &'u [Side], issuers: &[SharedIssuer], parts: &[Part<'u>]) -> Self {
        let mut drafts = Self {
            claims: BTreeMap::new(),
            compared_headers: BTreeMap::new(),
            limits: BTreeSet::new(),
        };
        let mut asked = HashSet::new();
        for part in parts {
            for condition in &part.rule.when {
                drafts.condition(condition, part.denies(), &mut asked);
            }
        }
        let issuers: Vec<(&'u Side, &'u Issuer)> = sides
            .iter()
            .enumerate()
            .flat_map(|(number, side)| {
                let numbers = issuers.iter().filter_map(move |issuer| issuer.get(number)).copied();
                numbers.filter_map(move |number| Some((side, side.config.issuers.get(number)?)))
            })
            .collect();
        for (_, issuer) in &issuers {
            drafts.issuer(issuer, &mut asked);
        }
        let roles = roles(sides, parts);
        if !roles.is_empty() {
            for (side, issuer) in &issuers {
                drafts.role_claims(side, issuer, &roles);
            }
        }
        for (_, issuer) in &issuers {
            drafts.written_claims(issuer);
        }
        let used: Vec<ClaimPath> = drafts.claims.keys().cloned().collect();
        for (side, issuer) in &issuers {
            for (path, question) in of_good_token(issuer, side.role_table(), &used) {
                drafts.draft(&path).questions.push(question);
            }
        }
        drafts.note_nesting(&used);
        drafts.join_compared(parts);
        for (path, draft) in &mut drafts.claims {
            draft.may_be_list = may_be_list(path);
            draft.only = sides.first().and_then(|side| only(path, side));
        }
        drafts.number_headers(parts);
        drafts.note_limits();
        drafts
    }

    /// Returns what segments of paths are compared with: a test of paths, the name of a segment,
    /// and a pattern of the claim.
    pub(super) fn segments(&self, parts: &[Part<'_>]) -> Vec<(usize, String, Program)> {
        let mut probes = Probes::of(parts);
        let mut segments = Vec::new();
        let mut seen = HashSet::new();
        for (probe, name, claim, _) in compared_segments(parts) {
            let number = probes.add(probe);
            if !seen.insert((number, name.to_owned(), claim.clone())) {
                continue;
            }
            let programs =
                self.claims.get(claim).into_iter().flat_map(|draft| &draft.drafts.programs);
            segments.extend(programs.map(|program| (number, name.to_owned(), program.clone())));
        }
        segments
    }

    /// Adds the texts that segments of paths have to the claims that are compared with them.
    pub(super) fn add_segments(&mut self, parts: &[Part<'_>], paths: &Paths) {
        let mut texts: BTreeMap<ClaimPath, BTreeSet<String>> = BTreeMap::new();
        for (probe, name, claim, denies) in compared_segments(parts) {
            let texts = texts.entry(claim.clone()).or_default();
            for class in paths.matching(&probe) {
                let Some(segment) =
                    paths.texts.get(*class).and_then(|path| probe.capture(name, path))
                else {
                    continue;
                };
                texts.insert(segment.to_owned());
                if denies {
                    texts.insert(segment.to_uppercase());
                }
            }
        }
        for (claim, texts) in texts {
            let draft = self.draft(&claim);
            texts.iter().for_each(|text| draft.drafts.add_text(text));
        }
    }

    /// Finds the classes of all claims, in the order of their paths.
    pub(super) fn claims(&self, diagram: &mut Diagram) -> Result<Vec<Claim>, TooComplex> {
        let found = self.claims.iter().map(|(path, draft)| Claim::find(path, draft));
        let mut claims: Vec<Claim> = found.collect::<Result<_, _>>()?;
        // Where claims are compared with what is no constant, what one is depends on what others
        // are: which class each is in is told before anything else of any.
        if self.claims.values().any(|draft| draft.is_compared) {
            claims.iter().for_each(|claim| claim.take_kind(diagram));
        }
        // Whether two lists are the same is told bit by bit: bits of the same element must be
        // neighbours, or the diagram grows with all combinations of those between.
        let compared: Vec<bool> =
            self.claims.values().map(|draft| draft.is_compared_with_claim).collect();
        let of_compared = || claims.iter().zip(&compared).filter(|(_, is_compared)| **is_compared);
        let elements: Vec<Value> =
            of_compared().flat_map(|(claim, _)| &claim.elements).cloned().collect();
        for element in &elements {
            let compared =
                claims.iter_mut().zip(&compared).filter(|(_, is_compared)| **is_compared);
            compared.for_each(|(claim, _)| claim.reserve(element, diagram));
        }
        Ok(claims)
    }

    fn draft(&mut self, path: &ClaimPath) -> &mut ClaimDraft<'u> {
        self.claims.entry(path.clone()).or_default()
    }

    fn condition(&mut self, condition: &Condition, denies: bool, asked: &mut HashSet<String>) {
        let is_new = asked.insert(format!("{denies} {condition:?}"));
        let draft = self.draft(&condition.claim);
        if !is_new {
            return;
        }
        draft.drafts.add(&condition.test);
        if looks_at_claim_alone(&condition.test) {
            draft.questions.push(of_test(&condition.test, denies));
        } else {
            draft.is_compared = true;
        }
        if let Test::EqualsClaim(other) = &condition.test {
            draft.is_compared_with_claim = true;
            let other = self.draft(other);
            other.is_compared = true;
            other.is_compared_with_claim = true;
        }
    }

    fn note_nesting(&mut self, used: &[ClaimPath]) {
        for (path, draft) in &mut self.claims {
            draft.holds_claims = used.iter().any(|other| is_within(other, path));
        }
    }

    /// Has claims that are compared with each other have values in common.
    fn join_compared(&mut self, parts: &[Part<'_>]) {
        let mut all = values::Drafts::default();
        let compared = |draft: &&mut ClaimDraft<'_>| draft.is_compared_with_claim;
        if !parts
            .iter()
            .flat_map(|part| &part.rule.when)
            .any(|it| matches!(it.test, Test::EqualsClaim(_)))
        {
            return;
        }
        all.add_text("same");
        self.claims
            .values()
            .filter(|draft| draft.is_compared_with_claim)
            .for_each(|draft| all.join(&draft.drafts));
        self.claims.values_mut().filter(compared).for_each(|draft| draft.drafts.join(&all));
    }

    fn number_headers(&mut self, parts: &[Part<'_>]) {
        let numbers: BTreeMap<&ClaimPath, usize> =
            self.claims.keys().enumerate().map(|(number, path)| (path, number)).collect();
        for condition in parts.iter().flat_map(|part| &part.rule.when) {
            if let Test::EqualsHeader(name) = &condition.test {
                let claims = self.compared_headers.entry(name.clone()).or_default();
                claims.extend(numbers.get(&condition.claim));
            }
        }
    }

    /// Notes what is not followed to the end.
    fn note_limits(&mut self) {
        for (claim, draft) in &self.claims {
            let (drafts, path) = (&draft.drafts, quoted(&claim.to_string()));
            if matches!(claim.steps(), [name] if matches!(name.as_str(), "exp" | "nbf" | "iat")) {
                self.limits.insert(format!(
                    "{path} is a time; only tokens that live for five minutes were looked at"
                ));
            }
            if draft.is_compared_with_claim && draft.holds_claims {
                self.limits.insert(format!(
                    "{path} is compared with another claim, and a claim in it is asked for; objects that are equal were \
                     not looked at"
                ));
            }
            if drafts.has_parts && !drafts.numbers.is_empty() {
                self.limits.insert(format!(
                    "`{path}` is held against parts of texts and against numbers; not every pair of values was looked at"
                ));
            }
            if !drafts.expressions.is_empty() && (draft.is_compared || !drafts.numbers.is_empty()) {
                self.limits.insert(format!(
                    "{path} is held against a regular expression and compared in another way too; not every pair of \
                     values was looked at"
                ));
            }
        }
    }
}

/// Returns every test of paths with the name of a segment that a claim is compared with, and
/// whether that is for a DENY rule.
fn compared_segments<'p>(
    parts: &'p [Part<'_>],
) -> impl Iterator<Item = (PathProbe, &'p str, &'p ClaimPath, bool)> {
    parts.iter().flat_map(|part| {
        let conditions = part.rule.when.iter().filter_map(|condition| match &condition.test {
            Test::EqualsPath(name) => Some((name.as_str(), &condition.claim)),
            _ => None,
        });
        conditions.flat_map(move |(name, claim)| {
            let patterns = part.rule.to.iter().flat_map(|operation| &operation.paths);
            let probes = patterns.flat_map(|pattern| part.probes(pattern));
            probes.map(move |probe| (probe, name, claim, part.denies()))
        })
    })
}

/// Returns the roles that anybody asks for, and those that include others.
fn roles(sides: &[Side], parts: &[Part<'_>]) -> BTreeSet<String> {
    let asked = parts.iter().map(|part| &part.rule.roles);
    let asked: BTreeSet<String> = asked
        .flat_map(|roles| roles.any_of.iter().chain(&roles.all_of).chain(&roles.none_of))
        .cloned()
        .collect();
    if asked.is_empty() {
        return asked;
    }
    let hierarchies = sides.iter().flat_map(|side| &side.config.role_hierarchy);
    let including =
        hierarchies.flat_map(|(role, included)| std::iter::once(role).chain(included)).cloned();
    asked.iter().cloned().chain(including).collect()
}

fn may_be_list(path: &ClaimPath) -> bool {
    !matches!(path.steps(), [name] if matches!(name.as_str(), "sub" | "jti" | "iss" | "exp" | "nbf" | "iat"))
}

/// Returns the only value that a time has.
fn only(path: &ClaimPath, side: &Side) -> Option<Vec<Option<Value>>> {
    match path.steps() {
        [name] if name == "exp" => Some(vec![Some(json!(side.expires))]),
        [name] if name == "iat" => Some(vec![Some(json!(side.now))]),
        [name] if name == "nbf" => Some(vec![None]),
        _ => None,
    }
}

/// Returns whether a claim lies within another.
pub(in crate::symbolic) fn is_within(inner: &ClaimPath, outer: &ClaimPath) -> bool {
    inner.steps().len() > outer.steps().len() && inner.steps().starts_with(outer.steps())
}
