//! The verdict on a request of which not everything is known: what it is whatever the rest may be,
//! or what it depends on.
//!
//! It is drawn as the engine draws it (`engine/src/pipeline/authorize.rs`,
//! `engine/src/policy/verdict.rs`), in the logic of [`Tri`], from tests that the engine ran.

use super::fate::one_of;
use super::weigh::Weighing;
use super::{Fate, Need, Outcome, Says, TokenState, Tri};
use attache_engine::policy::{RuleIndex, RuleTrace, Subject};
use attache_engine::{ReadingRules, Reason};
use attache_plugin_config::{Action, Authentication};
use std::collections::BTreeSet;

impl Weighing<'_> {
    /// Returns what becomes of the request.
    pub(super) fn fate(&self) -> Fate {
        let mut outcomes = Vec::new();
        match &self.trace.flaw {
            Some((reason, _)) if self.knows_flaw(*reason) => {
                outcomes.push(Outcome::refused(*reason, None));
                outcomes.extend(self.hidden_flaws());
                return one_of(&outcomes).map_or_else(|| Fate::Unknown(self.needs()), Fate::Known);
            }
            Some((reason, _)) => outcomes.push(Outcome::refused(*reason, None)),
            None => outcomes.extend(self.hidden_flaws()),
        }
        for authentication in self.needed() {
            for state in self.token_states() {
                outcomes.extend(self.with_token(authentication, *state));
            }
        }
        if self.may_be_preflight {
            outcomes.extend(self.preflight());
        }
        match one_of(&outcomes) {
            Some(outcome) => Fate::Known(outcome),
            None => Fate::Unknown(self.needs()),
        }
    }

    /// Returns whether what is at fault was read for certain.
    fn knows_flaw(&self, reason: Reason) -> bool {
        match reason {
            Reason::PathAmbiguous => self.knows.path,
            Reason::MethodAmbiguous => self.knows.method,
            _ => self.knows.host,
        }
    }

    /// Returns the refusals that a part of the request may bring that is not known.
    fn hidden_flaws(&self) -> Vec<Outcome> {
        let parts = [
            (self.knows.path, Subject::Path, Reason::PathAmbiguous),
            (self.knows.method, Subject::Method, Reason::MethodAmbiguous),
            (self.knows.host, Subject::Host, Reason::HostAmbiguous),
        ];
        let hidden =
            parts.into_iter().filter(|(is_known, subject, _)| !is_known && self.uses(subject));
        hidden.map(|(_, _, reason)| Outcome::refused(reason, None)).collect()
    }

    /// Returns whether a rule that counts asks for this.
    fn uses(&self, subject: &Subject) -> bool {
        let first = self.trace.readings.first();
        let rules = first.into_iter().flat_map(|reading| self.counting(&reading.anonymous));
        let mut tests = rules.flat_map(|rule| &rule.targets).flat_map(|target| &target.tests);
        tests.any(|test| test.subject == *subject)
    }

    fn token_states(&self) -> &'static [TokenState] {
        use TokenState::{Bad, Good, Missing, NotGood, Unknown};
        match self.state {
            Good if self.missing_issuer.is_some() || self.are_issuers_others => &[Good, Bad],
            Good => &[Good],
            Missing if self.are_issuers_others => &[Good, Missing, Bad],
            Missing => &[Missing],
            Bad if self.are_issuers_others => &[Good, Bad],
            Bad => &[Bad],
            NotGood if !self.are_issuers_others => &[Missing, Bad],
            NotGood | Unknown => &[Good, Missing, Bad],
        }
    }

    /// Returns what the request may need: the most that any of its readings does.
    fn needed(&self) -> Vec<Authentication> {
        let readings: Vec<(Tri, Tri)> =
            self.trace.readings.iter().map(|reading| self.reading_needs(reading)).collect();
        let each = || readings.iter().copied();
        let required =
            Tri::any(each().map(|(public, optional)| Tri::all([public.not(), optional.not()])));
        let public = Tri::all(each().map(|(public, _)| public));
        let optional =
            Tri::any(each().map(|(public, optional)| Tri::all([public.not(), optional])));
        let mut needed = Vec::new();
        if required != Tri::No {
            needed.push(Authentication::Required);
        }
        if required != Tri::Yes && public != Tri::No {
            needed.push(Authentication::None);
        }
        if required != Tri::Yes && optional != Tri::No {
            needed.push(Authentication::Optional);
        }
        needed
    }

    /// Returns whether a reading is public, and whether it may come without a token.
    fn reading_needs(&self, reading: &ReadingRules) -> (Tri, Tri) {
        let is_public = |rule: &&RuleTrace| {
            rule.action == Action::Allow && rule.authentication == Authentication::None
        };
        let is_optional = |rule: &&RuleTrace| {
            rule.action == Action::Allow && rule.authentication == Authentication::Optional
        };
        let rules = || self.counting(&reading.anonymous);
        let any = |wanted: &dyn Fn(&&RuleTrace) -> bool| {
            Tri::any(rules().filter(|rule| wanted(rule)).map(|rule| self.is_for(rule)))
        };
        (any(&is_public), any(&is_optional))
    }

    fn with_token(&self, authentication: Authentication, state: TokenState) -> Vec<Outcome> {
        match (authentication, state) {
            (Authentication::None, _) | (Authentication::Optional, TokenState::Missing) => {
                self.agreed(|reading| self.say(&reading.anonymous, false))
            }
            (_, TokenState::Good) => self.agreed(|reading| self.say_identified(reading)),
            (_, TokenState::Missing) => vec![Outcome::refused(Reason::TokenMissing, None)],
            _ => vec![Outcome::Refused { says: Says::BadToken, rule: None }],
        }
    }

    /// Returns what the policies say of a reading whose request has a good token: where the reading
    /// is public, it is not looked at.
    fn say_identified(&self, reading: &ReadingRules) -> Vec<Outcome> {
        let (public, _) = self.reading_needs(reading);
        let mut outcomes = Vec::new();
        if public != Tri::Yes {
            outcomes.extend(self.say(&reading.identified, true));
        }
        if public != Tri::No {
            outcomes.extend(self.say(&reading.anonymous, false));
        }
        outcomes
    }

    /// Returns what the policies may say, given how their rules fare.
    fn say(&self, rules: &[RuleTrace], is_identified: bool) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let (denied, rule) =
            self.first(rules, Action::Deny, |rule| self.rule_matches(rule, is_identified));
        if denied != Tri::No {
            outcomes.push(Outcome::refused(Reason::RuleDenied, rule));
        }
        if denied == Tri::Yes {
            return outcomes;
        }
        let (allowed, rule) =
            self.first(rules, Action::Allow, |rule| self.rule_matches(rule, is_identified));
        if allowed != Tri::No || !self.trace.applies {
            outcomes.push(Outcome::Allowed { rule: rule.filter(|_| self.trace.applies) });
        }
        if allowed == Tri::Yes || !self.trace.applies {
            return outcomes;
        }
        if !self.trace.denies {
            outcomes.push(Outcome::Allowed { rule: None });
            return outcomes;
        }
        let (lacks, rule) =
            self.first(rules, Action::Allow, |rule| self.lacks_roles_only(rule, is_identified));
        outcomes.push(match lacks {
            Tri::Yes => Outcome::refused(Reason::RoleMissing, rule),
            Tri::No => Outcome::refused(Reason::NoRuleMatched, None),
            Tri::Unknown => Outcome::Refused { says: Says::OneOfSeveral, rule: None },
        });
        outcomes
    }

    /// Returns whether any rule of an action that counts is so, and the first that is; the first
    /// that may be, where none is for certain.
    fn first(
        &self,
        rules: &[RuleTrace],
        action: Action,
        is_so: impl Fn(&RuleTrace) -> Tri,
    ) -> (Tri, Option<RuleIndex>) {
        let mut may_be = None;
        for rule in self.counting(rules).filter(|rule| rule.action == action) {
            match is_so(rule) {
                Tri::Yes => return (Tri::Yes, Some(rule.index)),
                Tri::Unknown => may_be = may_be.or(Some(rule.index)),
                Tri::No => {}
            }
        }
        (if may_be.is_some() { Tri::Unknown } else { Tri::No }, may_be)
    }

    /// Returns what the policies may say of all readings: a request goes on if it may in each.
    fn agreed(&self, say: impl Fn(&ReadingRules) -> Vec<Outcome>) -> Vec<Outcome> {
        let all: Vec<Vec<Outcome>> = self.trace.readings.iter().map(say).collect();
        let Some(first) = all.first().filter(|_| all.len() > 1) else {
            return all.into_iter().next().unwrap_or_default();
        };
        let denials =
            all.iter().filter(|outcomes| outcomes.iter().all(|outcome| outcome.is_denial()));
        if let Some(denial) = denials.into_iter().next() {
            return denial.clone();
        }
        let is_allowed = |outcomes: &[Outcome]| outcomes.iter().all(|outcome| outcome.is_allowed());
        let is_refused =
            |outcomes: &[Outcome]| outcomes.iter().all(|outcome| !outcome.is_allowed());
        let is_known = |outcomes: &Vec<Outcome>| is_allowed(outcomes) || is_refused(outcomes);
        let differs = self.trace.readings.iter().zip(&all).skip(1);
        let differs = differs.filter(|(_, outcomes)| is_allowed(outcomes) != is_allowed(first));
        let reason = differs.map(|(reading, _)| reading.differs).next().flatten();
        // Whatever else is said, a DENY rule that matches one reading has the last word.
        let may_be_denied =
            all.iter().skip(1).flatten().copied().filter(|outcome| outcome.is_denial());
        match reason {
            _ if all.iter().all(|outcomes| is_allowed(outcomes)) => first.clone(),
            _ if all.iter().all(|outcomes| is_refused(outcomes)) => {
                first.iter().copied().chain(may_be_denied).collect()
            }
            Some(reason) if all.iter().all(is_known) => {
                let denied_first = first.iter().copied().filter(|outcome| outcome.is_denial());
                [Outcome::refused(reason, None)]
                    .into_iter()
                    .chain(denied_first)
                    .chain(may_be_denied)
                    .collect()
            }
            _ if all.iter().any(|outcomes| is_refused(outcomes)) => {
                vec![Outcome::Refused { says: Says::OneOfSeveral, rule: None }]
            }
            _ => {
                let refused = Outcome::Refused { says: Says::OneOfSeveral, rule: None };
                first
                    .iter()
                    .copied()
                    .filter(|outcome| outcome.is_allowed())
                    .chain([refused])
                    .collect()
            }
        }
    }

    /// Returns what becomes of the request if it is a browser's preflight: only a DENY rule refuses
    /// it.
    fn preflight(&self) -> Vec<Outcome> {
        let outcomes = self.agreed(|reading| self.say(&reading.anonymous, false)).into_iter();
        outcomes
            .map(
                |outcome| {
                    if outcome.is_denial() { outcome } else { Outcome::Allowed { rule: None } }
                },
            )
            .collect()
    }

    /// Returns the facts that the verdict depends on, as far as one can tell without trying all
    /// that they may be: those of every rule that may match and may not.
    fn needs(&self) -> BTreeSet<Need> {
        let mut needs = BTreeSet::new();
        let hidden = self.hidden_flaws();
        let is_hidden = |reason| {
            hidden.contains(&Outcome::refused(reason, None))
                || self.trace.flaw.as_ref().is_some_and(|(flaw, _)| *flaw == reason)
        };
        needs.extend(is_hidden(Reason::PathAmbiguous).then_some(Need::Path));
        needs.extend(is_hidden(Reason::MethodAmbiguous).then_some(Need::Method));
        needs.extend(is_hidden(Reason::HostAmbiguous).then_some(Need::Host));
        needs.extend(self.may_be_preflight.then_some(Need::Preflight));
        let is_public_for_certain = self.needed() == [Authentication::None];
        if self.token_states().len() > 1 && !is_public_for_certain {
            needs.extend(
                self.missing_issuer
                    .clone()
                    .map_or(Some(Need::Token), |name| Some(Need::Issuer(name))),
            );
        }
        let uses_token = self.token_states().contains(&TokenState::Good) && !is_public_for_certain;
        for reading in &self.trace.readings {
            let (rules, is_identified) =
                if uses_token { (&reading.identified, true) } else { (&reading.anonymous, false) };
            for rule in self.counting(rules) {
                let is_unknown = self.rule_matches(rule, is_identified) == Tri::Unknown
                    || self.is_for(rule) == Tri::Unknown;
                if is_unknown {
                    needs.extend(self.needs_of(rule, is_identified));
                }
            }
        }
        needs
    }
}
