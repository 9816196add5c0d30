//! What an API's middleware makes of a request.

use super::passage::Passage;
use super::request::{Forwarded, HostHeader, Outcome, Request};
use super::version::{Choice, version, without_version};
use super::{Gateway, Served, looping_name};
use crate::definition::{Action, Rewrite, Version};
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

impl Served {
    /// Returns whether an endpoint of a version, which stands under a key, has a request go on
    /// without a credential.
    pub(crate) fn is_ignored(
        &self,
        key: &str,
        version: &Version,
        method: &str,
        path: &str,
    ) -> bool {
        let candidates = candidates(self, path);
        version.endpoints.iter().enumerate().any(|(index, endpoint)| {
            endpoint.action == Action::Ignore
                && (endpoint.method.is_empty() || endpoint.method == method)
                && self.is_at(key, index, &candidates)
        })
    }

    /// Returns whether an endpoint, by its place in the version under a key, is for one of these
    /// readings of a path.
    fn is_at(&self, key: &str, index: usize, candidates: &[String]) -> bool {
        self.pattern(key, index)
            .is_some_and(|pattern| candidates.iter().any(|path| pattern.matches(path)))
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

/// Returns the actions of the endpoints that a request is for, where they ask for its method.
fn matching<'s>(
    served: &'s Served,
    key: &'s str,
    version: &'s Version,
    passage: &'s Passage<'_>,
) -> impl Iterator<Item = &'s Action> {
    let path = if served.listen.text() == "/" {
        passage.path.clone()
    } else {
        served.listen.strip(&passage.path)
    };
    let candidates = candidates(served, &path);
    let method = passage.method.as_str();
    version.endpoints.iter().enumerate().filter_map(move |(index, endpoint)| {
        let fits = endpoint.method == method && served.is_at(key, index, &candidates);
        fits.then_some(&endpoint.action)
    })
}

/// Returns what of a path endpoints are held against.
fn candidates(served: &Served, path: &str) -> Vec<String> {
    let stripped = served.listen.strip(path);
    vec![without_version(served, &stripped), stripped, path.to_owned()]
}

/// Returns whether the lists of a version let a request through.
fn is_let_through(served: &Served, key: &str, version: &Version, passage: &Passage<'_>) -> bool {
    let candidates = candidates(served, &passage.path);
    let is_of = |index: usize| served.is_at(key, index, &candidates);
    let is_method = |method: &str| method.is_empty() || method == passage.method;
    let endpoints = || version.endpoints.iter().enumerate();
    let is_internal = endpoints().any(|(index, endpoint)| {
        endpoint.action == Action::Internal && endpoint.method == passage.method && is_of(index)
    });
    if is_internal && passage.loops == 0 {
        return false;
    }
    let has_list = version.endpoints.iter().any(|endpoint| endpoint.action == Action::Allow);
    for (index, endpoint) in endpoints() {
        if !is_method(&endpoint.method) || !is_of(index) {
            continue;
        }
        match endpoint.action {
            Action::Ignore | Action::Allow => return true,
            Action::Block | Action::Reply => return false,
            Action::Internal if has_list => return true,
            _ => {}
        }
    }
    !has_list
}

/// Returns what a request's URL becomes; `None` where no rewrite is for it.
fn rewritten(
    served: &Served,
    key: &str,
    version: &Version,
    passage: &Passage<'_>,
) -> Option<Target> {
    let path = if served.listen.text() == "/" {
        passage.path.clone()
    } else {
        served.listen.strip(&passage.path)
    };
    let candidates = candidates(served, &path);
    let mut found = version.endpoints.iter().enumerate().filter_map(|(index, endpoint)| {
        match &endpoint.action {
            Action::Rewrite(rewrite) if endpoint.method == passage.method => {
                let pattern = served.pattern(key, index)?;
                let is_of = candidates.iter().any(|path| pattern.matches(path));
                is_of.then_some((rewrite, pattern.url.as_ref()?))
            }
            _ => None,
        }
    });
    let (rewrite, regex) = found.next()?;
    let url = if passage.query.is_empty() {
        passage.path.clone()
    } else {
        format!("{}?{}", passage.path, passage.query)
    };
    Some(Target::parse(&replace(rewrite, regex, &url)))
}

fn replace(rewrite: &Rewrite, regex: &regex::Regex, url: &str) -> String {
    let Some(groups) = regex.captures(url) else { return url.to_owned() };
    let mut result = rewrite.to.clone();
    // As Tyk does it: `$10` before `$1` only where it stands first.
    for reference in references(&rewrite.to) {
        let index = reference.get(1..).and_then(|digits| digits.parse().ok());
        let value = index.and_then(|index| groups.get(index)).map_or("", |group| group.as_str());
        result = result.replace(&reference, value);
    }
    result
}

/// Returns the references to groups in what a URL becomes: `$1`, in their order.
pub(crate) fn references(text: &str) -> Vec<String> {
    let mut references = Vec::new();
    for part in text.split('$').skip(1) {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            references.push(format!("${digits}"));
        }
    }
    references
}

fn method(served: &Served, key: &str, version: &Version, passage: &Passage<'_>) -> Option<String> {
    let mut actions = matching(served, key, version, passage);
    actions.find_map(|action| match action {
        Action::Method(method) => Some(method.clone()),
        _ => None,
    })
}
