//! In how many ways a request can be read, and what of it in none.

use crate::Reason;
use crate::engine::Engine;
use crate::method::{self, OtherMethods};
use crate::policy::{Candidates, Identity, Policies, RequestFacts, Verdict, View};
use crate::request::Request;
use attache_plugin_config::Authentication;

/// What of a request can be read in two ways, so that no rule that names it may judge it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flaws {
    pub(super) path: bool,
    pub(super) method: bool,
    pub(super) host: bool,
}

/// A request, read in one of the ways in which a backend may read it.
pub(super) struct Reading<'a> {
    pub(super) facts: RequestFacts<'a>,
    pub(super) candidates: Candidates<'a>,
    /// Why the request is refused where the policies say something else of this reading than of the
    /// first.
    pub(super) differs: Reason,
}

impl<'a> Reading<'a> {
    pub(super) fn new(facts: RequestFacts<'a>, policies: &'a Policies, differs: Reason) -> Self {
        Self { candidates: policies.candidates(&facts), facts, differs }
    }

    /// Returns what the policies say of this reading, given what it needs.
    pub(super) fn verdict(
        &self,
        view: View,
        authentication: Authentication,
        identity: Option<&Identity<'_>>,
    ) -> Verdict {
        self.candidates.verdict(view, authentication, &self.facts, identity)
    }
}

impl Flaws {
    /// Returns why the rules of a view can't judge the request.
    pub(super) fn reason(self, policies: &Policies, view: View) -> Option<Reason> {
        if self.path && policies.uses_paths(view) {
            Some(Reason::PathAmbiguous)
        } else if self.method && policies.uses_methods(view) {
            Some(Reason::MethodAmbiguous)
        } else if self.host && policies.uses_hosts(view) {
            Some(Reason::HostAmbiguous)
        } else {
            None
        }
    }
}

impl Engine {
    /// Returns what the request asks for beside the method on its line, where that matters; and
    /// what is wrong with its path, its method and its host.
    pub(super) fn other_methods(
        &self,
        request: &Request<'_>,
        path_is_bad: bool,
    ) -> (Vec<String>, Flaws) {
        let policies = &self.policies;
        let host = policies.uses_hosts(View::WithShadow) && !request.has_plain_host();
        let flaws = Flaws { path: path_is_bad, method: false, host };
        if !policies.uses_methods(View::WithShadow) {
            return (Vec::new(), flaws);
        }
        let flaws = Flaws { method: !method::is_plain(request.method), ..flaws };
        if !request.has_override() {
            return (Vec::new(), flaws);
        }
        match method::others(
            request.method,
            &request.overrides,
            request.query,
            self.method_override,
        ) {
            OtherMethods::Are(methods) => (methods, flaws),
            OtherMethods::Unreadable => (Vec::new(), Flaws { method: true, ..flaws }),
        }
    }

    /// Returns the request as it would be by other paths and under other methods.
    pub(super) fn other_readings<'a>(
        &'a self,
        facts: &RequestFacts<'a>,
        paths: &'a [String],
        methods: &'a [String],
    ) -> Vec<Reading<'a>> {
        if paths.is_empty() && methods.is_empty() {
            return Vec::new();
        }
        self.all_readings(facts, paths, methods)
    }

    /// Returns every path with every method, but for those that the request names first.
    #[inline(never)]
    fn all_readings<'a>(
        &'a self,
        facts: &RequestFacts<'a>,
        paths: &'a [String],
        methods: &'a [String],
    ) -> Vec<Reading<'a>> {
        let reading = |facts, differs| Reading::new(facts, &self.policies, differs);
        let mut readings = Vec::new();
        for method in methods {
            readings.push(reading(RequestFacts { method, ..*facts }, Reason::MethodAmbiguous));
        }
        for path in paths {
            let facts = RequestFacts { path, ..*facts };
            readings.push(reading(facts, Reason::PathAmbiguous));
            for method in methods {
                readings.push(reading(RequestFacts { method, ..facts }, Reason::PathAmbiguous));
            }
        }
        readings
    }
}
