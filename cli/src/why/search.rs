//! The smallest change that would let a request through: looked for over the tests that failed of
//! the rules that come closest, the smallest first, each decided anew by the engine before it is
//! told.

use super::place::rule_at;
use super::step::Step;
use super::ways::Ways;
use crate::input::Configuration;
use crate::logged::{Fate, Judge, Logged, Need, Recorded, Taking, TokenState, Tri};
use attache_config_reader::Path;
use attache_engine::ReadingRules;
use attache_engine::host::Workload;
use attache_engine::policy::{RuleTrace, Subject, View};
use attache_plugin_config::{Action, Authentication, parse};
use std::collections::{BTreeSet, VecDeque};

/// The most changes that are put together.
const MAX_STEPS: usize = 4;

/// The most proposals that are told.
const MAX_PROPOSALS: usize = 6;

/// The most ways on from one state.
const MAX_WAYS: usize = 16;

/// How often a request is decided anew at most; a large configuration takes longer each time.
const MAX_TRIALS: usize = 200;
const MAX_TRIALS_OF_MANY_RULES: usize = 40;
const MANY_RULES: usize = 1_000;

/// A request that is refused, and what refuses it.
pub(crate) struct Case<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) workload: &'a Workload,
    pub(crate) view: View,
    pub(crate) taking: Taking,
    pub(crate) judge: &'a Judge,
    pub(crate) logged: &'a Logged,
    pub(crate) recorded: &'a Recorded,
    /// What a good token would be.
    pub(crate) good_token: &'a str,
}

/// A change that lets the request through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Proposal {
    pub(crate) steps: Vec<Step>,
    /// What it depends on besides, and the line does not tell; nothing: it is certain.
    pub(crate) needs: BTreeSet<Need>,
    /// It opens what was closed to those who have no token: seldom what is wanted.
    pub(crate) opens: bool,
}

/// A search, and what it has found.
pub(crate) struct Search<'a> {
    case: &'a Case<'a>,
    trials: usize,
    found: Vec<Proposal>,
    seen: Vec<Vec<Step>>,
}

impl<'a> Search<'a> {
    /// Looks for changes that let a request through, and returns the smallest.
    pub(crate) fn run(case: &'a Case<'a>) -> Vec<Proposal> {
        let rules: usize = case.judge.config.policies.iter().map(|policy| policy.rules.len()).sum();
        let trials = if rules > MANY_RULES { MAX_TRIALS_OF_MANY_RULES } else { MAX_TRIALS };
        let mut search = Self { case, trials, found: Vec::new(), seen: Vec::new() };
        let mut queue: VecDeque<Vec<Step>> = VecDeque::from([Vec::new()]);
        while let Some(steps) = queue.pop_front() {
            if search.is_done(&steps) {
                break;
            }
            let mut more = search.try_out(&steps).unwrap_or_default();
            queue.extend(more.drain(..));
            queue.make_contiguous().sort_by_key(Vec::len);
        }
        let mut found = search.found;
        // What is certain comes first, and what changes the token before what changes the
        // configuration.
        found.sort_by_key(|proposal| {
            let is_of_configuration = proposal.steps.iter().any(Step::is_of_configuration);
            (cost(proposal), !proposal.needs.is_empty(), is_of_configuration)
        });
        let least = found.first().map_or(0, cost);
        found.retain(|proposal| cost(proposal) <= least || proposal.opens);
        found.truncate(MAX_PROPOSALS);
        found
    }

    fn is_done(&self, steps: &[Step]) -> bool {
        let least = self.found.iter().map(cost).min();
        let is_long = least.is_some_and(|least| steps.len() > least);
        self.trials == 0 || is_long || self.found.len() >= MAX_PROPOSALS.saturating_mul(2)
    }

    /// Decides about the request with changes made. Returns further changes, where these do not do;
    /// `None` where they can't be made.
    fn try_out(&mut self, steps: &[Step]) -> Option<Vec<Vec<Step>>> {
        self.trials = self.trials.saturating_sub(1);
        let mut logged = self.case.logged.clone();
        steps.iter().try_for_each(|step| step.apply_to(&mut logged, self.case.judge.issuers()))?;
        let other = self.judge_of(steps)?;
        let judge = other.as_ref().unwrap_or(self.case.judge);
        let judged = judge.judge(&logged).ok()?;
        let first = judged.trace.readings.first()?;
        let recorded = recorded_after(self.case.recorded, &first.anonymous, steps);
        match judged.fate(&recorded) {
            Fate::Known(outcome) if outcome.is_allowed() && judged.goes_on() => {
                self.add(steps, BTreeSet::new());
                return Some(Vec::new());
            }
            Fate::Unknown(needs) if !steps.is_empty() && judged.goes_on() => {
                self.add(steps, needs);
                return Some(Vec::new());
            }
            _ => {}
        }
        if steps.len() >= MAX_STEPS || judged.trace.flaw.is_some() {
            return Some(Vec::new());
        }
        let weighing = judged.weighing(&recorded);
        let has_token = matches!(judged.state, TokenState::Good | TokenState::Unknown);
        let mut ways = Vec::new();
        if !has_token {
            ways.push(vec![Step::GoodToken(self.case.good_token.to_owned())]);
        }
        for reading in &judged.trace.readings {
            let is_identified = has_token && !reading.identified.is_empty();
            let found = Ways {
                judge,
                trace: &judged.trace,
                logged: &logged,
                weighing: &weighing,
                method: &reading.method,
                path: &reading.path,
                is_identified,
            };
            ways.extend(ways_on(&found, reading, self.case.view));
        }
        ways.sort_by_key(Vec::len);
        ways.dedup();
        ways.truncate(MAX_WAYS);
        let all =
            ways.into_iter().map(|way| steps.iter().cloned().chain(way).collect::<Vec<Step>>());
        Some(all.filter(|steps| steps.len() <= MAX_STEPS && self.is_new(steps)).collect())
    }

    fn is_new(&mut self, steps: &[Step]) -> bool {
        let mut sorted = steps.to_vec();
        sorted.sort_by_key(|step| format!("{step:?}"));
        let is_new = !self.seen.contains(&sorted);
        if is_new {
            self.seen.push(sorted);
        }
        is_new
    }

    fn add(&mut self, steps: &[Step], needs: BTreeSet<Need>) {
        let has_less = |proposal: &Proposal| proposal.steps.iter().all(|step| steps.contains(step));
        if !steps.is_empty() && !self.found.iter().any(has_less) {
            let opens = steps.iter().any(|step| self.opens(step));
            self.found.push(Proposal { steps: steps.to_vec(), needs, opens });
        }
    }

    /// Returns whether a change lets requests in that have no token.
    fn opens(&self, step: &Step) -> bool {
        match step {
            Step::Push(at, _) => {
                let rule = rule_at(&self.case.judge.config, at);
                rule.is_some_and(|rule| {
                    rule.action == Action::Allow && rule.authentication != Authentication::Required
                })
            }
            Step::Set(..) => true,
            _ => false,
        }
    }

    /// Returns the configuration with changes made; none where they change nothing of it.
    #[expect(
        clippy::option_option,
        reason = "a change that can't be made is something else than none"
    )]
    fn judge_of(&self, steps: &[Step]) -> Option<Option<Judge>> {
        let case = self.case;
        let brings_good_token = steps.iter().any(|step| matches!(step, Step::GoodToken(_)));
        let taking = if brings_good_token { Taking::EveryToken } else { case.taking };
        let changes: Vec<&Step> = steps.iter().filter(|step| step.is_of_configuration()).collect();
        if changes.is_empty() && taking == case.taking {
            return Some(None);
        }
        let mut document = serde_json::to_value(&case.configuration.node).ok()?;
        changes.iter().try_for_each(|step| step.apply_to_configuration(&mut document))?;
        let config = parse(document.to_string().as_bytes()).ok()?;
        let judge =
            Judge::new(case.configuration, &config, case.workload.clone(), case.view, taking)
                .ok()?;
        Some(Some(judge))
    }
}

/// Returns how much a proposal changes. What opens a rule counts for more than a token.
fn cost(proposal: &Proposal) -> usize {
    proposal.steps.len().saturating_add(if proposal.opens { 2 } else { 0 })
}

/// Returns the ways on from a reading that is refused: past the DENY rules that match, or else into
/// the ALLOW rules that come closest.
fn ways_on(found: &Ways<'_>, reading: &ReadingRules, view: View) -> Vec<Vec<Step>> {
    let rules = if found.is_identified { &reading.identified } else { &reading.anonymous };
    let counting = rules.iter().filter(|rule| view == View::WithShadow || !rule.is_shadow);
    let (denying, allowing): (Vec<&RuleTrace>, Vec<&RuleTrace>) =
        counting.partition(|rule| rule.action == Action::Deny);
    let matching = denying
        .into_iter()
        .filter(|rule| found.weighing.rule_matches(rule, found.is_identified) != Tri::No);
    let past: Vec<Vec<Step>> = matching.flat_map(|rule| found.not_to_match(rule)).collect();
    if !past.is_empty() {
        return past;
    }
    let mut into: Vec<Vec<Step>> =
        allowing.into_iter().flat_map(|rule| found.to_match(rule)).collect();
    into.retain(|way| !way.is_empty() && (found.is_identified || is_without_token(way)));
    into.sort_by_key(Vec::len);
    into.truncate(MAX_WAYS);
    into
}

/// Returns whether changes say nothing of a token: where there is none, that is the first to be
/// brought.
fn is_without_token(way: &[Step]) -> bool {
    way.iter().all(Step::is_of_configuration)
}

/// Returns what a line tells of rules as a whole that is so after changes, too.
fn recorded_after(recorded: &Recorded, rules: &[RuleTrace], steps: &[Step]) -> Recorded {
    let rule_of = |index| rules.iter().find(|rule| rule.index == index);
    let is_untouched = |index: &attache_engine::policy::RuleIndex| {
        rule_of(*index).is_some_and(|rule| !steps.iter().any(|step| touches(step, rule)))
    };
    let changes_roles_only = steps.iter().all(|step| match step {
        Step::AddRole(_) | Step::RemoveRole(_) => true,
        Step::Push(at, _) => is_roles(at),
        _ => false,
    });
    Recorded {
        matched_nothing: recorded.matched_nothing.iter().copied().filter(is_untouched).collect(),
        lacked_roles_only: recorded.lacked_roles_only.filter(|_| changes_roles_only),
        ..Recorded::default()
    }
}

/// Returns whether a change may have a rule fare otherwise.
fn touches(step: &Step, rule: &RuleTrace) -> bool {
    let conditions = rule.targets.iter().flat_map(|target| &target.conditions);
    let mut subjects = conditions.chain(&rule.caller).map(|test| &test.subject);
    match step {
        Step::GoodToken(_) => true,
        Step::AddRole(_) | Step::RemoveRole(_) => {
            subjects.any(|subject| *subject == Subject::Roles)
        }
        // One claim may be compared with another.
        Step::SetClaim(..) | Step::RemoveClaim(_) => {
            subjects.any(|subject| matches!(subject, Subject::Claim(_) | Subject::Roles))
        }
        Step::Push(at, _) | Step::Set(at, _) => at.starts_with(&rule.at),
    }
}

fn is_roles(at: &Path) -> bool {
    at.to_string().contains(".roles.")
}
