//! The filter's audit lines; docs/audit.md has their members.

use super::Entry;
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
