//! Which version a request is for.

use super::passage::Passage;
use super::{Gateway, Served};
use crate::definition::{Location, Version};
use regex::Regex;

/// What versions that are APIs of their own make of a request.
pub(super) enum Choice<'g> {
    /// This API.
    Own,
    /// Another.
    Other(&'g Served),
    /// None, and Tyk says so.
    None,
}

impl Gateway {
    /// Returns the API of the version that a request names.
    pub(super) fn choose<'g>(&'g self, served: &Served, passage: &mut Passage<'_>) -> Choice<'g> {
        let Some(family) = &served.api.family else { return Choice::Own };
        let mut wanted = named_version(served, passage);
        if wanted.is_empty() {
            wanted.clone_from(&family.default);
        }
        if family.is_base(&wanted) {
            return Choice::Own;
        }
        if wanted.is_empty() {
            return Choice::None;
        }
        let member = |name: &str| family.members.get(name).and_then(|id| self.find(id));
        match member(&wanted) {
            Some(other) => Choice::Other(other),
            None if !served.api.selector.falls_back => Choice::None,
            None if family.is_base(&family.default) => Choice::Own,
            None => member(&family.default).map_or(Choice::None, Choice::Other),
        }
    }
}

/// Returns the version within a definition, and the key under which it stands; `None` where Tyk
/// refuses.
pub(super) fn version<'s>(
    served: &'s Served,
    passage: &mut Passage<'_>,
) -> Option<(&'s String, &'s Version)> {
    let versions = &served.api.versions;
    if !versions.are_named {
        return versions.only();
    }
    let wanted = named_version(served, passage);
    let default = || versions.list.get_key_value(&versions.default);
    if wanted.is_empty() {
        return if versions.default.is_empty() { None } else { default() };
    }
    let found = versions.list.get_key_value(&wanted);
    if found.is_none() && served.api.selector.falls_back { default() } else { found }
}

/// Returns the version that a request names, and takes it out where the definition says so; what
/// was found first counts for all that follows.
fn named_version(served: &Served, passage: &mut Passage<'_>) -> String {
    if let Some(name) = &passage.version {
        return name.clone();
    }
    if !served.api.versions.are_named && served.api.family.is_none() {
        return String::new();
    }
    let selector = &served.api.selector;
    let name = match selector.location {
        Location::Unknown => return String::new(),
        Location::Header => passage.request.header(&selector.key).unwrap_or_default().to_owned(),
        Location::Parameter => {
            let mut pairs = form_urlencoded::parse(passage.request.query.as_bytes());
            pairs
                .find(|(name, _)| *name == selector.key.as_str())
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        }
        Location::Path => {
            let rest = served.listen.strip(&passage.path);
            let Some(part) = rest.split('/').find(|part| !part.is_empty()) else {
                return String::new();
            };
            if selector.strips && fits(&selector.pattern, part) {
                passage.path = passage.path.replacen(&format!("{part}/"), "", 1);
            }
            part.to_owned()
        }
    };
    passage.version = Some(name.clone());
    name
}

/// Returns a path without the version that is its first part, as Tyk does when it looks for
/// endpoints.
pub(super) fn without_version(served: &Served, path: &str) -> String {
    let selector = &served.api.selector;
    let part = path.trim_matches('/').split('/').next().unwrap_or_default();
    if selector.strips && fits(&selector.pattern, part) {
        return path.replacen(&format!("/{part}/"), "/", 1);
    }
    path.to_owned()
}

/// Returns whether a part of a path is a version. A pattern that can't be read counts for nothing.
fn fits(pattern: &str, part: &str) -> bool {
    pattern.is_empty() || Regex::new(pattern).map_or(true, |regex| regex.is_match(part))
}
