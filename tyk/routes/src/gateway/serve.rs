//! What an API makes of a request: an answer, a request to another API, or one upstream.

use super::middleware::{is_let_through, matching, method, rewritten};
use super::passage::Passage;
use super::request::{Forwarded, HostHeader, Outcome, Request};
use super::version::{Choice, version};
use super::{Gateway, Served, looping_name};
use crate::definition::{Action, Version};
use crate::url::{Target, join};

/// How deep loops may go.
const MAX_LOOPS: usize = 5;

impl Gateway {
    /// Returns what an API makes of a request that the router gave it.
    pub(super) fn serve(&self, served: &Served, request: &Request) -> Outcome {
        let mut passage = Passage {
            request,
            path: request.path.clone(),
            version: None,
            method: request.method.clone(),
            query: request.query.clone(),
            loops: 0,
        };
        self.pass(served, &mut passage)
    }

    fn pass(&self, served: &Served, passage: &mut Passage<'_>) -> Outcome {
        match self.choose(served, passage) {
            Choice::Own => {}
            Choice::None => return Outcome::Answered,
            Choice::Other(other) => {
                if served.api.strips {
                    passage.path = served.listen.strip(&passage.path);
                }
                return self.pass(other, passage);
            }
        }
        let Some((key, version)) = version(served, passage) else { return Outcome::Answered };
        if !is_let_through(served, key, version, passage) {
            return Outcome::Answered;
        }
        let rewritten = rewritten(served, key, version, passage);
        if self.is_answered(served, key, version, passage) {
            return Outcome::Answered;
        }
        if let Some(method) = method(served, key, version, passage) {
            passage.method = method;
        }
        let mut target = None;
        if let Some(url) = rewritten {
            if url.scheme == "tyk" {
                return self.follow(served, &url, passage);
            }
            passage.path.clone_from(&url.path);
            passage.query.clone_from(&url.query);
            if !url.scheme.is_empty() {
                target = Some(url);
            }
        }
        self.send(served, (key, version), target, passage)
    }

    /// Sends a request round to another API, or the same.
    fn follow(&self, served: &Served, url: &Target, passage: &mut Passage<'_>) -> Outcome {
        if passage.loops > MAX_LOOPS {
            return Outcome::Answered;
        }
        let name = looping_name(&url.authority);
        let next = if name == "self" {
            Some(served)
        } else {
            self.find(&url.authority).or_else(|| self.find(&name))
        };
        let Some(next) = next else { return Outcome::Answered };
        passage.loops = passage.loops.saturating_add(1);
        passage.path.clone_from(&url.path);
        let pairs = form_urlencoded::parse(url.query.as_bytes());
        for (name, value) in pairs {
            if name == "method" && !value.is_empty() {
                passage.method = value.into_owned();
            }
        }
        self.pass(next, passage)
    }

    fn send(
        &self,
        served: &Served,
        (key, version): (&String, &Version),
        rewritten: Option<Target>,
        passage: &mut Passage<'_>,
    ) -> Outcome {
        let api = &served.api;
        let own = Target::parse(&api.target);
        if rewritten.is_none() && own.scheme == "tyk" {
            let Some(next) = self.find(own.host()).or_else(|| self.find(&looping_name(own.host())))
            else {
                return Outcome::Answered;
            };
            if passage.loops > MAX_LOOPS {
                return Outcome::Answered;
            }
            passage.loops = passage.loops.saturating_add(1);
            if api.strips {
                passage.path = served.listen.strip(&passage.path);
            }
            return self.pass(next, passage);
        }
        if api.strips {
            passage.path = served.listen.strip(&passage.path);
        }
        let host = if api.keeps_host { HostHeader::Client } else { HostHeader::Target };
        let version_name = if api.versions.are_named { key.clone() } else { String::new() };
        let (authorities, paths) = match rewritten {
            Some(url) => (vec![url.authority], vec![passage.path.clone()]),
            None => {
                let targets = targets(served, version);
                let path = |target: &Target| join(&target.path, &passage.path, api.keeps_slash);
                (
                    targets.iter().map(|target| target.authority.clone()).collect(),
                    targets.iter().map(path).collect(),
                )
            }
        };
        Outcome::Forwarded(Forwarded {
            api: api.id.clone(),
            version: version_name,
            authorities,
            host,
            paths,
        })
    }

    /// Returns whether Tyk answers where the request would go upstream.
    fn is_answered(
        &self,
        served: &Served,
        key: &str,
        version: &Version,
        passage: &Passage<'_>,
    ) -> bool {
        let mut answers = matching(served, key, version, passage);
        answers.any(|action| match action {
            Action::Mock => true,
            Action::Virtual => self.settings.runs_scripts,
            _ => false,
        })
    }
}

/// Returns the targets of a version of an API.
pub(crate) fn targets(served: &Served, version: &Version) -> Vec<Target> {
    let api = &served.api;
    if !api.targets.is_empty() {
        let scheme = if api.protocol.is_empty() { "http" } else { api.protocol.as_str() };
        let full = |url: &String| {
            if url.contains("://") { url.clone() } else { format!("{scheme}://{url}") }
        };
        return api
            .targets
            .iter()
            .map(|url| Target::parse(&full(url).replacen("h2c://", "http://", 1)))
            .collect();
    }
    let is_overridden = api.versions.are_named && !version.target.is_empty();
    vec![Target::parse(if is_overridden { &version.target } else { &api.target })]
}
