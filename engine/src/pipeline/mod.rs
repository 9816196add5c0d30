//! The way of a request through the engine: its readings, its tokens, the verdict, and what is done
//! to it.
//!
//! What few requests need is kept out of the functions that all go through (`inline(never)`, here
//! and elsewhere): a request pays for the memory that its code lies in, whether it runs or is
//! jumped over.

mod authenticate;
mod authorize;
mod dry_run;
#[cfg(feature = "explain")]
mod explain;
#[cfg(feature = "explain")]
mod flaw;
mod readings;
mod respond;
mod rivals;
#[cfg(feature = "explain")]
mod trace;

#[cfg(feature = "explain")]
pub use explain::{Explanation, ReadingTrace, TokenTrace};
#[cfg(feature = "explain")]
pub use trace::{ReadingRules, RequestTrace};

use crate::Reason;
use crate::decision::{Decided, Decision};
use crate::engine::Engine;
use crate::host_context::HostContext;
use crate::policy::{PathAmbiguous, ReadPath, RequestFacts, View, read_path};
use crate::remote::WaitDecision;
use crate::request::Request;
use attache_plugin_config::Preflight;
use authenticate::TokenOutcome;
use readings::{Flaws, Reading};
use std::cell::OnceCell;

/// One request before the rules. Tokens are looked at once, and only if a view asks for them.
struct Evaluation<'a, 'r> {
    engine: &'a Engine,
    request: &'a Request<'r>,
    flaws: Flaws,
    /// The request as it stands.
    reading: Reading<'a>,
    /// What else a backend may make of it: few requests have any.
    others: Vec<Reading<'a>>,
    /// It is a preflight request, and those need nothing.
    preflight: bool,
    host_context: &'a HostContext<'a>,
    token_outcome: OnceCell<TokenOutcome<'r>>,
    /// Whether it is to wait for keys that it lacks: asked once, so that both views get the same
    /// answer.
    wait_decision: OnceCell<WaitDecision>,
}

impl Engine {
    /// Decides about a request, given its header map as the host holds it.
    pub fn decide<'r>(
        &self,
        headers: &'r [(String, Vec<u8>)],
        host_context: &HostContext<'_>,
    ) -> Decision<'r> {
        let request = self.header_uses.read(headers);
        if self.is_closed {
            return Decision::Decided(self.refuse_all(&request));
        }
        let path = read_path(request.path, self.ambiguous_paths);
        let (methods, flaws) = self.other_methods(&request, path.is_err());
        let evaluation = Evaluation::new(self, &request, &path, &methods, flaws, host_context);
        let verdict = evaluation.verdict(View::Enforced);
        self.respond(&evaluation, verdict, path.as_ref().ok())
    }

    /// Refuses a request where there is no good configuration.
    #[inline(never)]
    fn refuse_all<'r>(&self, request: &Request<'_>) -> Decided<'r> {
        let reason = Reason::ConfigurationInvalid;
        Decided::closed(reason.into(), self.answers.answer_to(request.origin(), reason))
    }
}

impl<'a, 'r> Evaluation<'a, 'r> {
    /// Finds the rules for each reading of a request.
    fn new(
        engine: &'a Engine,
        request: &'a Request<'r>,
        path: &'a Result<ReadPath<'a>, PathAmbiguous>,
        methods: &'a [String],
        flaws: Flaws,
        host_context: &'a HostContext<'a>,
    ) -> Self {
        let facts = RequestFacts {
            method: request.method,
            path: path.as_ref().map_or("", |path| path.matched.as_ref()),
            host: request.authority,
            peer: host_context.peer,
            headers: request,
        };
        let paths = path.as_ref().map_or(&[][..], |path| &path.others);
        Self {
            engine,
            request,
            flaws,
            reading: Reading::new(facts, &engine.policies, Reason::PathAmbiguous),
            others: engine.other_readings(&facts, paths, methods),
            preflight: engine.preflight == Preflight::Allow
                && host_context.ends_with_headers
                && request.is_preflight(),
            host_context,
            token_outcome: OnceCell::new(),
            wait_decision: OnceCell::new(),
        }
    }
}
