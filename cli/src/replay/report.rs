//! What became of the requests of a log, told.

use super::Tally;
use super::tally::{Group, Turn, Why};
use crate::shown::shown;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many senders of a group are named.
const SENDERS: usize = 3;

/// How many groups of a turn are told to people.
const GROUPS: usize = 25;

/// Returns what is told to people. `assumed` is what was taken for granted.
pub(crate) fn tell(tally: &Tally, assumed: &[String]) -> String {
    let mut text = String::new();
    for (turn, title) in [
        (Turn::NewlyRefused, "newly refused"),
        (Turn::NewlyAllowed, "newly allowed"),
        (Turn::Unknown, "can't tell"),
    ] {
        let groups = tally.of(turn);
        if groups.is_empty() {
            continue;
        }
        _ = writeln!(text, "{title}: {}", tally.count(turn));
        for (why, group) in groups.iter().take(GROUPS) {
            tell_group(&mut text, turn, why, group);
        }
        let more = groups.len().saturating_sub(GROUPS);
        if more > 0 {
            _ = writeln!(text, "  … and {more} more like these; --format json has them all");
        }
    }
    let Tally { still_allowed, still_refused, .. } = tally;
    _ = writeln!(text, "as before: {still_allowed} allowed, {still_refused} refused");
    if tally.ungrouped > 0 {
        _ = writeln!(text, "beside these: {} in more ways than are told apart", tally.ungrouped);
    }
    for (why, (count, first)) in &tally.unreadable {
        _ = writeln!(text, "not read: {count}, since {why}; the first is {}", shown(first));
    }
    for (doubt, (count, first)) in &tally.doubts {
        _ = writeln!(
            text,
            "doubtful: {count}, since {}; the first is {}",
            shown(doubt),
            shown(first)
        );
    }
    if tally.more_doubts > 0 {
        _ = writeln!(text, "doubtful: {} with other words that nobody knows", tally.more_doubts);
    }
    if tally.dropped > 0 {
        _ = writeln!(text, "missing: {} lines that the filter says it left out", tally.dropped);
    }
    for assumed in assumed {
        _ = writeln!(text, "taken for granted: {assumed}");
    }
    text
}

fn tell_group(text: &mut String, turn: Turn, why: &Why, group: &Group) {
    _ = writeln!(text, "  {:>6}  {}", group.count, words(turn, why));
    let senders = group.first_senders(SENDERS);
    if !senders.is_empty() {
        let named: Vec<String> =
            senders.iter().map(|(name, count)| format!("{} ({count})", shown(name))).collect();
        let others = group.senders.len().saturating_sub(senders.len());
        let others = if others > 0 { format!(" and {others} more") } else { String::new() };
        _ = writeln!(text, "          by {}{others}", named.join(", "));
    }
    let example = &group.example;
    _ = writeln!(
        text,
        "          first {}:{}: {} {}",
        shown(&example.file),
        example.line,
        shown(&example.method),
        shown(&example.path)
    );
}

fn words(turn: Turn, why: &Why) -> String {
    let by = why.rule.as_ref().map(|rule| format!("by rule {}", shown(rule)));
    let reason = why.reason.as_deref().map(shown);
    match (turn, reason, by) {
        (Turn::Unknown, ..) => {
            format!(
                "needs {}",
                why.needs.iter().map(|need| shown(need)).collect::<Vec<_>>().join("; ")
            )
        }
        (Turn::NewlyRefused, reason, by) => {
            [reason, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        (Turn::NewlyAllowed, reason, by) => {
            let by = by.unwrap_or_else(|| "by default".to_owned());
            reason.map_or_else(|| by.clone(), |reason| format!("{by}; it was {reason}"))
        }
    }
}

/// Returns the same as JSON, of which every group is told.
pub(crate) fn document(tally: &Tally, configuration: &str, assumed: &[String]) -> Value {
    let groups = |turn| {
        tally
            .of(turn)
            .into_iter()
            .map(|(why, group)| group_document(turn, why, group))
            .collect::<Vec<_>>()
    };
    let unreadable = tally
        .unreadable
        .iter()
        .map(|(why, (count, first))| json!({"why": why, "count": count, "first": first}));
    let doubtful = tally
        .doubts
        .iter()
        .map(|(why, (count, first))| json!({"why": why, "count": count, "first": first}));
    json!({
        "configuration": configuration,
        "lines": tally.lines,
        "requests": tally.requests,
        "newlyRefused": groups(Turn::NewlyRefused),
        "newlyAllowed": groups(Turn::NewlyAllowed),
        "cannotTell": groups(Turn::Unknown),
        "asBefore": {"allowed": tally.still_allowed, "refused": tally.still_refused},
        "ungrouped": tally.ungrouped,
        "otherLines": tally.other_lines,
        "unreadable": unreadable.collect::<Vec<_>>(),
        "doubtful": doubtful.collect::<Vec<_>>(),
        "otherDoubtful": tally.more_doubts,
        "leftOutByFilter": tally.dropped,
        "takenForGranted": assumed,
    })
}

fn group_document(turn: Turn, why: &Why, group: &Group) -> Value {
    let senders: Vec<Value> = group
        .first_senders(usize::MAX)
        .into_iter()
        .map(|(name, count)| json!({"name": name, "count": count}))
        .collect();
    let example = &group.example;
    let mut document = json!({
        "count": group.count,
        "senders": senders,
        "otherSenders": group.others,
        "first": {"file": example.file, "line": example.line, "method": example.method, "path": example.path},
    });
    let more = match turn {
        Turn::NewlyRefused => json!({"reason": why.reason, "rule": why.rule}),
        Turn::NewlyAllowed => json!({"was": why.reason, "rule": why.rule}),
        Turn::Unknown => json!({"needs": why.needs}),
    };
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}
