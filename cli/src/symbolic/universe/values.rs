//! Values of a claim: of each class that tests can tell apart at least one.

use crate::symbolic::language::{Expression, Languages, Letters, Program};
use crate::symbolic::too_complex::TooComplex;
use attache_plugin_config::{Scalar, StringMatch, Test};
use foldhash::HashSet;
use serde_json::{Number, Value};

/// What tests compare a claim with.
#[derive(Default)]
pub(in super::super) struct Drafts {
    pub(in super::super) programs: HashSet<Program>,
    /// Regular expressions, anchored.
    pub(in super::super) expressions: Vec<String>,
    pub(in super::super) numbers: Vec<f64>,
    /// The numbers that texts stand for: some tests take the one for the other.
    written: Vec<f64>,
    /// Whether a test looks at a part of texts.
    pub(in super::super) has_parts: bool,
    pub(in super::super) has_bool: bool,
}

impl Drafts {
    /// Adds what a test compares with.
    pub(in super::super) fn add(&mut self, test: &Test) {
        match test {
            Test::Equals(scalar) | Test::NotEquals(scalar) => self.add_scalar(scalar),
            Test::In(scalars) | Test::NotIn(scalars) => {
                scalars.iter().for_each(|scalar| self.add_scalar(scalar))
            }
            Test::Contains(scalar) => {
                self.add_scalar(scalar);
                // In a DENY rule, a text has whatever stands in it.
                if let Scalar::String(part) = scalar {
                    self.has_parts = true;
                    self.programs.insert(containing(part));
                }
            }
            Test::Prefix(text) => {
                self.has_parts = true;
                self.add_match(&StringMatch::Prefix(text.clone()), "");
            }
            Test::Suffix(text) => {
                self.has_parts = true;
                self.add_match(&StringMatch::Suffix(text.clone()), "");
            }
            Test::Matches(expression) => self.expressions.push(expression.as_str().to_owned()),
            Test::LessThan(bound) | Test::GreaterThan(bound) => self.numbers.push(*bound),
            Test::Exists(_)
            | Test::EqualsPath(_)
            | Test::EqualsHeader(_)
            | Test::EqualsClaim(_) => {}
        }
    }

    /// Adds a text.
    pub(in super::super) fn add_text(&mut self, text: &str) {
        self.written.extend(text.trim().parse::<f64>().ok().filter(|number| number.is_finite()));
        self.programs.insert(Program::text(text));
    }

    /// Adds a pattern of texts that begin with a prefix.
    pub(in super::super) fn add_match(&mut self, wanted: &StringMatch, prefix: &str) {
        let begun = Program::text(prefix);
        self.programs.insert(match wanted {
            StringMatch::Exact(text) => begun.then(text),
            StringMatch::Prefix(text) => begun.then(text).then_any(Letters::Any),
            StringMatch::Suffix(text) => begun.then_any(Letters::Any).then(text),
            StringMatch::Contains(text) => begun.then_program(&containing(text)),
            StringMatch::Matches(expression) => {
                let inner = expression.as_str().trim_start_matches('^');
                self.expressions.push(format!("^{}{inner}", escaped(prefix)));
                return;
            }
        });
    }

    /// Adds what a test compares texts with that all begin with a prefix, which it does not see.
    pub(in super::super) fn add_behind(&mut self, test: &Test, prefix: &str) {
        let exact = |scalar: &Scalar| match scalar {
            Scalar::String(text) => Some(StringMatch::Exact(text.clone())),
            Scalar::Number(_) | Scalar::Bool(_) => None,
        };
        let matches: Vec<StringMatch> = match test {
            Test::Equals(scalar) | Test::NotEquals(scalar) | Test::Contains(scalar) => {
                exact(scalar).into_iter().collect()
            }
            Test::In(scalars) | Test::NotIn(scalars) => scalars.iter().filter_map(exact).collect(),
            Test::Prefix(text) => vec![StringMatch::Prefix(text.clone())],
            Test::Suffix(text) => vec![StringMatch::Suffix(text.clone())],
            Test::Matches(expression) => vec![StringMatch::Matches(expression.clone())],
            _ => Vec::new(),
        };
        matches.iter().for_each(|wanted| self.add_match(wanted, prefix));
    }

    /// Takes over what another claim is compared with.
    pub(in super::super) fn join(&mut self, other: &Self) {
        self.programs.extend(other.programs.iter().cloned());
        self.expressions.extend(other.expressions.iter().cloned());
        self.numbers.extend(&other.numbers);
        self.written.extend(&other.written);
        self.has_parts |= other.has_parts;
        self.has_bool |= other.has_bool;
    }

    fn add_scalar(&mut self, scalar: &Scalar) {
        match scalar {
            Scalar::String(text) => self.add_text(text),
            Scalar::Number(number) => self.numbers.push(*number),
            Scalar::Bool(_) => self.has_bool = true,
        }
    }
}

fn containing(part: &str) -> Program {
    Program::default().then_any(Letters::Any).then(part).then_any(Letters::Any)
}

fn escaped(text: &str) -> String {
    let letters = text.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_string()
        } else {
            format!("\\x{{{:x}}}", u32::from(letter))
        }
    });
    letters.collect()
}

/// Returns values of which each class has one at least, texts first.
///
/// # Errors
/// There are too many, or an expression is too large.
pub(super) fn candidates(drafts: &Drafts) -> Result<Vec<Value>, TooComplex> {
    let mut expressions = Vec::new();
    for text in &drafts.expressions {
        expressions
            .push(Expression::new(text).ok_or_else(|| TooComplex::Expression(text.clone()))?);
    }
    let mut programs: Vec<Program> = drafts.programs.iter().cloned().collect();
    programs.sort_unstable();
    let languages = Languages { programs, expressions, ..Languages::default() };
    // The empty text comes last, as it is an odd one to show.
    let classes = languages.classes(|text| !text.is_empty())?;
    let texts: Vec<String> = classes.into_iter().map(|class| class.text).collect();
    let numbers = numbers(drafts);
    let mut values: Vec<Value> = texts.iter().map(|text| Value::from(text.as_str())).collect();
    // A DENY rule takes a number for what it is written as, and the other way round.
    for number in &numbers {
        values.extend(
            [format!("{number}"), format!("{number}.0"), format!(" {number}")].map(Value::from),
        );
    }
    values.extend(
        texts.iter().filter_map(|text| text.trim().parse::<Number>().ok()).map(Value::Number),
    );
    values.extend(numbers.into_iter().map(Value::Number));
    if drafts.has_bool {
        values.extend(["true", "false"].map(Value::from));
    }
    if drafts.has_bool || texts.iter().any(|text| matches!(text.as_str(), "true" | "false")) {
        values.extend([true, false].map(Value::from));
    }
    // For a claim that is only asked whether it is there.
    values.push(Value::from(""));
    Ok(values)
}

/// Returns the bounds, and a number between any two, before and behind all.
fn numbers(drafts: &Drafts) -> Vec<Number> {
    let mut bounds = drafts.numbers.clone();
    if !bounds.is_empty() {
        // A number that is written as a text of a test is told apart from its neighbours, too.
        bounds.extend(&drafts.written);
    }
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let between = bounds.windows(2).filter_map(|pair| match *pair {
        [one, other] => {
            Some(if other - one > 1.0 { one.floor() + 1.0 } else { f64::midpoint(one, other) })
        }
        _ => None,
    });
    let first = bounds.first().map(|first| first.ceil() - 1.0);
    let last = bounds.last().map(|last| last.floor() + 1.0);
    let all: Vec<f64> = bounds.iter().copied().chain(between).chain(first).chain(last).collect();
    all.into_iter().filter_map(number).collect()
}

/// Returns a number as people write it: without a point where it is whole.
fn number(value: f64) -> Option<Number> {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of 53 bits")]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}
