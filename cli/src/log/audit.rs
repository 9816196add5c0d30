//! The filter's audit lines; docs/audit.md has their members.

use super::Entry;
use attache_config_reader::{quote, suggestion};
use attache_engine::{Detail, Reason};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// A line about a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditLine {
    pub(crate) time: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    #[serde(flatten)]
    pub(crate) verdict: AuditVerdict,
    pub(crate) detail: Option<String>,
    /// The claim at fault.
    pub(crate) claim: Option<String>,
    /// The header at fault.
    pub(crate) header: Option<String>,
    pub(crate) shadow: Option<AuditVerdict>,
    pub(crate) unverified: Option<String>,
    /// The issuer of a good token.
    pub(crate) issuer: Option<String>,
    /// What `iss` of a bad one says.
    pub(crate) unverified_issuer: Option<String>,
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
    /// The mTLS principal; where it is absent there was none.
    pub(crate) caller: Option<String>,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
}

/// What was decided.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditVerdict {
    pub(crate) verdict: Said,
    pub(crate) policy: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) reason: Option<String>,
}

/// Whether a request went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Said {
    Allowed,
    Denied,
}

impl AuditLine {
    /// Returns the reason of what is in SHADOW, or of what a dry run let go on.
    pub(crate) fn shadow_reason(&self) -> Option<&str> {
        self.shadow.as_ref()?.reason.as_deref()
    }

    /// Returns the reason of its verdict, else that of what a dry run let go on.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.verdict.reason.as_deref().or_else(|| self.shadow_reason())
    }

    /// Returns what is to be said of its words for reasons and causes that this program does not
    /// know, a sentence each.
    pub(crate) fn unknown_words(&self) -> Vec<String> {
        let reasons =
            [self.verdict.reason.as_deref(), self.shadow_reason(), self.unverified.as_deref()];
        let reason = reasons
            .into_iter()
            .map(|word| unknown(word?, "reason", &Reason::ALL.map(|reason| reason.as_str())));
        let detail = self
            .detail
            .as_deref()
            .and_then(|word| unknown(word, "detail", &Detail::ALL.map(|detail| detail.as_str())));
        reason.flatten().chain(detail).collect()
    }
}

/// Returns what is to be said of a word that is none of those that are known.
fn unknown(word: &str, what: &str, known: &[&str]) -> Option<String> {
    if known.contains(&word) {
        return None;
    }
    let meant = suggestion(word, known.iter().copied())
        .map_or_else(String::new, |meant| format!(" (`{meant}` is one)"));
    Some(format!(
        "{} is no {what} that this program knows{meant}: a filter of another version wrote the line, or somebody else did",
        quote(word)
    ))
}

impl AuditVerdict {
    /// Returns the rule that decided, as `policy/rule`.
    pub(crate) fn rule_name(&self) -> Option<String> {
        Some(format!("{}/{}", self.policy.as_ref()?, self.rule.as_ref()?))
    }
}

/// The line of a second in which there were too many.
#[derive(Deserialize)]
struct EventLine {
    event: String,
    #[serde(default)]
    strangers: u64,
    #[serde(default)]
    callers: u64,
}

/// Reads a line from where its JSON begins. Behind it only what Istio's log ends with may stand:
/// `thread=` and a number.
pub(super) fn read(text: &str) -> Entry {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let Some(Ok(_)) = values.next() else { return Entry::Unreadable("its JSON is torn") };
    let (object, rest) = text.split_at_checked(values.byte_offset()).unwrap_or((text, ""));
    let rest = rest.trim();
    let is_thread = |rest: &str| {
        rest.strip_prefix("thread=")
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !rest.is_empty() && !is_thread(rest) {
        return Entry::Unreadable(
            "something stands behind its JSON, as in a line that a stranger wrote",
        );
    }
    if let Ok(line) = serde_json::from_str::<EventLine>(object) {
        return match line.event.as_str() {
            "lines-dropped" => Entry::Dropped(line.strangers.saturating_add(line.callers)),
            _ => Entry::Other,
        };
    }
    serde_json::from_str(object).map_or_else(
        |_| {
            Entry::Unreadable(
                "a member of its JSON is missing, is there twice or is of another type",
            )
        },
        |line| Entry::Audit(Box::new(line)),
    )
}
