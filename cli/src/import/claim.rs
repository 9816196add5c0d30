//! What `when` asks of claims, as alternatives that rules of their own hold.

use super::clause::{Clause, Draft, Fit, Sign, without_repetition};
use super::output::{ClaimOut, ConditionOut, TestOut};
use super::place::{NARROWER, NOT_ISTIO, Place};
use super::source::Asked;
use attache_config_reader::{List, quote};
use attache_plugin_config::Regex;

/// The most rules that one of Istio's becomes.
pub(super) const MAX_ALTERNATIVES: usize = 64;
/// What a DENY rule, and an exception of an ALLOW rule, are also for.
const LOOSELY: &str = "numbers and Booleans that are written so";
/// What a claim is also taken for that Envoy splits where it is a text.
const IN_A_LIST: &str = "a list with a text that has several of them in it";

/// Conditions that all hold, for each alternative; where there is none, never.
pub(super) type Alternatives = Vec<Vec<ConditionOut>>;

/// Returns what asks for nothing.
pub(super) fn nothing_asked() -> Alternatives {
    vec![Vec::new()]
}

/// Returns the alternatives for what two lots of them ask; `None` where they are too many.
pub(super) fn and(one: &Alternatives, other: &Alternatives) -> Option<Alternatives> {
    let mut all = Vec::new();
    for first in one {
        for second in other {
            all.push(without_repetition(first.iter().chain(second).cloned().collect()));
        }
    }
    (all.len() <= MAX_ALTERNATIVES).then_some(all)
}

/// A claim, and whether Envoy splits it at spaces where it is a text.
pub(super) struct Claim {
    pub(super) steps: Vec<String>,
    pub(super) is_split: bool,
}

impl Claim {
    /// Returns the condition for a test.
    pub(super) fn is(&self, test: TestOut) -> ConditionOut {
        ConditionOut { claim: ClaimOut::new(self.steps.clone()), test }
    }

    /// Returns the alternatives for what is asked of the claim.
    pub(super) fn alternatives(&self, asked: &Asked<'_>, draft: &mut Draft<'_>) -> Alternatives {
        let [place, not_place] = asked.places;
        for (list, place) in [(asked.values, place), (asked.not_values, not_place)] {
            for (index, _) in
                list.into_iter().flat_map(List::iter).filter(|(_, text)| text.is_empty())
            {
                draft.notes.add(
                    &NOT_ISTIO,
                    &place.index(index),
                    "Istio refuses an empty value; name one",
                );
            }
        }
        let wanted = self.wanted(asked.values, place, draft);
        let unwanted = self.unwanted(asked.not_values, not_place, draft);
        match (wanted, unwanted) {
            (Some(wanted), Some(unwanted)) => vec![wanted.into_iter().chain(unwanted).collect()],
            _ => Vec::new(),
        }
    }

    /// Returns the condition for values; `None` where it never holds.
    fn wanted(
        &self,
        values: Option<&List<String>>,
        place: &Place,
        draft: &mut Draft<'_>,
    ) -> Option<Option<ConditionOut>> {
        let wide = draft.more_is_wider(Sign::Positive);
        let splits = self.is_split && (!wide || draft.accepts_wider);
        let tests = match draft
            .clause(values, Sign::Positive, place, |text| self.fit(text, splits, !wide))
        {
            Clause::Any => return Some(None),
            Clause::Never => return None,
            Clause::These(tests) => tests,
        };
        let test = joined(tests, splits);
        if let TestOut::Matches(expression) = &test
            && let Err(why) = Regex::new(expression)
        {
            draft.notes.add(
                &NARROWER,
                place,
                format!("together these values have no equal, so more is refused: {why}"),
            );
            // A DENY rule does without the condition.
            draft.is_for_more |= !wide;
            return (!wide).then_some(None);
        }
        Some(Some(self.is(test)))
    }

    /// Returns the condition against values; `None` where it never holds.
    fn unwanted(
        &self,
        values: Option<&List<String>>,
        place: &Place,
        draft: &mut Draft<'_>,
    ) -> Option<Option<ConditionOut>> {
        let leans = !draft.more_is_wider(Sign::Negative);
        let fit = |text: &str| self.unwanted_fit(text, leans);
        let values = draft.clause(values, Sign::Negative, place, fit).values()?;
        let is_present = |value: &Value| matches!(value, Value::Present);
        Some(if values.is_empty() {
            None
        } else if values.iter().any(is_present) {
            Some(self.is(TestOut::Exists(false)))
        } else {
            Some(self.is(TestOut::none_of(values.into_iter().filter_map(Value::exact).collect())))
        })
    }

    fn fit(&self, text: &str, splits: bool, leans: bool) -> Fit<Value> {
        let value = Value::new(text);
        let has_space = text.contains(' ');
        if !self.is_split || matches!(value, Value::Present) {
            return if leans {
                Fit::More(vec![value], LOOSELY.to_owned())
            } else {
                Fit::Same(vec![value])
            };
        }
        match (splits, has_space) {
            (true, false) => Fit::More(vec![value], IN_A_LIST.to_owned()),
            (true, true) if leans => Fit::More(vec![value], "a text that has it in it".to_owned()),
            (_, true) => {
                Fit::Nothing("Istio splits the claim at spaces where it is a text".to_owned())
            }
            (false, _) => {
                let why = format!(
                    "Istio splits {} at spaces; it is for a text that is this alone, or a list that has it, unless \
                     `--accept-wider` lets a list's texts be split, too",
                    quote(&self.steps.join("."))
                );
                Fit::Less(vec![value], why)
            }
        }
    }

    fn unwanted_fit(&self, text: &str, leans: bool) -> Fit<Value> {
        let value = Value::new(text);
        match (&value, leans) {
            (Value::Exact(_), false) if self.is_split && !text.contains(' ') => Fit::Less(
                vec![value],
                "of a text with several of them it is not looked for".to_owned(),
            ),
            (Value::Exact(_), false) if !self.is_split => Fit::Same(vec![value]),
            (Value::Exact(_), true) if !self.is_split => Fit::More(vec![value], LOOSELY.to_owned()),
            (Value::Present, true) => {
                Fit::More(vec![value], "claims of any type, and an empty one".to_owned())
            }
            (Value::Exact(_), _) => {
                Fit::Nothing("Istio splits the claim at spaces where it is a text".to_owned())
            }
            (Value::Present, false) => {
                Fit::Nothing("no condition is for a claim that is neither text nor list".to_owned())
            }
            (Value::Prefix(_) | Value::Suffix(_), _) => {
                Fit::Nothing("no condition is for what does not begin or end so".to_owned())
            }
        }
    }
}

/// A value of a condition, as Istio reads it: `*` at the beginning is looked for first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Exact(String),
    Prefix(String),
    Suffix(String),
    /// `*`: a text that is not empty.
    Present,
}

impl Value {
    pub(super) fn new(text: &str) -> Self {
        match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(""), _) => Self::Present,
            (Some(end), _) => Self::Suffix(end.to_owned()),
            (None, Some(start)) => Self::Prefix(start.to_owned()),
            (None, None) => Self::Exact(text.to_owned()),
        }
    }

    fn exact(self) -> Option<String> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Prefix(_) | Self::Suffix(_) | Self::Present => None,
        }
    }

    /// Returns the expression for texts that are so; with `splits`, that have such a text between
    /// spaces.
    fn expression(&self, splits: bool) -> String {
        let (before, after) = if splits { ("(?:.* )?", "(?: .*)?") } else { ("", "") };
        match self {
            Self::Exact(text) => format!("(?s:{before}{}{after})", escaped(text)),
            Self::Prefix(start) => format!("(?s:{before}{}.*)", escaped(start)),
            Self::Suffix(end) => format!("(?s:.*{}{after})", escaped(end)),
            Self::Present => PRESENT.to_owned(),
        }
    }
}

/// What Istio writes for `*`: RE2's `.` is no line feed.
pub(super) const PRESENT: &str = ".+";

/// Returns one test for all of these.
fn joined(values: Vec<Value>, splits: bool) -> TestOut {
    let are_exact = values.iter().all(|value| matches!(value, Value::Exact(_)));
    match values.as_slice() {
        [Value::Present] => TestOut::Matches(PRESENT.to_owned()),
        [Value::Prefix(start)] if !splits => TestOut::Prefix(start.clone()),
        [Value::Suffix(end)] if !splits => TestOut::Suffix(end.clone()),
        _ if are_exact && !splits => {
            TestOut::one_of(values.into_iter().filter_map(Value::exact).collect())
        }
        _ => {
            let all: Vec<String> = values.iter().map(|value| value.expression(splits)).collect();
            TestOut::Matches(all.join("|"))
        }
    }
}

/// Returns the expression for a text: every character that means something else behind a backslash.
pub(super) fn escaped(text: &str) -> String {
    let mut expression = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
        ) {
            expression.push('\\');
        }
        expression.push(c);
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(texts: &[&str], splits: bool) -> Regex {
        match joined(texts.iter().map(|text| Value::new(text)).collect(), splits) {
            TestOut::Matches(expression) => Regex::new(&expression).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_scope_is_found_between_spaces() {
        let read = expression(&["read"], true);
        for scope in ["read", "write read", "read write", "a read b"] {
            assert!(read.is_match(scope), "{scope}");
        }
        for scope in ["reader", "xread", "write", "read-all", ""] {
            assert!(!read.is_match(scope), "{scope}");
        }
        assert!(expression(&["re*", "*te"], true).is_match("a write b"));
        assert!(!expression(&["re*"], true).is_match("are b"));
    }

    #[test]
    fn several_patterns_become_one_expression() {
        let any = expression(&["a.b", "c*", "*d"], false);
        for text in ["a.b", "c", "cx\ny", "xd"] {
            assert!(any.is_match(text), "{text:?}");
        }
        assert!(!any.is_match("axb"));
    }

    #[test]
    fn what_has_a_star_in_its_middle_is_a_text() {
        assert_eq!(Value::new("a*b"), Value::Exact("a*b".to_owned()));
        assert_eq!(Value::new("*a*"), Value::Suffix("a*".to_owned()));
        assert_eq!(Value::new("*"), Value::Present);
    }

    #[test]
    fn alternatives_are_multiplied_up_to_a_bound() {
        let one = |name: &str| {
            let claim = Claim { steps: vec![name.to_owned()], is_split: false };
            vec![claim.is(TestOut::Exists(true))]
        };
        let nine: Alternatives = (0..9).map(|number| one(&number.to_string())).collect();
        assert_eq!(and(&nine, &nothing_asked()).map(|all| all.len()), Some(9));
        assert_eq!(and(&nine, &nine), None);
    }
}
