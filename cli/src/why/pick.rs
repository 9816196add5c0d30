//! Choosing the line that is asked about.

use super::way::{Recent, Seen};
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
    /// What else the log says of that request; nothing where it has but that line.
    pub(crate) way: Vec<Seen>,
}

/// Which requests are asked about.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ids<'i> {
    /// Those with this `x-request-id`.
    pub(crate) request: Option<&'i str>,
    /// Those of this trace.
    pub(crate) trace: Option<&'i str>,
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

    fn trace_id(&self) -> Option<&str> {
        match self {
            Self::Audit(line) => line.trace_id.as_deref(),
            // Istio's default does not name it.
            Self::Access(_) => None,
        }
    }

    fn is_asked_about(&self, ids: Ids<'_>) -> bool {
        let is_it = |own: Option<&str>, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| own.is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
        };
        is_it(self.request_id(), ids.request) && is_it(self.trace_id(), ids.trace)
    }

    /// An audit line tells more than one of the access log, and a refusal is what is asked about.
    fn rank(&self) -> (bool, bool) {
        (self.is_refusal(), matches!(self, Self::Audit(_)))
    }
}

/// Returns the line that is asked about, the last refusal of those with the ids that are named, and
/// what else the log says of that request.
///
/// # Errors
/// There is none, or the log can't be read.
pub(crate) fn pick(log: impl BufRead, ids: Ids<'_>) -> Result<Picked, String> {
    let mut lines = Lines::new(log);
    let (mut picked, mut requests, mut unreadable) = (None::<(PickedLine, u64)>, 0_u64, None);
    let mut recent = Recent::default();
    while let Some(entry) =
        lines.entry().map_err(|error| format!("can't read the line: {error}"))?
    {
        recent.keep(&entry, lines.number);
        let line = match entry {
            Entry::Audit(line) => PickedLine::Audit(line),
            Entry::Access(line) => PickedLine::Access(line),
            Entry::Unreadable(why) => {
                unreadable = unreadable.or(Some(why));
                continue;
            }
            Entry::Other | Entry::Neighbour(_) | Entry::Dropped(_) => continue,
        };
        if !line.is_asked_about(ids) {
            continue;
        }
        requests = requests.saturating_add(1);
        if picked.as_ref().is_none_or(|(best, _)| line.rank() >= best.rank()) {
            picked = Some((line, lines.number));
        }
    }
    let none = || {
        match (ids.request, ids.trace, unreadable) {
        (Some(id), _, _) => format!("no line has the request id `{}`", crate::shown::shown(id)),
        (None, Some(id), _) => {
            format!("no line of the filter has the trace id `{}`", crate::shown::shown(id))
        }
        (None, None, Some(why)) => format!("the line can't be read: {why}"),
        (None, None, None) => {
            "that is no audit line of the filter, and none of Istio's access log; an audit line has \
                         `{\"log\":\"attache\",…}` (docs/audit.md)"
                .to_owned()
        }
    }
    };
    let (line, number) = picked.ok_or_else(none)?;
    Ok(Picked { line, requests, number, way: recent.way(number) })
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
        let picked = pick(log.as_bytes(), Ids { request: request_id, trace: None })?;
        Ok(picked.line.request_id().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_last_refusal_is_asked_about() {
        let log =
            [line("a", "denied"), line("b", "denied"), line("c", "allowed"), "noise\n".to_owned()]
                .concat();
        assert_eq!(id(&log, None).as_deref(), Ok("b"));
        assert_eq!(id(&log, Some("c")).as_deref(), Ok("c"));
        assert!(
            id(&log, Some("d"))
                .is_err_and(|error| error.contains("no line has the request id `d`"))
        );
        assert!(id("noise", None).is_err_and(|error| error.contains("no audit line")));
    }
}
