//! Choosing the line that is asked about.

use crate::log::{AccessLine, AuditLine, Entry, Lines, Said};
use std::io::BufRead;

/// The line that is asked about.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) line: PickedLine,
    /// How many lines on requests there were.
    pub(crate) requests: u64,
    /// Its number, from 1.
    pub(crate) number: u64,
}

#[derive(Debug)]
pub(crate) enum PickedLine {
    Audit(Box<AuditLine>),
    Access(Box<AccessLine>),
}

impl PickedLine {
    fn is_refusal(&self) -> bool {
        match self {
            Self::Audit(line) => {
                let shadow = line.shadow.as_ref().map(|shadow| shadow.verdict);
                line.verdict.verdict == Said::Denied || shadow == Some(Said::Denied)
            }
            Self::Access(line) => line.status >= 400,
        }
    }

    fn request_id(&self) -> Option<&str> {
        match self {
            Self::Audit(line) => line.request_id.as_deref(),
            Self::Access(line) => line.request_id.as_deref(),
        }
    }

    /// An audit line tells more than one of the access log, and a refusal is what is asked about.
    fn rank(&self) -> (bool, bool) {
        (self.is_refusal(), matches!(self, Self::Audit(_)))
    }
}

/// Returns the line that is asked about: of those with a request id, where one is named, the last refusal.
///
/// # Errors
/// There is none, or the log can't be read.
pub(crate) fn pick(log: impl BufRead, request_id: Option<&str>) -> Result<Picked, String> {
    let mut lines = Lines::new(log);
    let (mut picked, mut requests, mut unreadable) = (None::<(PickedLine, u64)>, 0_u64, None);
    while let Some(entry) = lines.entry().map_err(|error| format!("can't read the line: {error}"))? {
        let line = match entry {
            Entry::Audit(line) => PickedLine::Audit(line),
            Entry::Access(line) => PickedLine::Access(line),
            Entry::Unreadable(why) => {
                unreadable = unreadable.or(Some(why));
                continue;
            }
            Entry::Other | Entry::Dropped(_) => continue,
        };
        if request_id.is_some_and(|id| line.request_id() != Some(id)) {
            continue;
        }
        requests = requests.saturating_add(1);
        if picked.as_ref().is_none_or(|(best, _)| line.rank() >= best.rank()) {
            picked = Some((line, lines.number));
        }
    }
    let none = || match (request_id, unreadable) {
        (Some(id), _) => format!("no line has the request id `{}`", crate::shown::shown(id)),
        (None, Some(why)) => format!("the line can't be read: {why}"),
        (None, None) => {
            "that is no audit line of the filter, and none of Istio's access log; an audit line has \
                         `{\"log\":\"attache\",…}` (docs/audit.md)"
                .to_owned()
        }
    };
    picked.map(|(line, number)| Picked { line, requests, number }).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, verdict: &str) -> String {
        format!(
            "wasm log: {{\"log\":\"attache\",\"requestId\":\"{id}\",\"verdict\":\"{verdict}\",\"method\":\"GET\",\"host\":\"a\",\"path\":\"/a\"}}\n"
        )
    }

    fn id(log: &str, request_id: Option<&str>) -> Result<String, String> {
        let picked = pick(log.as_bytes(), request_id)?;
        Ok(picked.line.request_id().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_last_refusal_is_asked_about() {
        let log =
            [line("a", "denied"), line("b", "denied"), line("c", "allowed"), "noise\n".to_owned()].concat();
        assert_eq!(id(&log, None).as_deref(), Ok("b"));
        assert_eq!(id(&log, Some("c")).as_deref(), Ok("c"));
        assert!(id(&log, Some("d")).is_err_and(|error| error.contains("no line has the request id `d`")));
        assert!(id("noise", None).is_err_and(|error| error.contains("no audit line")));
    }
}
