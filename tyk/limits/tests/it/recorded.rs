//! What gateways answered when they were last tried, judged anew.

use crate::real::file;
use crate::scenario::Scenario;
use crate::{clean, faults};
use attache_tyk_limits::judge::Running;
use attache_tyk_limits::record::Record;
use std::collections::BTreeSet;

fn record(scenario: &Scenario) -> Record {
    let path = file(&scenario.name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} was never recorded: {error}", scenario.name));
    Record::parse(&text).unwrap()
}

#[test]
fn no_clean_run_is_called_faulty() {
    let scenarios = clean::scenarios();
    assert!(scenarios.len() >= 30);
    for scenario in scenarios {
        scenario.assert_judged(&record(&scenario));
    }
}

#[test]
fn every_planted_fault_is_found() {
    let scenarios = faults::scenarios();
    assert!(scenarios.len() >= 12);
    for scenario in scenarios {
        scenario.assert_judged(&record(&scenario));
    }
}

#[test]
fn a_plan_is_what_was_sent_and_no_more() {
    for scenario in clean::scenarios() {
        let (record, plan) = (record(&scenario), scenario.plan());
        assert_eq!(record.targets[0].answers.len(), plan.requests(), "{}", scenario.name);
    }
}

/// What was recorded of one gateway is not what is expected of another.
#[test]
fn a_record_of_another_gateway_does_not_hold() {
    let named = |name: &str| {
        let mut all = clean::scenarios().into_iter();
        all.find(|scenario| scenario.name == name).unwrap()
    };
    for (told, real) in [
        ("bucket", "rolling"),
        ("rolling", "bucket"),
        ("sentinel", "bucket"),
        ("bucket", "sentinel"),
        ("fixed", "bucket"),
        ("bucket", "fixed"),
        ("rolling", "smoothing"),
        ("log-two", "log-two-short"),
        ("log-two-short", "log-two"),
    ] {
        let judgement = named(told).judge(&record(&named(real)));
        assert!(!judgement.holds, "{real} passes for {told}");
        assert!(!matches!(judgement.running, Running::Expected(..)));
    }
}

#[test]
fn nothing_is_recorded_that_is_not_judged() {
    let scenarios = clean::scenarios().into_iter().chain(faults::scenarios());
    let names: BTreeSet<String> =
        scenarios.map(|scenario| format!("{}.json", scenario.name)).collect();
    let folder = file("x");
    let files = std::fs::read_dir(folder.parent().unwrap()).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(files, names);
}
