//! Whether the policies of this workload let a request through.
//!
//! A request comes in two steps, so that a stranger learns nothing of the rules before showing a
//! good token: [`Policies::candidates`] finds the rules for what the request is and where it comes
//! from, and tells whether a token is needed at all; [`Candidates::verdict`] looks at roles and
//! claims.
//!
//! Rules that ask the same of a request are one `RuleGroup`. Groups are found through an [`index`],
//! and the rules of a group through the roles and claims they ask for, so that the cost of a
//! request does not grow with the number of rules.

mod caller_index;
mod compile;
mod condition;
mod facts;
mod host;
mod index;
mod lazy_request;
mod loose;
mod methods;
mod operation;
mod path;
mod pattern;
mod role_claim;
mod roles;
mod rule;
mod rule_group;
#[cfg(feature = "explain")]
mod rule_trace;
mod rules;
mod selector;
#[cfg(feature = "explain")]
mod single;
mod source;
mod string_pattern;
#[cfg(feature = "explain")]
mod trace;
#[cfg(feature = "explain")]
mod tracer;
mod verdict;

pub use condition::{ClaimSlot, ClaimTable};
pub use facts::{Headers, Identity, RequestFacts, RuleIndex, RuleNames, Verdict, View};
pub use path::{PathAmbiguous, ReadPath, read_path};
#[cfg(feature = "explain")]
pub(crate) use path::{path_flaw, shown_path};
pub use roles::{RoleSet, RoleTable};
#[cfg(feature = "explain")]
pub use rule_trace::{RuleTrace, Subject, TargetTrace, TestTrace};
pub use selector::fits as selector_fits;
pub(crate) use selector::is_dry_run;
#[cfg(feature = "explain")]
pub use single::{HostProbe, PathProbe, SourceProbe, fold_path, is_plain_host};
pub use string_pattern::PrincipalMatch;
#[cfg(feature = "explain")]
pub use trace::PolicyTrace;
#[cfg(feature = "explain")]
pub(crate) use trace::rule_traces;
pub use verdict::Candidates;

use attache_plugin_config::{Diagnostic, Path};
use facts::PerView;
use index::PathIndex;
use methods::Methods;
use rule::CompiledRule;
use rule_group::{GroupMatch, RuleGroup};
use smallvec::SmallVec;

/// The policies that apply to one workload, compiled.
#[derive(Debug)]
pub struct Policies {
    groups: Box<[RuleGroup]>,
    index: PathIndex,
    methods: Methods,
    rules: Box<[CompiledRule]>,
    roles: RoleTable,
    summary: PerView<Summary>,
    has_shadow: bool,
    applying: usize,
}

/// What holds for all policies of a view.
#[derive(Clone, Copy, Debug, Default)]
struct Summary {
    /// A policy applies.
    applies: bool,
    /// A policy applies whose default is DENY.
    denies: bool,
    /// A rule names paths.
    uses_paths: bool,
    /// A rule names methods.
    uses_methods: bool,
    /// A rule names hosts.
    uses_hosts: bool,
}

impl Policies {
    /// Returns whether a rule that counts in this view names paths: if so, a path that could be
    /// read in two ways must not be matched.
    pub fn uses_paths(&self, view: View) -> bool {
        self.summary.of(view).uses_paths
    }

    /// Returns whether a rule that counts in this view names methods: if so, a method that could be
    /// read in two ways must not be matched.
    pub fn uses_methods(&self, view: View) -> bool {
        self.summary.of(view).uses_methods
    }

    /// Returns whether a rule that counts in this view names hosts: as with methods.
    pub fn uses_hosts(&self, view: View) -> bool {
        self.summary.of(view).uses_hosts
    }

    /// Returns whether any policy applies in this view, and whether one of those refuses what no
    /// rule is for.
    #[cfg(feature = "explain")]
    pub(crate) fn defaults(&self, view: View) -> (bool, bool) {
        let summary = self.summary.of(view);
        (summary.applies, summary.denies)
    }

    /// Returns how many policies apply.
    pub fn applying(&self) -> usize {
        self.applying
    }

    /// Returns whether a policy or a rule that applies is in SHADOW. If not, both views give the
    /// same verdict.
    pub fn has_shadow(&self) -> bool {
        self.has_shadow
    }

    /// Returns what should be told of the policies that apply, those in SHADOW too: that none
    /// refuses what no rule is for, though there are rules that were to open something.
    pub(crate) fn warning(&self) -> Option<Diagnostic> {
        let summary = self.summary.of(View::WithShadow);
        let says_more_than_no =
            self.rules.is_empty() || self.rules.iter().any(|rule| rule.needs_token);
        (summary.applies && !summary.denies && says_more_than_no).then(|| {
            let message = "every policy that applies here has `defaultAction: ALLOW`, so whoever has a good token may do all \
                           that no DENY rule refuses, whatever ALLOW rules say; leave it out of one of them. To see first \
                           what would be refused, write `mode: SHADOW` at the top";
            Diagnostic::warning(Path::default().key("policies"), message)
        })
    }

    /// Returns the roles that the policies know.
    pub fn roles(&self) -> &RoleTable {
        &self.roles
    }

    /// Returns the number of rules, which are numbered from 0 in the document's order.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// Returns the names of a rule, or `None` where there is no rule with this number.
    pub fn rule(&self, index: RuleIndex) -> Option<RuleNames<'_>> {
        self.rules
            .get(index.position())
            .map(|rule| RuleNames { policy: &rule.policy, rule: &rule.name })
    }

    /// Finds the rules whose `to` and `from` match the request.
    pub fn candidates(&self, request: &RequestFacts<'_>) -> Candidates<'_> {
        let request = lazy_request::LazyRequest::new(request, &self.methods);
        let mut groups: SmallVec<[GroupMatch; 8]> = SmallVec::new();
        self.index.visit(&request, &mut |id| {
            groups.extend(
                self.groups.get(id.position()).and_then(|rule_group| rule_group.fit(id, &request)),
            );
        });
        Candidates { policies: self, groups }
    }
}
