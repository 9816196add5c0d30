//! What an audit line comes to, told.

use super::pick::Picked;
use super::remedy;
use super::said::said;
use super::search::Proposal;
use super::way::Seen;
use crate::explain::{Judged as Reading, Teller, described};
use crate::input::Configuration;
use crate::logged::{Before, Fate, Judged, Logged, Outcome, Recorded, Says, TokenState, Tri};
use crate::shown::{escaped, shown};
use anstyle::AnsiColor;
use attache_engine::host::Workload;
use attache_engine::policy::RuleTrace;
use attache_engine::{ReadingRules, TokenTrace};
use attache_plugin_config::Action;
use std::fmt::{self, Display};

/// How many rules are told of a reading.
const MAX_RULES: usize = 5;

/// Everything that is told.
pub(crate) struct Told<'a> {
    pub(crate) picked: &'a Picked,
    pub(crate) logged: &'a Logged,
    pub(crate) configuration: &'a Configuration,
    pub(crate) workload: &'a Workload,
    pub(crate) judged: &'a Judged<'a>,
    pub(crate) fate: &'a Fate,
    pub(crate) recorded: &'a Recorded,
    pub(crate) proposals: &'a [Proposal],
    /// What is doubtful of the line and of what was given beside it, a sentence each.
    pub(crate) doubts: &'a [String],
    /// Somebody gave the token's claims.
    pub(crate) has_claims: bool,
    pub(crate) is_styled: bool,
}

/// Tells people.
pub(crate) fn tell(told: &Told<'_>) -> String {
    told.to_string()
}

impl Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(f)?;
        self.now(f)?;
        self.way(f)?;
        writeln!(f, "\nfor    {}", escaped(&described(self.workload)))?;
        writeln!(f, "token  {}", self.token())?;
        for doubt in self.doubts {
            writeln!(f, "but    {}", escaped(doubt))?;
        }
        let trace = &self.judged.trace;
        if let Some((reason, words)) = &trace.flaw {
            writeln!(f, "\nNo rule judges it: {reason}, since {}.", shown(words))?;
        } else if self.is_before_rules() {
            writeln!(f, "\nNo rule has judged it: a token is looked at first.")?;
        } else {
            trace.readings.iter().try_for_each(|reading| self.reading(f, reading))?;
        }
        self.proposals(f)
    }
}

impl Told<'_> {
    /// Tells what the line says.
    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self
            .logged
            .time
            .as_deref()
            .map(|time| format!(", at {}", shown(time)))
            .unwrap_or_default();
        let id = self.logged.request_id.as_deref();
        let id = id.map(|id| format!(", request {}", shown(id))).unwrap_or_default();
        writeln!(
            f,
            "line {}{time}{id}: {} {}",
            self.picked.number,
            shown(&self.logged.method),
            shown(self.logged.path())
        )?;
        writeln!(f, "it says   {}", said(self.logged, &self.picked.line))
    }

    /// Tells what else the log says of the request, from the gateway on.
    fn way(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = &self.picked.way;
        let Some(trace) = way.iter().map(|seen| seen.line.trace_id.as_deref()).max() else {
            return Ok(());
        };
        let trace = trace.map(|id| format!(", trace {}", shown(id))).unwrap_or_default();
        writeln!(f, "\nits way{trace}")?;
        for Seen { number, line } in way {
            let time = line
                .time
                .as_deref()
                .map(|time| format!(", at {}", shown(time)))
                .unwrap_or_default();
            writeln!(
                f,
                "  {:<9}{} (line {number}{time})",
                line.program.name(),
                shown(&line.words)
            )?;
        }
        Ok(())
    }

    /// Tells what this configuration says of it.
    fn now(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let teller = self.teller();
        let (good, bad) = (teller.style(AnsiColor::Green), teller.style(AnsiColor::Red));
        match self.fate {
            Fate::Known(Outcome::Allowed { rule }) => {
                writeln!(f, "here      {good}allowed{good:#}{}", self.by(*rule))?;
            }
            Fate::Known(Outcome::Refused { says, rule }) => {
                writeln!(f, "here      {bad}refused{bad:#}: {}{}", words(*says), self.by(*rule))?;
            }
            Fate::Unknown(needs) => {
                let needs: Vec<String> =
                    needs.iter().map(|need| shown(&need.to_string())).collect();
                writeln!(f, "here      the line does not tell what decides: {}", needs.join("; "))?;
            }
        }
        if self.differs() {
            writeln!(
                f,
                "          so the proxy had another configuration when it wrote the line, or another workload is meant (--workload)"
            )?;
        }
        Ok(())
    }

    /// Returns whether it is refused for its token, or for the lack of one.
    fn is_before_rules(&self) -> bool {
        let Fate::Known(Outcome::Refused { says, .. }) = self.fate else { return false };
        matches!(says, Says::BadToken | Says::Reason(attache_engine::Reason::TokenMissing))
    }

    fn by(&self, rule: Option<attache_engine::policy::RuleIndex>) -> String {
        rule.map(|rule| format!(", by rule {}", self.judged.judge.rule(rule))).unwrap_or_default()
    }

    /// Returns whether the configuration says for certain what the line does not.
    pub(crate) fn differs(&self) -> bool {
        differs(self.fate, self.logged)
    }

    fn token(&self) -> String {
        match (&self.judged.trace.token, self.judged.state) {
            (TokenTrace::Rejected(cause), TokenState::Bad) => {
                format!("bad: {}", shown(cause.reason.as_str()))
            }
            (_, TokenState::Good) if self.has_claims => {
                "good, with the claims that you gave".to_owned()
            }
            (_, TokenState::Good) => {
                let token = &self.logged.token;
                let claims = token.claims.iter().map(|(name, value)| format!("{name} {value}"));
                let claims = shown(&claims.collect::<Vec<String>>().join(", "));
                let issuer = shown(token.issuer.as_deref().unwrap_or("?"));
                if claims.is_empty() {
                    format!(
                        "good, of {issuer}; the line names no claim (`audit.claims` says which it may name)"
                    )
                } else {
                    format!("good, of {issuer}; the line names {claims}")
                }
            }
            (_, TokenState::Missing) => "none where an issuer takes one".to_owned(),
            (_, TokenState::Bad) => {
                "bad; the line never holds it: give it by --token, or its claims by --claims"
                    .to_owned()
            }
            (_, TokenState::NotGood) => {
                "none, or a bad one; the line does not tell which".to_owned()
            }
            (_, TokenState::Unknown) => {
                "not known: the line does not tell whether there was one".to_owned()
            }
        }
    }

    fn teller(&self) -> Teller<'_> {
        let token = match (&self.judged.trace.token, self.judged.state) {
            (TokenTrace::Good(token), TokenState::Good | TokenState::Unknown) => Some(&**token),
            _ => None,
        };
        Teller {
            engine: &self.judged.judge.engine,
            configuration: self.configuration,
            client: &self.logged.client,
            token,
            knowledge: None,
            is_styled: self.is_styled,
        }
    }

    /// Tells a reading's rules, those first of which the fewest tests fail.
    fn reading(&self, f: &mut fmt::Formatter<'_>, reading: &ReadingRules) -> fmt::Result {
        let (method, path) = (shown(&reading.method), shown(&reading.path));
        let which = if reading.differs.is_some() { ", which a service may read" } else { "" };
        writeln!(f, "\nas {method} {path}{which}")?;
        let weighing = self.judged.weighing(self.recorded);
        let teller = Teller { knowledge: Some(&weighing), ..self.teller() };
        let rules = if teller.token.is_some() { &reading.identified } else { &reading.anonymous };
        let mut rules: Vec<&RuleTrace> = rules.iter().collect();
        let is_of_line =
            |rule: &RuleTrace| self.logged.rule == Some(self.judged.judge.rule(rule.index));
        rules.sort_by_key(|rule| {
            let is_idle_denial = rule.action == Action::Deny
                && weighing.rule_matches(rule, teller.token.is_some()) == Tri::No;
            (!is_of_line(rule), is_idle_denial, teller.distance(rule))
        });
        let judged =
            Reading { method: &reading.method, path: &reading.path, host: &self.logged.host };
        rules.iter().take(MAX_RULES).try_for_each(|rule| teller.rule(f, rule, judged))?;
        match rules.len().saturating_sub(MAX_RULES) {
            0 if rules.is_empty() => writeln!(f, "  no rule applies to this workload"),
            0 => Ok(()),
            more => writeln!(f, "  … and {more} rules more, of which more tests fail"),
        }
    }

    fn proposals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.fate, Fate::Known(Outcome::Allowed { .. })) {
            if let Some(mend) = remedy::of_line(&self.picked.line) {
                writeln!(f, "\nwhat is most often behind it, and what mends it\n  {mend}")?;
            }
            if !self.proposals.is_empty() {
                writeln!(f, "\nwhat would let it through")?;
            }
            for proposal in self.proposals {
                writeln!(f, "  - {}", escaped(&self.proposal(proposal)))?;
            }
        }
        Ok(())
    }

    fn proposal(&self, proposal: &Proposal) -> String {
        let steps: Vec<String> =
            proposal.steps.iter().map(|step| step.words(self.configuration)).collect();
        let needs: Vec<String> =
            proposal.needs.iter().map(|need| shown(&need.to_string())).collect();
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("; it depends on {}, too", needs.join("; "))
        };
        let opens =
            if proposal.opens { ", which opens it to those who have no token, too" } else { "" };
        format!("{}{opens}{needs}", steps.join(", and "))
    }
}

/// Returns whether a configuration says for certain what the line does not.
pub(crate) fn differs(fate: &Fate, logged: &Logged) -> bool {
    match (fate, &logged.before) {
        (
            Fate::Known(Outcome::Refused { says: Says::Reason(reason), .. }),
            Before::Refused(Some(said)),
        ) => reason.as_str() != said,
        (Fate::Known(outcome), before) => outcome.is_allowed() != (*before == Before::Allowed),
        (Fate::Unknown(_), _) => false,
    }
}

pub(super) fn words(says: Says) -> &'static str {
    match says {
        Says::Reason(reason) => reason.as_str(),
        Says::BadToken => "the token is bad",
        Says::OneOfSeveral => "for one of several reasons, which the line does not tell apart",
    }
}
