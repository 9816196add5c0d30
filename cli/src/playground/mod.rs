//! The page that `attache playground` writes: a form for a configuration and a request, and the
//! engine that answers it as Wasm.

mod engine;
mod examples;
mod page;
mod question;

pub(crate) use engine::engine;
pub(crate) use page::page;

use crate::examine::{examine, unread};
use crate::explain::{Simulation, document};
use crate::finding::Finding;
use crate::input::{Configuration, Input};
use crate::report::list;
use attache_config_reader::Severity;
use question::{Field, Problem, Question};
use serde_json::{Value, json};

/// What the text of the form is called.
const NAME: &str = "configuration.yaml";

/// Answers what the form of the page asks: a JSON object with the texts of its fields. The answer
/// is one, too: `findings` as `attache check --format json` has them, `explanation` as
/// `attache explain --format json` prints it, and what can't be asked as `problem`, with the name
/// of the `field`.
#[must_use]
pub fn answer(question: &str) -> String {
    let question = match serde_json::from_str::<Question>(question) {
        Ok(question) => question,
        Err(error) => return told(&[], Err(Problem::new(Field::Configuration, error.to_string()))),
    };
    let input = Input::of_text(NAME.to_owned(), question.configuration.clone());
    let mut findings = unread(&input);
    findings.extend(input.configurations.iter().flat_map(examine));
    findings.sort_by_key(Finding::order);
    if findings.iter().any(|finding| finding.rule.severity == Severity::Error) {
        return told(&findings, Ok(Value::Null));
    }
    let explained = match input.configurations.as_slice() {
        [configuration] => explain(&question, configuration),
        others => Err(Problem::new(Field::Configuration, count(others))),
    };
    told(&findings, explained)
}

fn count(configurations: &[Configuration]) -> String {
    if configurations.is_empty() {
        return "there is no configuration of Attaché in this text".to_owned();
    }
    let names: Vec<String> = configurations.iter().map(ToString::to_string).collect();
    format!("keep one configuration; there are {}: {}", names.len(), names.join(", "))
}

fn explain(question: &Question, configuration: &Configuration) -> Result<Value, Problem> {
    let in_configuration = |error| Problem::new(Field::Configuration, error);
    let config = configuration.parse().map_err(|errors| in_configuration(errors.to_string()))?;
    let simulation =
        Simulation::new(question.query()?, configuration, &config).map_err(in_configuration)?;
    let explanation = simulation.explain();
    let Simulation { engine, workload, host, .. } = &simulation;
    Ok(document(&explanation, engine, configuration, workload, &host.client))
}

fn told(findings: &[Finding], explained: Result<Value, Problem>) -> String {
    let findings = list(findings).unwrap_or_default();
    let (explanation, problem) = match explained {
        Ok(explanation) => (explanation, Value::Null),
        Err(Problem { field, problem }) => {
            (Value::Null, json!({"field": field.name(), "problem": problem}))
        }
    };
    json!({"findings": findings, "explanation": explanation, "problem": problem}).to_string()
}

#[cfg(test)]
mod tests;
