//! The requests of the scenarios.

use crate::comparison::{Tally, compare};
use crate::interpreter::Interpreter;
use crate::question::{Question, Subject, logging_all};
use crate::sidecar::Sidecar;
use anyhow::{Context, Result, ensure};
use attache_e2e::scenario::{self, PolicyTests, Protocol};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads the subjects of a scenario: one for each configuration.
fn subjects(scenario: &scenario::Scenario) -> Result<Vec<Subject>> {
    let files = PolicyTests::of(scenario)?.files;
    files.iter().map(|file| subject(scenario, file)).collect()
}

fn subject(scenario: &scenario::Scenario, file: &Value) -> Result<Subject> {
    let steps = file["steps"].as_array().context("steps")?;
    // What is sent here is HTTP/1.1, of which Envoy itself refuses some that HTTP/2 can say.
    let is_sent = |step: &&Value| {
        let own = scenario.steps.iter().find(|own| step["name"] == own.name);
        let request = own.and_then(|own| own.request.as_ref());
        request
            .is_some_and(|request| request.protocol == Protocol::Http1 && request.body.is_empty())
    };
    Ok(Subject {
        name: scenario.name.clone(),
        configuration: logging_all(file["configuration"].clone()),
        workload: scenario.workload.clone(),
        environment: serde_json::from_value(file["environment"].clone())?,
        now: file["time"].as_u64().context("a time")?,
        // Whether a body follows is for preflight requests, of which the interpreter knows none
        // with one.
        questions: steps.iter().filter(is_sent).map(question).collect(),
    })
}

fn question(step: &Value) -> Question {
    let request = &step["request"];
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let fields = request["headers"].as_object().into_iter().flatten();
    let headers = fields
        .flat_map(|(name, values)| {
            let values = values.as_array().into_iter().flatten();
            values.map(move |value| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        })
        .filter(|(name, _)| name != "x-request-id");
    Question {
        name: step["name"].as_str().unwrap_or_default().to_owned(),
        method: text("method"),
        path: text("path"),
        host: text("host"),
        headers: headers.collect(),
        caller: request["caller"].as_str().map(str::to_owned),
    }
}

#[tokio::test]
async fn scenarios_are_decided_alike_everywhere() -> Result<()> {
    let mut tally = Tally::default();
    let mut interpreter: Option<Interpreter> = None;
    let mut sidecars: BTreeMap<String, Sidecar> = BTreeMap::new();
    for scenario in scenario::all()? {
        for subject in subjects(&scenario)? {
            if interpreter.is_none() {
                interpreter = Some(Interpreter::start(
                    &subject.workload,
                    &subject.configuration.to_string(),
                )?);
            }
            let place = format!("{:?} {:?}", subject.workload, subject.environment);
            if !sidecars.contains_key(&place) {
                sidecars.insert(place.clone(), Sidecar::start(&subject).await?);
            }
            let sidecar = sidecars.get_mut(&place).context("a sidecar")?;
            // The interpreter's host has no environment.
            let interpreter = interpreter.as_mut().filter(|_| subject.environment.is_empty());
            compare(&subject, interpreter, sidecar, &mut tally).await?;
        }
    }
    println!("{tally:?}");
    ensure!(tally.requests >= 600 && tally.waiting <= 40 && tally.unexplained <= 20, "{tally:?}");
    Ok(())
}
