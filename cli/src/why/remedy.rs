//! What to do about a reason or a detail, in the words of the documentation: they are written there
//! once.

use super::pick::PickedLine;
use attache_engine::{Detail, Reason};

const METRICS: &str = include_str!("../../../docs/metrics.md");
const TROUBLESHOOTING: &str = include_str!("../../../docs/troubleshooting.md");

/// Returns what the documentation says of a line's reason, where no change of a rule mends it.
pub(super) fn of_line(line: &PickedLine) -> Option<String> {
    let PickedLine::Audit(line) = line else { return None };
    let reason = line.reason()?;
    if matches!(reason, "role-missing" | "no-rule-matched" | "rule-denied" | "token-missing") {
        return None;
    }
    if let Some(words) = line.detail.as_deref().and_then(of_detail) {
        return Some(words);
    }
    of_reason(reason).map(|(often, mend)| format!("{often}: {mend}"))
}

/// Returns what stands behind a detail, and what to do.
fn of_detail(detail: &str) -> Option<String> {
    let cells = row(METRICS, detail)
        .filter(|_| Detail::ALL.iter().any(|known| known.as_str() == detail))?;
    cells.get(2).map(|cell| plain(cell))
}

/// Returns what is most often behind a reason, and what to do.
fn of_reason(reason: &str) -> Option<(String, String)> {
    let cells = row(TROUBLESHOOTING, reason)
        .filter(|_| Reason::ALL.iter().any(|known| known.as_str() == reason))?;
    Some((plain(cells.get(1)?), plain(cells.get(3)?)))
}

/// Returns the cells of the row of a table that begins with a word as code.
fn row(page: &'static str, word: &str) -> Option<Vec<&'static str>> {
    let start = format!("| `{word}` | ");
    let line = page.lines().find(|line| line.starts_with(&start))?;
    Some(line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// Returns a cell without links.
fn plain(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some((before, link)) = rest.split_once('[') {
        text.push_str(before);
        let parts =
            link.split_once("](").and_then(|(label, rest)| Some((label, rest.split_once(')')?.1)));
        match parts {
            Some((label, after)) => {
                text.push_str(if label.ends_with(".md") { "docs/" } else { "" });
                text.push_str(label);
                rest = after;
            }
            None => {
                text.push('[');
                rest = link;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_every_detail_has_its_words() {
        for reason in Reason::ALL {
            let words = of_reason(reason.as_str());
            assert!(
                words.is_some_and(|(often, mend)| !often.is_empty() && !mend.is_empty()),
                "{reason}"
            );
        }
        for detail in Detail::ALL {
            assert!(of_detail(detail.as_str()).is_some_and(|words| !words.is_empty()), "{detail}");
        }
        assert_eq!(of_detail("reason"), None);
        assert_eq!(of_reason("no such reason"), None);
    }

    #[test]
    fn links_are_left_out() {
        assert_eq!(plain("see [keys.md](keys.md)"), "see docs/keys.md");
        assert_eq!(
            plain("see [keys](keys.md#a) and `issuers[].issuer`"),
            "see keys and `issuers[].issuer`"
        );
    }
}
