//! `requestPrincipals`: `iss/sub`, with patterns of Istio's, as conditions on the claims `iss` and
//! `sub`.

use super::claim::{Alternatives, Claim, PRESENT, Value, and, nothing_asked};
use super::clause::{Clause, Draft, Effect, Fit, Sign};
use super::output::{ConditionOut, TestOut};
use super::place::{NARROWER, NOT_ISTIO, Place};
use super::source::Asked;
use attache_config_reader::List;

/// What no text between line feeds is: an empty text, and one with a line feed in it, which Istio's
/// `*` is not for.
const NOT_PRESENT: &str = "(?s:.*\n.*)?";

/// One value: the issuers that it is for, and what it asks of `sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestPrincipal {
    /// `None`: all that there are.
    issuers: Option<Vec<String>>,
    subject: Value,
}

impl RequestPrincipal {
    /// Reads a value as istiod does, and holds its issuer against those that there are: a token
    /// that was verified is of one of them.
    fn fit(text: &str, issuers: &[String]) -> Fit<Self> {
        let (issuer, subject) = parts(text);
        let fits = |name: &&String| match &issuer {
            Value::Exact(exact) => *name == exact,
            Value::Prefix(start) => name.starts_with(start.as_str()),
            Value::Suffix(end) => name.ends_with(end.as_str()),
            Value::Present => true,
        };
        let found: Vec<String> = issuers.iter().filter(fits).cloned().collect();
        if found.is_empty() {
            return Fit::Never("no RequestAuthentication has such an issuer".to_owned());
        }
        let issuers = (found.len() < issuers.len()).then_some(found);
        Fit::Same(vec![Self { issuers, subject }])
    }

    /// Returns the conditions for it.
    fn conditions(&self) -> Vec<ConditionOut> {
        let issuer = self.issuers.clone().map(|names| claim("iss").is(TestOut::one_of(names)));
        let subject = match &self.subject {
            Value::Exact(exact) => TestOut::Equals(exact.clone()),
            Value::Prefix(start) => TestOut::Prefix(start.clone()),
            Value::Suffix(end) => TestOut::Suffix(end.clone()),
            Value::Present => TestOut::Matches(PRESENT.to_owned()),
        };
        issuer.into_iter().chain([claim("sub").is(subject)]).collect()
    }
}

fn claim(name: &str) -> Claim {
    Claim { steps: vec![name.to_owned()], is_split: false }
}

/// Returns what a value asks of `iss` and of `sub`, by the last slash, as an issuer may be a URL.
fn parts(text: &str) -> (Value, Value) {
    let halves = text.rsplit_once('/');
    if text == "*" {
        (Value::Present, Value::Present)
    } else if text.starts_with('*') {
        match halves {
            Some(("*", subject)) => (Value::Present, Value::Exact(subject.to_owned())),
            Some((issuer, subject)) => (open_start(issuer), Value::Exact(subject.to_owned())),
            None => (Value::Present, open_start(text)),
        }
    } else if let Some(start) = text.strip_suffix('*') {
        match halves {
            Some((issuer, "*")) => (Value::Exact(issuer.to_owned()), Value::Present),
            Some((issuer, subject)) => {
                let start = subject.strip_suffix('*').unwrap_or(subject);
                (Value::Exact(issuer.to_owned()), Value::Prefix(start.to_owned()))
            }
            None => (Value::Prefix(start.to_owned()), Value::Present),
        }
    } else {
        let (issuer, subject) = halves.unwrap_or((text, ""));
        (Value::Exact(issuer.to_owned()), Value::Exact(subject.to_owned()))
    }
}

fn open_start(text: &str) -> Value {
    Value::Suffix(text.strip_prefix('*').unwrap_or(text).to_owned())
}

/// Returns the alternatives for request principals that are wanted and those that are not; `None`
/// where they are too many.
pub(super) fn alternatives(
    asked: &Asked<'_>,
    issuers: &[String],
    draft: &mut Draft<'_>,
) -> Option<Alternatives> {
    let [place, not_place] = asked.places;
    for (list, place) in [(asked.values, place), (asked.not_values, not_place)] {
        for (index, _) in list.into_iter().flat_map(List::iter).filter(|(_, text)| text.is_empty())
        {
            draft.notes.add(
                &NOT_ISTIO,
                &place.index(index),
                "Istio refuses an empty value; name one",
            );
        }
    }
    let fit = |text: &str| RequestPrincipal::fit(text, issuers);
    let wanted = match draft.clause(asked.values, Sign::Positive, place, fit) {
        Clause::Any => nothing_asked(),
        Clause::Never => Vec::new(),
        Clause::These(all) => one_of(&all),
    };
    let unwanted = match draft.clause(asked.not_values, Sign::Negative, not_place, fit) {
        Clause::Any => nothing_asked(),
        Clause::Never => Vec::new(),
        Clause::These(all) => none_of(&all, not_place, draft)?,
    };
    and(&wanted, &unwanted)
}

/// Exact subjects of the same issuers.
struct Subjects {
    issuers: Option<Vec<String>>,
    names: Vec<String>,
}

/// Returns the exact subjects of the same issuers together, and what else there is.
fn grouped(all: &[RequestPrincipal]) -> (Vec<Subjects>, Vec<&RequestPrincipal>) {
    let (mut groups, mut others) = (Vec::<Subjects>::new(), Vec::new());
    for principal in all {
        let Value::Exact(subject) = &principal.subject else {
            others.push(principal);
            continue;
        };
        match groups.iter_mut().find(|group| group.issuers == principal.issuers) {
            Some(group) => group.names.push(subject.clone()),
            None => {
                let (issuers, names) = (principal.issuers.clone(), vec![subject.clone()]);
                groups.push(Subjects { issuers, names });
            }
        }
    }
    (groups, others)
}

/// Returns the alternatives for one of these.
fn one_of(all: &[RequestPrincipal]) -> Alternatives {
    let (groups, others) = grouped(all);
    let group = |Subjects { issuers, names }: Subjects| {
        let issuer = issuers.map(|names| claim("iss").is(TestOut::one_of(names)));
        issuer.into_iter().chain([claim("sub").is(TestOut::one_of(names))]).collect()
    };
    let others = others.into_iter().map(RequestPrincipal::conditions);
    groups.into_iter().map(group).chain(others).collect()
}

/// Returns the alternatives for none of these; `None` where they are too many.
fn none_of(all: &[RequestPrincipal], place: &Place, draft: &mut Draft<'_>) -> Option<Alternatives> {
    let (groups, others) = grouped(all);
    let mut alternatives = nothing_asked();
    for Subjects { issuers, names } in groups {
        let either = not_issuers(issuers).chain([vec![claim("sub").is(TestOut::none_of(names))]]);
        alternatives = and(&alternatives, &either.collect())?;
    }
    for principal in others {
        let Some(tests) = not_subject(&principal.subject, draft.effect) else {
            let why = "no condition is for a subject that does not begin or end so";
            draft.impossible(Sign::Negative, place, why);
            if draft.effect == Effect::Allow {
                return Some(Vec::new());
            }
            draft.is_for_more = true;
            continue;
        };
        if principal.subject == Value::Present && draft.effect == Effect::Allow {
            let message =
                "a token with an empty `sub` counts as one with a subject, so more is refused";
            draft.notes.add(&NARROWER, place, message);
        }
        let subject = tests.into_iter().map(|test| vec![claim("sub").is(test)]);
        let either = not_issuers(principal.issuers.clone()).chain(subject);
        alternatives = and(&alternatives, &either.collect())?;
    }
    Some(alternatives)
}

/// Returns the alternative that a token is of none of these issuers, where they are not all that
/// there are.
fn not_issuers(issuers: Option<Vec<String>>) -> impl Iterator<Item = Vec<ConditionOut>> {
    issuers.map(|names| vec![claim("iss").is(TestOut::none_of(names))]).into_iter()
}

/// Returns the tests of which one holds where a subject is not so: for a DENY rule all of them, for
/// an ALLOW rule none but these. `None` where there are none.
fn not_subject(subject: &Value, effect: Effect) -> Option<Vec<TestOut>> {
    match subject {
        Value::Exact(exact) => Some(vec![TestOut::NotEquals(exact.clone())]),
        Value::Present if effect == Effect::Allow => Some(vec![TestOut::Exists(false)]),
        Value::Present => {
            Some(vec![TestOut::Exists(false), TestOut::Matches(NOT_PRESENT.to_owned())])
        }
        Value::Prefix(_) | Value::Suffix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_plugin_config::Regex;

    #[test]
    fn values_are_parted_as_istiod_parts_them() {
        let exact = |text: &str| Value::Exact(text.to_owned());
        let (prefix, suffix) = (
            |text: &str| Value::Prefix(text.to_owned()),
            |text: &str| Value::Suffix(text.to_owned()),
        );
        for (text, parted) in [
            ("*", (Value::Present, Value::Present)),
            ("https://a/b/alice", (exact("https://a/b"), exact("alice"))),
            ("*/alice", (Value::Present, exact("alice"))),
            ("*.example/alice", (suffix(".example"), exact("alice"))),
            ("*ice", (Value::Present, suffix("ice"))),
            ("https://a/*", (exact("https://a"), Value::Present)),
            ("https://a/al*", (exact("https://a"), prefix("al"))),
            ("iss*", (prefix("iss"), Value::Present)),
            ("iss", (exact("iss"), exact(""))),
        ] {
            assert_eq!(parts(text), parted, "{text}");
        }
    }

    #[test]
    fn an_issuer_that_nobody_is_fits_no_request() {
        let issuers = ["https://a".to_owned(), "https://b".to_owned()];
        assert!(matches!(RequestPrincipal::fit("https://c/alice", &issuers), Fit::Never(_)));
        match RequestPrincipal::fit("https://a/alice", &issuers) {
            Fit::Same(found) => assert_eq!(found[0].conditions().len(), 2),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_present_is_empty_or_has_a_line_feed() {
        let expression = Regex::new(NOT_PRESENT).unwrap();
        let present = Regex::new(PRESENT).unwrap();
        for text in ["", "a", "a\nb", "\n", "ä"] {
            assert_ne!(expression.is_match(text), present.is_match(text), "{text:?}");
        }
    }
}
