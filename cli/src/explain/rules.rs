//! Rules and their tests, told to people.

use super::Client;
use crate::input::Configuration;
use crate::shown::{escaped, shown};
use anstyle::{AnsiColor, Style};
use attache_config_reader::{Node, Path, Step};
use attache_engine::policy::{RuleTrace, Subject, TargetTrace, TestTrace};
use attache_engine::{AuthenticatedToken, Engine};
use attache_plugin_config::Action;
use std::fmt::{self, Display};

/// The most entries of a list that are written of what a test asks for.
const MAX_WANTED: usize = 6;

/// What is known of a request, where that is not everything.
pub(crate) trait Knowledge {
    /// Returns whether a rule matches; `None` where that is not known.
    fn matches(&self, rule: &RuleTrace, is_identified: bool) -> Option<bool>;

    /// Returns whether a test holds; `None` where that is not known.
    fn holds(&self, test: &TestTrace, is_identified: bool) -> Option<bool>;

    /// Returns what is missing to know whether a test holds, in words.
    fn missing(&self, test: &TestTrace, is_identified: bool) -> Option<String>;
}

/// What the rules are told with.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) configuration: &'a Configuration,
    pub(crate) client: &'a Client,
    pub(crate) token: Option<&'a AuthenticatedToken>,
    /// What is known of the request, where that is not everything.
    pub(crate) knowledge: Option<&'a dyn Knowledge>,
    pub(crate) is_styled: bool,
}

/// What a rule was judged by.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) host: &'a str,
}

impl Teller<'_> {
    /// Returns a style, or none where nothing is coloured.
    pub(crate) fn style(&self, color: AnsiColor) -> Style {
        if self.is_styled { color.on_default().bold() } else { Style::new() }
    }

    /// Writes a rule, and the tests for which it does not match.
    pub(crate) fn rule(
        &self,
        f: &mut fmt::Formatter<'_>,
        rule: &RuleTrace,
        judged: Judged<'_>,
    ) -> fmt::Result {
        let matches = self.matches(rule);
        let (mark, color) = match (matches, rule.action) {
            (Some(false), _) => ("·", self.style(AnsiColor::BrightBlack)),
            (None, _) => ("?", self.style(AnsiColor::Yellow)),
            (Some(true), Action::Allow) => ("✓", self.style(AnsiColor::Green)),
            (Some(true), Action::Deny) => ("✗", self.style(AnsiColor::Red)),
        };
        let name = self.engine.rule(rule.index).map(|names| names.to_string());
        let action = if rule.action == Action::Allow { "ALLOW" } else { "DENY" };
        let shadow = if rule.is_shadow { ", in SHADOW" } else { "" };
        let outcome = match matches {
            Some(true) => "matches",
            Some(false) => "does not match",
            None => "matches or not: the line does not tell",
        };
        writeln!(
            f,
            "  {color}{mark}{color:#} {} ({action}{shadow}{}) {outcome}",
            name.unwrap_or_default(),
            self.place(&rule.at)
        )?;
        if matches == Some(true) {
            return Ok(());
        }
        let open = self.open(rule);
        // What fails for certain is why it does not match, whatever the rest may be.
        let is_known = open.iter().any(|test| self.test(test) == Some(false));
        for test in open.iter().filter(|test| !is_known || self.test(test) == Some(false)) {
            let (at, wanted) = self.wanted(rule, test);
            writeln!(f, "      {at} is {wanted}: {}", self.found(test, judged))?;
        }
        let entries = entries(rule);
        if entries > 1 && !rule.targets.iter().any(|target| self.is_met(target)) {
            writeln!(f, "      (of {entries} entries of `to`, the one that comes closest)")?;
        }
        Ok(())
    }

    /// Returns how many tests stand against a rule.
    pub(crate) fn distance(&self, rule: &RuleTrace) -> usize {
        self.open(rule).len()
    }

    fn matches(&self, rule: &RuleTrace) -> Option<bool> {
        match self.knowledge {
            Some(knowledge) => knowledge.matches(rule, self.token.is_some()),
            None => Some(rule.matches()),
        }
    }

    fn test(&self, test: &TestTrace) -> Option<bool> {
        match self.knowledge {
            Some(knowledge) => knowledge.holds(test, self.token.is_some()),
            None => Some(test.holds),
        }
    }

    fn is_met(&self, target: &TargetTrace) -> bool {
        target.tests.iter().all(|test| self.test(test) == Some(true))
    }

    /// Returns the tests that do not hold, or may not: of the entry of `to` that comes closest,
    /// where none is met.
    pub(super) fn open<'t>(&self, rule: &'t RuleTrace) -> Vec<&'t TestTrace> {
        let fails = |test: &&TestTrace| self.test(test) != Some(true);
        let count = |tests: &[&TestTrace]| tests.iter().copied().filter(fails).count();
        let tests =
            |target: &'t TargetTrace| target.tests.iter().chain(&target.conditions).collect();
        let target =
            rule.targets.iter().map(tests).min_by_key(|tests: &Vec<&TestTrace>| count(tests));
        let sources = rule.sources.iter().map(|source| source.iter().collect());
        let source = sources.min_by_key(|tests: &Vec<&TestTrace>| count(tests));
        let tests = target.into_iter().chain(source).flatten().chain(&rule.caller);
        tests.filter(fails).collect()
    }

    /// Returns `, config.yaml:12`, where the text is at hand.
    pub(crate) fn place(&self, at: &Path) -> String {
        let span = self.configuration.locate(at).map(|location| location.span());
        let file = escaped(&self.configuration.file.name);
        span.map(|span| format!(", {file}:{}", span.start.line)).unwrap_or_default()
    }

    /// Returns where a test stands in its rule, and what the configuration says there, as JSON;
    /// what holds by default where it says nothing. Of several paths of which none fits, all are
    /// told.
    fn wanted(&self, rule: &RuleTrace, test: &TestTrace) -> (Path, String) {
        let all = parent(&test.at).filter(|_| {
            test.subject == Subject::Path && test.at.steps().last().is_some_and(is_index)
        });
        let alternatives = all.filter(
            |all| matches!(self.configuration.node.at(all), Some(Node::Array(paths)) if paths.len() > 1),
        );
        let at = alternatives.unwrap_or_else(|| test.at.clone());
        let wanted = match self.configuration.node.at(&at) {
            Some(value) => brief(value),
            None => "REQUIRED".to_owned(),
        };
        (at.relative_to(&rule.at), wanted)
    }

    /// Returns what a request has instead.
    pub(super) fn found(&self, test: &TestTrace, judged: Judged<'_>) -> String {
        if let Some(missing) =
            self.knowledge.and_then(|own| own.missing(test, self.token.is_some()))
        {
            return format!("not known: {missing}");
        }
        let Client { principal, address, client_address, port } = self.client;
        match &test.subject {
            Subject::Method => format!("the method is {}", shown(judged.method)),
            Subject::Path => format!("the path is {}", shown(judged.path)),
            Subject::Host => format!("the host is {}", shown(judged.host)),
            Subject::Port => or_unknown(*port, "the port", "--port"),
            Subject::Caller => principal.as_ref().map_or_else(
                || "there is no mTLS caller; give one by --caller".to_owned(),
                |principal| format!("the caller is {}", shown(principal)),
            ),
            Subject::Address => or_unknown(*address, "the direct peer's address", "--address"),
            Subject::RemoteAddress => or_unknown(
                address.or(*client_address),
                "the client's address",
                "--address or --client-address",
            ),
            Subject::Token => "there is no good token".to_owned(),
            Subject::Roles => match self.token {
                Some(token) => format!("the token has {}", list(&self.engine.role_names(token))),
                None => "there is no token that has roles".to_owned(),
            },
            Subject::Claim(claim) => match self.token {
                Some(token) => {
                    let text = shown(&self.engine.claim_text(token, claim));
                    format!("{} is {text}{}", shown(&claim.to_string()), self.compared(test))
                }
                None => "there is no token that has claims".to_owned(),
            },
        }
    }

    /// Returns what a claim was compared with, where that is no value of the configuration.
    fn compared(&self, test: &TestTrace) -> String {
        let name = |key| match self.configuration.node.at(&test.at)?.get(key)? {
            Node::String(name) => Some(shown(name)),
            other => Some(brief(other)),
        };
        let value = test.compared.as_deref().map(shown);
        let told = |what: String, absent: &str| {
            value.as_ref().map_or_else(
                || format!(", {what} is {absent}"),
                |value| format!(", {what} is {value}"),
            )
        };
        if let Some(header) = name("equalsHeader") {
            told(format!("header {header}"), "absent, or there more than once")
        } else if let Some(segment) = name("equalsPath") {
            value.map(|value| format!(", {{{segment}}} of the path is {value}")).unwrap_or_default()
        } else if let Some(claim) = name("equalsClaim") {
            told(claim, "absent")
        } else {
            String::new()
        }
    }
}

fn or_unknown(value: Option<impl Display>, what: &str, option: &str) -> String {
    value.map_or_else(
        || format!("{what} is not known; give it by {option}"),
        |value| format!("{what} is {value}"),
    )
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none of the roles that policies know".to_owned()
    } else {
        shown(&names.join(", "))
    }
}

/// Returns how many entries a rule's `to` has.
fn entries(rule: &RuleTrace) -> usize {
    let entry = |target: &TargetTrace| {
        let steps = target.tests.first()?.at.relative_to(&rule.at);
        steps.steps().get(1).cloned()
    };
    let mut entries: Vec<Step> = rule.targets.iter().filter_map(entry).collect();
    entries.dedup();
    entries.len()
}

fn is_index(step: &Step) -> bool {
    matches!(step, Step::Index(_))
}

/// Returns the path of what a value lies in.
fn parent(at: &Path) -> Option<Path> {
    let (_, steps) = at.steps().split_last()?;
    Some(steps.iter().fold(Path::default(), |path, step| match step {
        Step::Key(key) => path.key(key),
        Step::Index(index) => path.index(*index),
    }))
}

/// Returns a value as JSON, of a long list the beginning.
fn brief(value: &Node) -> String {
    let json = |value: &Node| serde_json::to_string(value).unwrap_or_default();
    match value {
        Node::Array(items) if items.len() > MAX_WANTED => {
            let first: Vec<String> = items.iter().take(MAX_WANTED).map(json).collect();
            format!(
                "[{}, … {} more]",
                shown(&first.join(",")),
                items.len().saturating_sub(MAX_WANTED)
            )
        }
        other => shown(&json(other)),
    }
}
