//! What the engine decided about one request, ready to be carried out and told.

use crate::answer::Answer;
use crate::authenticated_token::AuthenticatedToken;
use crate::header_edits::HeaderEdits;
use crate::ids::IssuerIndex;
use crate::policy::RuleIndex;
use crate::remote::MissingKeys;
use crate::token::Backend;
use crate::{Cause, Reason};
use std::rc::Rc;

/// What becomes of a request.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are `Decided`, and a box would cost each an allocation"
)]
pub enum Decision<'r> {
    /// It waits until other keys hold, or none are to be hoped for, and is then decided about anew.
    /// Nothing is to be done to it yet.
    Wait {
        /// Whose keys it waits for.
        issuer: IssuerIndex,
        /// What it lacks.
        missing: MissingKeys,
    },
    /// It goes on or is answered.
    Decided(Decided<'r>),
}

/// The verdict on a request, what is to be done to it, and what there is to tell of it.
#[derive(Debug)]
pub struct Decided<'r> {
    /// Whether the request goes on.
    pub outcome: Outcome,
    /// What is done to its headers first: identity headers that the client sent go, and the token
    /// where it is not forwarded; identity headers are written where it goes on. Due also where the
    /// request is refused, so that no log and no later filter sees what is removed.
    pub edits: HeaderEdits<'r>,
    /// Whom the request speaks for. `None` for a refused request without a good token, a public
    /// one, or one that goes on without identity.
    pub authenticated: Option<Rc<AuthenticatedToken>>,
    /// Why a request goes on without the identity that its token claims:
    /// [`Reason::KeysUnavailable`], where the configuration says that it may.
    pub unverified: Option<Reason>,
    /// The rule that decided, where one did.
    pub rule: Option<RuleIndex>,
    /// What the verdict would be with everything in SHADOW counted, where it differs. In a dry run:
    /// what it would be if the document were in force, where the request would be refused.
    pub shadow: Option<Shadow>,
    /// How the token came to be known as good or bad.
    pub verification: Verification,
}

impl Decided<'_> {
    /// Refuses a request whatever it holds.
    pub(crate) fn closed(cause: Cause, answer: Answer) -> Self {
        Self {
            outcome: Outcome::Refuse { cause, answer },
            edits: HeaderEdits::default(),
            authenticated: None,
            unverified: None,
            rule: None,
            shadow: None,
            verification: Verification::default(),
        }
    }

    /// Returns the reason of a refusal.
    pub fn reason(&self) -> Option<Reason> {
        self.cause().map(|cause| cause.reason)
    }

    /// Returns the reason of a refusal, or of one that SHADOW would bring, with what only the log
    /// tells.
    pub fn cause_or_shadow(&self) -> Option<&Cause> {
        self.cause().or_else(|| self.shadow.as_ref()?.cause.as_ref())
    }

    /// Returns the reason of a refusal, with what only the log tells.
    pub fn cause(&self) -> Option<&Cause> {
        match &self.outcome {
            Outcome::Forward => None,
            Outcome::Refuse { cause, .. } => Some(cause),
        }
    }
}

/// Whether a request goes on.
#[derive(Debug)]
pub enum Outcome {
    /// It goes on.
    Forward,
    /// It is answered here.
    Refuse {
        /// Why.
        cause: Cause,
        /// What the client is told.
        answer: Answer,
    },
}

/// A verdict that differs from the one that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// Why the request would be refused; `None`: it would go on.
    pub cause: Option<Cause>,
    /// The rule that would decide.
    pub rule: Option<RuleIndex>,
}

impl Shadow {
    /// Returns why the request would be refused; `None`: it would go on.
    pub fn reason(&self) -> Option<Reason> {
        self.cause.as_ref().map(|cause| cause.reason)
    }
}

/// How a token came to be known as good or bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Tokens found in this worker's cache.
    pub hits: u32,
    /// Tokens that were not.
    pub misses: u32,
    /// Signatures checked by the host.
    pub host: u32,
    /// Signatures checked inside the VM.
    pub software: u32,
    /// Signatures that another worker had checked.
    pub shared: u32,
    /// Tokens, verified now, that have a claim for roles that can't be read.
    pub unreadable_roles: u32,
    /// An issuer of which a provider serves the keys, and none of them made a token's signature:
    /// they may be others by now.
    pub doubted: Option<IssuerIndex>,
}

impl Verification {
    pub(crate) fn count(&mut self, backend: Option<Backend>) {
        match backend {
            Some(Backend::Host) => self.host = self.host.saturating_add(1),
            Some(Backend::Software) => self.software = self.software.saturating_add(1),
            Some(Backend::Shared) => self.shared = self.shared.saturating_add(1),
            None => {}
        }
    }
}
