//! The lists of an API: which requests they let through.

use super::middleware::is_let_through;
use super::passage::Passage;
use super::version::version;
use super::{Gateway, Request, Served};
use crate::definition::Action;

impl Gateway {
    /// Returns whether Tyk lets a request of an API go as far as its limits: what an allow list
    /// does not name, what a block list does and what is internal is refused before anything is
    /// counted. `path` is the client's. What names no version where Tyk asks for one is let through,
    /// since it can't be told of which the lists are.
    #[must_use]
    pub fn lets_through(&self, served: &Served, method: &str, path: &str) -> bool {
        let request = Request {
            method: method.to_owned(),
            host: served.host().to_owned(),
            port: served.port,
            path: path.to_owned(),
            ..Request::default()
        };
        let mut passage = Passage {
            request: &request,
            path: path.to_owned(),
            version: None,
            method: method.to_owned(),
            query: String::new(),
            loops: 0,
        };
        version(served, &mut passage)
            .is_none_or(|(key, version)| is_let_through(served, key, version, &passage))
    }

    /// Returns methods and patterns of what the lists of an API name as allowed, in the order in
    /// which Tyk asks them; the method is empty where each is.
    #[must_use]
    pub fn allowed<'s>(&self, served: &'s Served) -> Vec<(&'s str, &'s str)> {
        let versions = &served.api.versions;
        let version = versions.list.get(&versions.default).or(versions.only().map(|(_, it)| it));
        let endpoints = version.into_iter().flat_map(|version| &version.endpoints);
        endpoints
            .filter(|endpoint| matches!(endpoint.action, Action::Allow | Action::Ignore))
            .map(|endpoint| (endpoint.method.as_str(), endpoint.path.as_str()))
            .collect()
    }
}
