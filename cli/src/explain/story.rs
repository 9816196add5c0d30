//! An explanation, told to people.

use super::Client;
use super::rules::{Judged, Teller};
use crate::input::Configuration;
use crate::shown::{escaped, shown};
use anstyle::AnsiColor;
use attache_engine::host::Workload;
use attache_engine::{
    Cause, Decided, Decision, Engine, Explanation, HeaderEdit, Outcome, ReadingTrace, Shadow,
    TokenTrace,
};
use attache_plugin_config::Authentication;
use std::fmt::{self, Display, Write as _};

/// Tells what becomes of a request, and why.
pub(crate) fn tell(
    explanation: &Explanation<'_>,
    engine: &Engine,
    configuration: &Configuration,
    workload: &Workload,
    client: &Client,
    is_styled: bool,
) -> String {
    let story = Story { explanation, engine, configuration, workload, client, is_styled };
    story.to_string()
}

struct Story<'a, 'r> {
    explanation: &'a Explanation<'r>,
    engine: &'a Engine,
    configuration: &'a Configuration,
    workload: &'a Workload,
    client: &'a Client,
    is_styled: bool,
}

impl Display for Story<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verdict(f)?;
        self.token(f)?;
        for reading in &self.explanation.readings {
            self.reading(f, reading)?;
        }
        self.service(f)
    }
}

impl Story<'_, '_> {
    fn teller(&self) -> Teller<'_> {
        let token = match &self.explanation.token {
            TokenTrace::Good(token) => Some(&**token),
            _ => None,
        };
        let Self { engine, configuration, client, is_styled, .. } = *self;
        Teller { engine, configuration, client, token, knowledge: None, is_styled }
    }

    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let teller = self.teller();
        let (good, bad) = (teller.style(AnsiColor::Green), teller.style(AnsiColor::Red));
        match &self.explanation.decision {
            Decision::Wait { .. } => writeln!(f, "{bad}waits{bad:#} for keys of its issuer"),
            Decision::Decided(decided) => {
                let by = self.by(decided);
                match &decided.outcome {
                    Outcome::Forward => writeln!(f, "{good}allowed{good:#}{by}")?,
                    Outcome::Refuse { cause, answer } => {
                        writeln!(
                            f,
                            "{bad}refused{bad:#} with {}: {}{by}",
                            answer.status,
                            words(cause)
                        )?;
                    }
                }
                decided.shadow.as_ref().map_or(Ok(()), |shadow| self.shadow(f, shadow))
            }
        }
    }

    /// Tells what a dry run keeps back, or what is in SHADOW would change.
    fn shadow(&self, f: &mut fmt::Formatter<'_>, shadow: &Shadow) -> fmt::Result {
        let when = if self.engine.is_dry_run() {
            "it is a dry run here; in force"
        } else {
            "with what is in SHADOW"
        };
        let rule = shadow.rule.and_then(|rule| self.engine.rule(rule));
        let by = rule.map(|names| format!(", by rule {names}")).unwrap_or_default();
        match &shadow.cause {
            Some(cause) => writeln!(f, "{when} it would be refused: {}{by}", words(cause)),
            None => writeln!(f, "{when} it would be allowed{by}"),
        }
    }

    fn by(&self, decided: &Decided<'_>) -> String {
        let names = decided.rule.and_then(|rule| self.engine.rule(rule));
        names.map(|names| format!(", by rule {names}")).unwrap_or_default()
    }

    fn token(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs = match self.explanation.authentication {
            Authentication::None if self.explanation.is_preflight => {
                "nothing: it is a CORS preflight request, which only a DENY rule refuses"
            }
            Authentication::Required => "a good token",
            Authentication::Optional => "no token, but one that it brings must be good",
            Authentication::None => "no token",
        };
        writeln!(f, "\nfor    {}", escaped(&described(self.workload)))?;
        writeln!(f, "needs  {needs}")?;
        match &self.explanation.token {
            TokenTrace::NotLookedAt => writeln!(f, "token  nobody looks at one"),
            TokenTrace::Missing => writeln!(f, "token  none where an issuer takes one"),
            TokenTrace::Rejected(cause) => writeln!(f, "token  bad: {}", words(cause)),
            TokenTrace::KeysPending(cause) => {
                writeln!(
                    f,
                    "token  {}: give the provider's keys by --jwks ISSUER=FILE",
                    words(cause)
                )
            }
            TokenTrace::Good(token) => {
                let issuer = self.engine.issuer(token.issuer).map_or("?", |name| name.as_str());
                let subject = shown(token.subject.as_deref().unwrap_or("nobody"));
                let roles = self.engine.role_names(token);
                let roles = if roles.is_empty() {
                    "none that a policy knows".to_owned()
                } else {
                    shown(&roles.join(", "))
                };
                writeln!(f, "token  good, of {issuer}, for {subject}; roles: {roles}")
            }
        }
    }

    fn reading(&self, f: &mut fmt::Formatter<'_>, reading: &ReadingTrace) -> fmt::Result {
        let (method, path) = (shown(&reading.method), shown(&reading.path));
        match (self.explanation.flaw, reading.differs) {
            (Some(flaw), _) => {
                let words = self.explanation.flaw_words.as_deref().unwrap_or_default();
                return writeln!(f, "\nNo rule judges it: {flaw}, since {}.", shown(words));
            }
            (None, None) => writeln!(f, "\nas {method} {path}")?,
            (None, Some(_)) => writeln!(f, "\nas {method} {path}, which a service may read")?,
        }
        if reading.policies.rules.is_empty() {
            return writeln!(f, "  no rule applies to this workload");
        }
        let judged = Judged { method: &reading.method, path: &reading.path, host: &reading.host };
        reading.policies.rules.iter().try_for_each(|rule| self.teller().rule(f, rule, judged))
    }

    fn service(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision::Decided(decided) = &self.explanation.decision else { return Ok(()) };
        if !matches!(decided.outcome, Outcome::Forward) {
            return Ok(());
        }
        let mut lines = String::new();
        for edit in decided.edits.iter() {
            match edit {
                HeaderEdit::Remove(name) => writeln!(lines, "  - {}", shown(name))?,
                HeaderEdit::Set(name, value) | HeaderEdit::Add(name, value) => {
                    writeln!(
                        lines,
                        "  + {}: {}",
                        shown(name),
                        shown(&String::from_utf8_lossy(value))
                    )?;
                }
            }
        }
        if lines.is_empty() {
            Ok(())
        } else {
            write!(f, "\nthe service sees the request with\n{lines}")
        }
    }
}

/// Returns a workload, as far as it is described.
pub(crate) fn described(workload: &Workload) -> String {
    let mut parts = Vec::new();
    match (&workload.namespace, &workload.name) {
        (Some(namespace), Some(name)) => parts.push(format!("workload {namespace}/{name}")),
        (Some(namespace), None) => parts.push(format!("a workload of namespace {namespace}")),
        (None, _) => parts.push("any workload".to_owned()),
    }
    parts.extend(workload.service_account.iter().map(|name| format!("service account {name}")));
    parts.extend(workload.labels.iter().map(|(name, value)| format!("{name}={value}")));
    parts.join(", ")
}

/// Returns a reason, with what only a log tells.
pub(super) fn words(cause: &Cause) -> String {
    let mut words = cause.reason.to_string();
    if let Some(detail) = cause.detail {
        _ = write!(words, " ({})", detail.as_str());
    }
    if let Some(claim) = cause.claim() {
        _ = write!(words, ", claim {}", shown(claim));
    }
    if let Some(header) = cause.header() {
        _ = write!(words, ", header {}", shown(header));
    }
    words
}
