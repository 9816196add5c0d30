//! For a pull request.

use super::comparison::{Change, Comparison};
use super::setting::texts;
use super::version::Version;
use crate::counted::counted;
use crate::shown::quoted;
use crate::symbolic::Outcome;
use std::fmt::Write as _;

/// Tells what differs between two versions.
pub(crate) fn markdown(comparison: &Comparison<'_>) -> String {
    let those =
        |allowed: bool| comparison.changes.iter().filter(move |it| it.is_allowed_now() == allowed);
    let (allowed, refused) = (those(true).count(), those(false).count());
    let mut text = format!("### {}\n\n", quoted(&comparison.new.configuration.to_string()));
    if allowed == 0 && refused == 0 {
        let others = comparison.settings.len().saturating_add(comparison.limits.len());
        text.push_str(&match others {
            0 => "No request is decided otherwise.\n\n".to_owned(),
            _ => format!(
                "Not all was compared by requests: see the {} below. By what was, no request is decided otherwise.\n\n",
                counted(others, "line")
            ),
        });
    }
    for (is_allowed, count, word) in [(true, allowed, "allowed"), (false, refused, "refused")] {
        if count == 0 {
            continue;
        }
        _ = writeln!(
            text,
            "#### Newly {word}: one request for each of {} of them\n",
            counted(count, "kind")
        );
        those(is_allowed).for_each(|change| text.push_str(&told(change, comparison)));
    }
    let settings = &comparison.settings;
    list(
        &mut text,
        "Changed, not compared by requests, and may allow more",
        texts(settings, true).iter(),
    );
    list(
        &mut text,
        "Changed, not compared by requests, and allows no more",
        texts(settings, false).iter(),
    );
    list(&mut text, "Not followed to the end", comparison.limits.iter());
    text
}

fn told(change: &Change, comparison: &Comparison<'_>) -> String {
    let Comparison { old, new, .. } = comparison;
    let difference = &change.difference;
    let witness = &difference.witness;
    let mut text = format!(
        "- {} is {}; it was {}. For {}.\n",
        quoted(&format!("{} {}", witness.method, witness.path)),
        outcome(&difference.new, new),
        outcome(&difference.old, old),
        change.workloads.iter().map(|workload| quoted(workload)).collect::<Vec<_>>().join("; "),
    );
    _ = write!(text, "\n  ```sh\n  {}\n  ```\n", witness.curl());
    for line in witness.circumstances(&new.config, quoted) {
        _ = write!(text, "\n  {line}\n");
    }
    for line in difference.others.lines(quoted) {
        _ = write!(text, "\n  {line}\n");
    }
    text.push('\n');
    text
}

fn outcome(outcome: &Outcome, version: &Version<'_>) -> String {
    let word = match outcome.reason {
        Some(reason) => format!("refused (`{reason}`)"),
        None => "allowed".to_owned(),
    };
    format!("{word}{}", outcome.by_in_markdown(version.configuration, &version.config))
}

fn list<'l>(text: &mut String, title: &str, lines: impl Iterator<Item = &'l String>) {
    let lines: Vec<String> = lines.map(|line| format!("- {line}\n")).collect();
    if !lines.is_empty() {
        _ = write!(text, "#### {title}\n\n{}\n", lines.concat());
    }
}
