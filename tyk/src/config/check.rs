//! From a document to a configuration: everything that its types cannot say is checked here, once.

mod api;
mod claim;
mod header;
mod mint;
mod named;
mod provider;
mod roles;
mod serve;

pub(crate) use named::{FileUse, Named};

use super::document::Document;
use super::{Config, Credential, Http, Log, Upstream};
use attache_config_reader::{
    DurationDocument, List, NonEmpty, PathRef, Report, Reported, format_duration, quote,
};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Checks a document.
///
/// # Errors
/// Something is wrong, and the checker has all of it.
pub(super) fn check(document: &Document, checker: &mut Checker) -> Result<Config, Reported> {
    let root = PathRef::Root;
    let grpc = document.grpc.get().and_then(|grpc| serve::grpc(grpc, &root.key("grpc"), checker));
    let at_http = root.key("http");
    let http = document
        .http
        .as_ref()
        .map_or(Ok(Http::default()), |http| serve::http(http, &at_http, checker));
    if let (Ok(grpc), Ok(http)) = (&grpc, &http) {
        serve::check_ports(&grpc.listen, http.listen, &at_http.key("listen"), checker);
    }
    let log = document.log.as_ref().map_or_else(Log::default, serve::log);
    let drain = Duration::ZERO..=Duration::from_secs(300);
    let drain =
        checker.duration(document.drain, Duration::from_secs(20), drain, &root.key("drain"));
    let upstream = document.upstream.as_ref();
    let upstream = upstream.map_or(Ok(Upstream::default()), |one| {
        serve::upstream(one, &root.key("upstream"), checker)
    });
    let strip = document.strip.as_ref();
    let strip = strip
        .map_or(Ok(Credential::default()), |one| api::credential(one, &root.key("strip"), checker));
    let mint =
        document.mint.as_ref().map(|one| mint::mint(one, &root.key("mint"), checker)).transpose();
    let providers =
        provider::providers(document.providers.as_ref(), &root.key("providers"), checker);
    let apis = api::apis(document, checker);
    Ok(Config {
        grpc: grpc?,
        http: http?,
        log,
        drain: drain?,
        upstream: upstream?,
        strip: strip?,
        mint: mint?,
        providers: providers?,
        apis: apis?,
    })
}

/// Gathers what is wrong with a document, and what it names outside of itself.
pub(super) struct Checker {
    report: Report,
    named: Vec<Named>,
}

impl Checker {
    /// Creates a checker of a document that has been read, which goes on with the report of that.
    pub(super) const fn new(report: Report) -> Self {
        Self { report, named: Vec::new() }
    }

    /// Returns everything that was noted, and what the document names.
    pub(super) fn into_parts(self) -> (Report, Vec<Named>) {
        (self.report, self.named)
    }

    /// Notes an error, as [`Report::error`] does.
    fn error(&mut self, at: &PathRef<'_>, message: impl Into<String>) -> Reported {
        self.report.error(at, message)
    }

    /// Returns a string that is not empty.
    fn text(&mut self, text: &str, at: &PathRef<'_>) -> Result<String, Reported> {
        if text.is_empty() {
            return Err(self.error(at, "is empty; give a text or leave the key out"));
        }
        Ok(text.to_owned())
    }

    /// Returns a string that is not empty, where there is one.
    fn optional_text(
        &mut self,
        text: Option<&String>,
        at: &PathRef<'_>,
    ) -> Result<Option<String>, Reported> {
        text.map(|text| self.text(text, at)).transpose()
    }

    /// Returns the strings of a list, of which none is empty; no list is an empty one.
    fn texts(
        &mut self,
        list: Option<&List<String>>,
        at: &PathRef<'_>,
    ) -> Result<Vec<String>, Reported> {
        all(list
            .into_iter()
            .flat_map(List::iter)
            .map(|(index, text)| self.text(text, &at.index(index))))
    }

    /// Returns the strings of a list that must have one; `empty` says what to do where it has none.
    fn some_texts(
        &mut self,
        list: &List<String>,
        at: &PathRef<'_>,
        empty: &str,
    ) -> Result<NonEmpty<String>, Reported> {
        let texts = self.texts(Some(list), at)?;
        self.some(texts, at, empty)
    }

    /// Returns a list that must have an element; `empty` says what to do where it has none.
    fn some<T>(
        &mut self,
        list: Vec<T>,
        at: &PathRef<'_>,
        empty: &str,
    ) -> Result<NonEmpty<T>, Reported> {
        self.report.ok_or_report(at, NonEmpty::new(list).ok_or(empty))
    }

    /// Returns a number in a range, or the default.
    fn number(
        &mut self,
        given: Option<u64>,
        default: u64,
        range: RangeInclusive<u64>,
        at: &PathRef<'_>,
    ) -> Result<u64, Reported> {
        match given {
            Some(number) if !range.contains(&number) => {
                let message =
                    format!("expected a whole number from {} to {}", range.start(), range.end());
                Err(self.error(at, message))
            }
            given => Ok(given.unwrap_or(default)),
        }
    }

    /// Returns a duration in a range, or the default.
    fn duration(
        &mut self,
        given: Option<DurationDocument>,
        default: Duration,
        range: RangeInclusive<Duration>,
        at: &PathRef<'_>,
    ) -> Result<Duration, Reported> {
        match given {
            Some(DurationDocument(duration)) if !range.contains(&duration) => {
                let [least, most] = [range.start(), range.end()].map(|end| format_duration(*end));
                Err(self.error(at, format!("is out of range; use {least} to {most}")))
            }
            given => Ok(given.map_or(default, |DurationDocument(duration)| duration)),
        }
    }

    /// Returns the name of a file, a folder or a variable, and keeps it for a check of what it
    /// names.
    fn file(&mut self, name: &str, used: FileUse, at: &PathRef<'_>) -> Result<String, Reported> {
        let name = self.text(name, at)?;
        self.named.push(Named { path: at.to_path(), name: name.clone(), used });
        Ok(name)
    }

    /// Notes every name that an earlier entry has too.
    fn unique<'n>(
        &mut self,
        names: impl Iterator<Item = (usize, &'n str)>,
        at: &PathRef<'_>,
        key: &str,
        message: impl Fn(&str) -> String,
    ) {
        let mut seen = BTreeMap::new();
        for (index, name) in names {
            if seen.insert(name, index).is_some() {
                self.error(&at.index(index).key(key), message(&quote(name)));
            }
        }
    }
}

/// Returns all values, or the proof where one is wrong; checks to the end either way, so that every
/// error is found.
fn all<T>(results: impl Iterator<Item = Result<T, Reported>>) -> Result<Vec<T>, Reported> {
    let results: Vec<_> = results.collect();
    results.into_iter().collect()
}
