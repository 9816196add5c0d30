//! What the endpoints of an API's version say of a request.

use super::Served;
use super::passage::Passage;
use super::version::without_version;
use crate::definition::{Action, Rewrite, Version};
use crate::url::Target;

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

/// Returns the actions of the endpoints that a request is for, where they ask for its method.
pub(super) fn matching<'s>(
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
pub(super) fn is_let_through(
    served: &Served,
    key: &str,
    version: &Version,
    passage: &Passage<'_>,
) -> bool {
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
pub(super) fn rewritten(
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

pub(super) fn method(
    served: &Served,
    key: &str,
    version: &Version,
    passage: &Passage<'_>,
) -> Option<String> {
    let mut actions = matching(served, key, version, passage);
    actions.find_map(|action| match action {
        Action::Method(method) => Some(method.clone()),
        _ => None,
    })
}
