//! What is told of assertions.

use super::run::{Answer, Proved};
use crate::input::Configuration;
use crate::shown::escaped;
use anstyle::{AnsiColor, Style};
use attache_plugin_config::Config;
use serde_json::{Value, json as value};
use std::fmt::Write as _;

/// Tells people which assertions hold, and one request for each that does not.
pub(crate) fn text(
    proved: &[Proved<'_>],
    configuration: &Configuration,
    config: &Config,
    is_styled: bool,
) -> String {
    let style = |color: AnsiColor| if is_styled { color.on_default().bold() } else { Style::new() };
    let (good, bad, other) =
        (style(AnsiColor::Green), style(AnsiColor::Red), style(AnsiColor::Yellow));
    let mut text = String::new();
    for Proved { assertion, answer } in proved {
        let name = &escaped(&assertion.name);
        match answer {
            Answer::Holds => _ = writeln!(text, "{good}holds{good:#}     {name}"),
            Answer::Empty => {
                _ = writeln!(text, "{bad}empty{bad:#}     {name}");
                _ = writeln!(
                    text,
                    "          no request is as it says, so it would hold whatever the rules are"
                );
            }
            Answer::Unproven(limits) => {
                _ = writeln!(text, "{other}unproven{other:#}  {name}");
                for limit in limits {
                    _ = writeln!(text, "          no request was found that says no, but {limit}");
                }
            }
            Answer::Fails { found, workload } => {
                let witness = &found.witness;
                _ = writeln!(text, "{bad}fails{bad:#}     {name}");
                let word = match found.outcome.reason {
                    None => "allowed".to_owned(),
                    Some(reason) => format!("refused with {reason}"),
                };
                let by = found.outcome.by(configuration, config);
                let (method, path) = (escaped(&witness.method), escaped(&witness.path));
                _ = writeln!(text, "          {method} {path} is {word}{by}");
                _ = writeln!(text, "          for {}", escaped(workload));
                _ = writeln!(text, "          {}", witness.curl());
                for line in witness.circumstances(config, escaped) {
                    _ = writeln!(text, "          {line}");
                }
            }
        }
    }
    let holding = proved.iter().filter(|it| it.holds()).count();
    _ = writeln!(text, "{holding} of {} hold", proved.len());
    text
}

/// Tells programs the same.
pub(crate) fn json(proved: &[Proved<'_>], configuration: &Configuration, config: &Config) -> Value {
    let told = |Proved { assertion, answer }: &Proved<'_>| {
        let name = &assertion.name;
        match answer {
            Answer::Holds => value!({"name": name, "answer": "holds"}),
            Answer::Empty => value!({"name": name, "answer": "empty"}),
            Answer::Unproven(limits) => {
                value!({"name": name, "answer": "unproven", "notFollowed": limits})
            }
            Answer::Fails { found, workload } => value!({
                "name": name,
                "answer": "fails",
                "workload": workload,
                "request": found.witness.json(config),
                "outcome": found.outcome.json(configuration, config),
            }),
        }
    };
    proved.iter().map(told).collect()
}
