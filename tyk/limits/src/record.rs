//! What was sent and what came back, as it is kept.

use crate::plan::Kind;
use serde::{Deserialize, Serialize};

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The form of what follows: 1.
    pub format: u32,
    /// What the schedule was made with.
    pub seed: u64,
    /// The clock at the beginning, in seconds since 1970.
    pub started: f64,
    /// How many URLs there were.
    pub urls: usize,
    /// In the order in which they were tried.
    pub targets: Vec<Tried>,
}

/// Up to so many gateways are thought of.
const MAX_URLS: usize = 64;

/// A run has two keys at most.
const MAX_KEYS: usize = 2;

/// Seconds beyond which nothing is a time: the year 5138.
const MAX_SECONDS: f64 = 1e11;

/// The form that is written.
pub const FORMAT: u32 = 1;

/// What was tried of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tried {
    /// The API's id.
    pub api: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// In the order in which they were due.
    pub answers: Vec<Answer>,
}

/// A request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// Of which kind of step.
    pub step: Kind,
    /// With which of the keys.
    pub key: usize,
    /// To which of the URLs.
    pub gateway: usize,
    /// When it was sent, in seconds from the beginning.
    pub sent: f64,
    /// When the answer was there.
    pub received: f64,
    /// Its status; 0 where there was none.
    pub status: u16,
    /// Whether Tyk itself said so, and not the service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_own: bool,
    /// Whether Tyk said that the quota is used up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_quota: bool,
}

/// What an answer says of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed, whatever the service made of it.
    Passed,
    /// 429: over the rate.
    Refused,
    /// 403: over the quota.
    OverQuota,
    /// 401 or 403: the key is not taken.
    Denied,
    /// 500 of Tyk's own, or no answer.
    Failed,
}

impl Answer {
    /// Returns what it says of limits.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.status {
            429 => Outcome::Refused,
            403 if self.is_quota => Outcome::OverQuota,
            401 | 403 if self.is_own => Outcome::Denied,
            0 => Outcome::Failed,
            500 if self.is_own => Outcome::Failed,
            _ => Outcome::Passed,
        }
    }
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// It is none, or of another form, or a number in it is none that a run writes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let record: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if record.format != FORMAT {
            return Err(format!("it is of form {}, and this reads form {FORMAT}", record.format));
        }
        record.check()?;
        Ok(record)
    }

    /// Looks whether numbers are such as a run writes: more is no run, and would take memory and
    /// time without end.
    fn check(&self) -> Result<(), String> {
        if !(1..=MAX_URLS).contains(&self.urls) {
            return Err(format!("`urls` is {}, and must be between 1 and {MAX_URLS}", self.urls));
        }
        if !(0.0..=MAX_SECONDS).contains(&self.started) {
            return Err(format!("`started` is {}, which is no time", self.started));
        }
        for (number, tried) in self.targets.iter().enumerate() {
            for (index, answer) in tried.answers.iter().enumerate() {
                let wrong =
                    |said: String| Err(format!("`targets[{number}].answers[{index}]`: {said}"));
                if answer.gateway >= self.urls {
                    return wrong(format!(
                        "`gateway` is {}, and there are {}",
                        answer.gateway, self.urls
                    ));
                }
                if answer.key >= MAX_KEYS {
                    return wrong(format!(
                        "`key` is {}, and there are {MAX_KEYS} at most",
                        answer.key
                    ));
                }
                if !(0.0..=MAX_SECONDS).contains(&answer.sent) || answer.sent > answer.received {
                    return wrong(format!(
                        "`sent` is {}, which is no time before its answer",
                        answer.sent
                    ));
                }
                if answer.received > MAX_SECONDS {
                    return wrong(format!("`received` is {}, which is no time", answer.received));
                }
                if answer.status != 0 && !(100..=999).contains(&answer.status) {
                    return wrong(format!("`status` is {}, which is none of HTTP", answer.status));
                }
            }
        }
        Ok(())
    }
}
