//! The way of a request through the engine: path → candidate rules → token → verdict.
//!
//! What few requests need is kept out of the functions that all go through (`inline(never)`, here and elsewhere): a
//! request pays for the memory that its code lies in, whether it runs or is jumped over.

mod coverage;
mod dry_run;
mod rivals;

pub use coverage::Coverage;

use crate::answer::Answers;
use crate::cache::TokenCache;
use crate::decision::{Decision, Outcome, Shadow, Verification};
use crate::issuers::{Issuers, Obstacle, RemoteIssuer};
use crate::method::{self, OtherMethods};
use crate::policy::{
    Candidates, ClaimTable, Identity, Policies, RequestFacts, RuleIndex, RuleNames, Verdict, View, read_path,
};
use crate::remote::{Hope, Missing};
use crate::request::{self, HeaderUses, Request};
use crate::search::{Found, Places};
use crate::session::{IssuerIndex, Session};
use crate::shared::SharedSignatures;
use crate::surroundings::{Environment, Surroundings, Workload};
use crate::token::IssuerKeys;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{
    AmbiguousPaths, Audit, Authentication, ClaimPath, Config, ConfigError, Errors, MethodOverride, Name,
    OnKeysUnavailable, Preflight,
};
use serde_json::Value;
use std::cell::OnceCell;
use std::rc::Rc;

/// A configuration made ready for one workload: decides about requests, one after the other.
#[derive(Debug)]
pub struct Engine {
    header_uses: HeaderUses,
    places: Places,
    issuers: Issuers,
    policies: Policies,
    claim_table: ClaimTable,
    cache: TokenCache,
    shared: SharedSignatures,
    answers: Answers,
    max_token_bytes: usize,
    preflight: Preflight,
    ambiguous_paths: AmbiguousPaths,
    method_override: MethodOverride,
    audit: Audit,
    dry_run: bool,
    warnings: Vec<ConfigError>,
    coverage: Coverage,
    /// Every request is refused.
    is_closed: bool,
}

impl Engine {
    /// Makes a configuration ready for a workload.
    ///
    /// # Errors
    /// What only shows here: an issuer whose keys are no points of their curves, a secret that is unset or too short.
    pub fn new(config: &Config, workload: &Workload, environment: &dyn Environment) -> Result<Self, Errors> {
        let mut claim_table = ClaimTable::default();
        let policies = Policies::compile(config, workload, &mut claim_table);
        // Where no rule names paths nobody here reads them.
        let issuers = Issuers::new(&config.issuers, environment)?;
        let coverage = Coverage::new(config, policies.applying(), workload);
        let mut warnings = issuers.warnings().to_vec();
        warnings.extend(policies.warning());
        warnings.extend(coverage.warning(workload));
        let names_paths = policies.uses_paths(View::WithShadow);
        let ambiguous_paths = if names_paths { config.ambiguous_paths } else { AmbiguousPaths::Refuse };
        for claim in &config.audit.claims {
            claim_table.slot(claim);
        }
        Ok(Self {
            header_uses: HeaderUses::new(config),
            places: Places::new(config),
            coverage,
            is_closed: false,
            issuers,
            policies,
            claim_table,
            cache: TokenCache::new(&config.cache),
            shared: SharedSignatures::new(&config.cache, &config.digest),
            answers: Answers::new(&config.responses),
            max_token_bytes: usize::try_from(config.cache.max_token_bytes).unwrap_or(usize::MAX),
            preflight: config.preflight,
            ambiguous_paths,
            method_override: config.method_override,
            audit: config.audit.clone(),
            dry_run: dry_run::is_for(&config.dry_run, workload),
            warnings,
        })
    }

    /// Makes an engine that refuses every request with [`Reason::ConfigurationInvalid`]: for a worker that never had a
    /// configuration that is good.
    ///
    /// # Errors
    /// None: without issuers nothing can be wrong with one.
    pub fn closed(workload: &Workload, environment: &dyn Environment) -> Result<Self, Errors> {
        Ok(Self { is_closed: true, ..Self::new(&Config::default(), workload, environment)? })
    }

    /// Decides about a request, given its header map as the host holds it.
    pub fn decide(&self, headers: &[(String, Vec<u8>)], surroundings: &Surroundings<'_>) -> Decision {
        let request = self.header_uses.read(headers);
        if self.is_closed {
            let reason = Reason::ConfigurationInvalid;
            return Decision::closed(reason.into(), self.answers.answer_to(request.origin(), reason));
        }
        let path = read_path(request.path, self.ambiguous_paths);
        let facts = RequestFacts {
            method: request.method,
            path: path.as_ref().map_or("", |path| path.matched.as_ref()),
            host: request.authority,
            peer: surroundings.peer,
            headers: &request,
        };
        let mut flaws = Flaws { path: path.is_err(), ..Flaws::default() };
        let methods = self.other_methods(&request, &mut flaws);
        let paths = path.as_ref().map_or(&[][..], |path| &path.others);
        let judge = Judge {
            engine: self,
            request: &request,
            flaws,
            reading: Reading::new(facts, &self.policies, Reason::PathAmbiguous),
            others: self.other_readings(&facts, paths, &methods),
            preflight: self.preflight == Preflight::Allow
                && surroundings.ends_with_headers
                && request.is_preflight(),
            surroundings,
            tokens: OnceCell::new(),
            hope: OnceCell::new(),
        };
        let verdict = judge.verdict(View::Enforced);
        if let Some((issuer, missing)) = verdict.waits_for {
            return Decision::waiting(issuer, missing);
        }
        // Without path rules nobody here reads the path, so it is not ours to change.
        let rewritten = path.as_ref().ok().and_then(|path| path.rewritten.as_deref());
        let rewritten = rewritten.filter(|_| self.policies.uses_paths(View::Enforced));
        if self.dry_run && verdict.cause.is_some() {
            return self.let_go_on(&judge, verdict);
        }
        let counts_shadow = self.policies.has_shadow() && !self.dry_run;
        let shadow = if counts_shadow { judge.shadow(&verdict) } else { None };
        self.carry_out(&judge, verdict, shadow, rewritten)
    }

    /// What is not wrong with the configuration but should be told, and only shows here: a key that is left out since it
    /// is no point of its curve, policies that leave everything open to this workload's callers. [`Config::warnings`] are
    /// not among them.
    pub fn warnings(&self) -> &[ConfigError] {
        &self.warnings
    }

    /// How many of the policies apply to the workload.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The issuers whose keys a provider serves. They have none until [`Engine::set_keys`] gives them.
    pub fn remote_issuers(&self) -> impl Iterator<Item = RemoteIssuer<'_>> {
        self.issuers.remote()
    }

    /// Has an issuer's tokens verified with other keys from now on, or, with `None`, not at all. What was verified with
    /// a key that is gone is worth nothing from now on.
    pub fn set_keys(&self, issuer: IssuerIndex, keys: Option<Rc<IssuerKeys>>) {
        self.issuers.set_keys(issuer, keys);
    }

    /// The names of a rule; `None` where the index is of another configuration.
    pub fn rule(&self, index: RuleIndex) -> Option<RuleNames<'_>> {
        self.policies.rule(index)
    }

    /// The name of an issuer.
    pub fn issuer(&self, index: IssuerIndex) -> Option<&Name> {
        self.issuers.name(index)
    }

    /// Which requests leave an audit line.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The claims of a session that audit lines name, where it has them.
    pub fn audit_claims<'a>(
        &'a self,
        session: &'a Session,
    ) -> impl Iterator<Item = (&'a ClaimPath, &'a Value)> {
        let slots = self.claim_table.paths().iter().zip(session.claims.iter());
        slots
            .filter(|(path, _)| self.audit.claims.contains(path))
            .filter_map(|(path, value)| Some((path, value.as_ref()?)))
    }

    /// What the request asks for beside the method on its line, where that matters; and what is wrong with its method
    /// and its host.
    fn other_methods(&self, request: &Request<'_>, flaws: &mut Flaws) -> Vec<String> {
        let policies = &self.policies;
        flaws.host = policies.uses_hosts(View::WithShadow) && !request.has_plain_host();
        if !policies.uses_methods(View::WithShadow) {
            return Vec::new();
        }
        flaws.method = !method::is_plain(request.method);
        if !request.has_override() {
            return Vec::new();
        }
        match method::others(request.method, &request.overrides, request.query, self.method_override) {
            OtherMethods::Are(methods) => methods,
            OtherMethods::Unreadable => {
                flaws.method = true;
                Vec::new()
            }
        }
    }

    /// The request as it would be by other paths and under other methods.
    fn other_readings<'a>(
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

    /// Every path with every method, but for those that the request names first.
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

    fn carry_out(
        &self,
        judge: &Judge<'_>,
        verdict: Judged,
        shadow: Option<Shadow>,
        rewritten: Option<&str>,
    ) -> Decision {
        let request = judge.request;
        let mut decision = Decision {
            outcome: match verdict.cause {
                None => Outcome::Forward,
                Some(cause) => self.refusal(cause, request, judge.hope.get()),
            },
            remove: request.forged.iter().map(|&name| name.to_owned()).collect(),
            replace: Vec::new(),
            session: None,
            unverified: verdict.unverified,
            rule: verdict.rule,
            shadow,
            verification: judge.tokens.get().map_or_else(Verification::default, |tokens| tokens.verification),
        };
        if let Some(path) = rewritten {
            decision.replace.push((":path".into(), with_query(path.as_bytes(), request.query)));
        }
        if !request.connection.is_empty() {
            self.clean_connection(request, &mut decision);
        }
        let Some(tokens) = judge.tokens.get().filter(|_| verdict.looked_at_tokens) else {
            if judge.preflight || request.has_token_places() {
                self.hide_unseen(judge, rewritten, &mut decision);
            }
            return decision;
        };
        if let Ok(sessions) = &tokens.sessions {
            let hidden: Vec<&Found<'_>> = (tokens.found.iter().zip(sessions))
                .filter(|(_, session)| !self.issuers.forwards_token(session.issuer))
                .map(|(found, _)| found)
                .collect();
            if !hidden.is_empty() || !tokens.stale.is_empty() {
                self.hide(&hidden, &tokens.stale, request, rewritten, &mut decision);
            }
            decision.session = sessions.first().map(Rc::clone);
        } else if let Err(Obstacle::Lacks { issuer, .. }) = &tokens.sessions
            && verdict.unverified.is_some()
            && !self.issuers.forwards_token(*issuer)
        {
            // Nobody vouches for any of them.
            self.hide(&tokens.found.iter().collect::<Vec<_>>(), &[], request, rewritten, &mut decision);
        }
        decision
    }

    /// The answer to a request that does not go on.
    #[inline(never)]
    fn refusal(&self, cause: Cause, request: &Request<'_>, hope: Option<&Hope>) -> Outcome {
        let answer = self.answers.answer_to(request.origin(), cause.reason);
        let answer = match hope {
            Some(Hope::Never(after)) => answer.retry_after(*after),
            _ => answer,
        };
        Outcome::Refuse { cause, answer }
    }

    /// Keeps a proxy behind the filter from removing a header because `connection` names it: one that the filter writes,
    /// or by which it has judged.
    #[inline(never)]
    fn clean_connection(&self, request: &Request<'_>, decision: &mut Decision) {
        let is_known = |name: &str| self.header_uses.knows(name);
        match request::without_options(&request.connection, is_known) {
            None => {}
            Some(rest) if rest.is_empty() => decision.remove.push("connection".to_owned()),
            Some(rest) => decision.replace.push(("connection".into(), rest)),
        }
    }

    /// Takes out of a request whose tokens nobody looked at what stands in their places; out of a preflight request
    /// everything that speaks for somebody, which no browser sends with it.
    #[inline(never)]
    fn hide_unseen(&self, judge: &Judge<'_>, rewritten: Option<&str>, decision: &mut Decision) {
        let found = self.places.occupied(judge.request, judge.preflight);
        self.hide(&found.iter().collect::<Vec<_>>(), &[], judge.request, rewritten, decision);
        if judge.preflight {
            let credentials = ["authorization", "proxy-authorization", "cookie"];
            decision.replace.retain(|(name, _)| !credentials.contains(&name.as_ref()));
            let sent = credentials.into_iter().filter(|name| judge.request.has(name));
            decision.remove.extend(sent.map(str::to_owned));
        }
    }

    /// The names of trailers that must not reach the service: those of headers which this configuration looks at or
    /// writes.
    pub fn forged_trailers<'t>(&self, trailers: &'t [(String, Vec<u8>)]) -> impl Iterator<Item = &'t str> {
        trailers.iter().map(|(name, _)| name.as_str()).filter(|name| self.header_uses.knows(name))
    }

    /// Takes tokens out of the request.
    #[inline(never)]
    fn hide(
        &self,
        hidden: &[&Found<'_>],
        stale: &[Found<'_>],
        request: &Request<'_>,
        rewritten: Option<&str>,
        decision: &mut Decision,
    ) {
        let path = rewritten.map_or(request.path, str::as_bytes);
        let out = self.places.take_out(request, hidden, stale, path);
        decision.remove.extend(out.remove);
        decision.replace.retain(|(name, _)| !out.replace.iter().any(|(other, _)| other == name));
        decision.replace.extend(out.replace);
    }
}

/// One request before the rules. Tokens are looked at once, and only if a view asks for them.
struct Judge<'a> {
    engine: &'a Engine,
    request: &'a Request<'a>,
    flaws: Flaws,
    /// The request as it stands.
    reading: Reading<'a>,
    /// What else a backend may make of it: few requests have any.
    others: Vec<Reading<'a>>,
    /// It is a preflight request, and those need nothing.
    preflight: bool,
    surroundings: &'a Surroundings<'a>,
    tokens: OnceCell<Tokens<'a>>,
    /// Whether it is to wait for keys that it lacks: asked once, so that both views get the same answer.
    hope: OnceCell<Hope>,
}

/// What of a request can be read in two ways, so that no rule that names such must judge it.
#[derive(Clone, Copy, Debug, Default)]
struct Flaws {
    path: bool,
    method: bool,
    host: bool,
}

/// A request, read in one of the ways in which a backend may read it.
struct Reading<'a> {
    facts: RequestFacts<'a>,
    candidates: Candidates<'a>,
    /// Why the request is refused where the policies say something else of this reading than of the first.
    differs: Reason,
}

impl<'a> Reading<'a> {
    fn new(facts: RequestFacts<'a>, policies: &'a Policies, differs: Reason) -> Self {
        Self { candidates: policies.candidates(&facts), facts, differs }
    }
}

/// What a request's tokens came to.
struct Tokens<'a> {
    found: Vec<Found<'a>>,
    /// A session for each that was found, or what stands before one of them.
    sessions: Result<Vec<Rc<Session>>, Obstacle>,
    /// Tokens that count for nothing beside a good one in the same place. They are not among those that were found.
    stale: Vec<Found<'a>>,
    verification: Verification,
}

/// The verdict of one view.
struct Judged {
    /// Why the request is refused; `None`: it goes on.
    cause: Option<Cause>,
    rule: Option<RuleIndex>,
    looked_at_tokens: bool,
    /// Why it goes on without a session, though it brought a token.
    unverified: Option<Reason>,
    /// What it is to wait for, before there is a verdict.
    waits_for: Option<(IssuerIndex, Missing)>,
}

impl Flaws {
    /// Why the rules of a view can't judge the request.
    fn reason(self, policies: &Policies, view: View) -> Option<Reason> {
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

impl<'a> Judge<'a> {
    fn verdict(&self, view: View) -> Judged {
        if let Some(reason) = self.flaws.reason(&self.engine.policies, view) {
            return Judged::refused(reason, false);
        }
        let preflight = self.preflight;
        let authentication = if preflight { Authentication::None } else { self.authentication(view) };
        if authentication == Authentication::None {
            // A preflight request asks for nothing yet: as a public request, only a DENY rule can refuse it.
            return match self.say(view, None) {
                Verdict::Deny { reason, .. } if preflight && reason != Reason::RuleDenied => {
                    judged(Verdict::Allow { rule: None }, false)
                }
                verdict => judged(verdict, false),
            };
        }
        let sessions = match &self.tokens().sessions {
            Ok(sessions) => sessions,
            Err(Obstacle::Bad(cause)) => return Judged::refused(cause.clone(), true),
            Err(Obstacle::Lacks { issuer, missing, cause }) => {
                return self.without_keys(view, *issuer, *missing, cause);
            }
        };
        let Some(session) = sessions.first() else {
            return match authentication {
                Authentication::Optional => judged(self.say(view, None), true),
                _ => Judged::refused(Reason::TokenMissing, true),
            };
        };
        let identity = Identity { roles: &session.roles, claims: &session.claims };
        let judged = judged(self.say(view, Some(&identity)), true);
        match &session.headers {
            Err(cause) if judged.cause.is_none() => Judged { cause: Some(cause.clone()), ..judged },
            _ => judged,
        }
    }

    /// What the request needs: the most that any of its readings does.
    fn authentication(&self, view: View) -> Authentication {
        let first = self.reading.candidates.authentication(view);
        if self.others.is_empty() { first } else { self.strictest(first, view) }
    }

    #[inline(never)]
    fn strictest(&self, first: Authentication, view: View) -> Authentication {
        let others = self.others.iter().map(|reading| reading.candidates.authentication(view));
        others.fold(first, |most, other| match (most, other) {
            (Authentication::Required, _) | (_, Authentication::Required) => Authentication::Required,
            (Authentication::Optional, _) | (_, Authentication::Optional) => Authentication::Optional,
            (Authentication::None, Authentication::None) => Authentication::None,
        })
    }

    /// What the policies say of the request.
    fn say(&self, view: View, identity: Option<&Identity<'_>>) -> Verdict {
        let Reading { candidates, facts, .. } = &self.reading;
        let first = candidates.verdict(view, facts, identity);
        if self.others.is_empty() {
            return first;
        }
        self.agreed(first, &|reading| reading.candidates.verdict(view, &reading.facts, identity))
    }

    /// What the policies say of all readings: a DENY rule that matches one refuses; the request goes on if it may in
    /// each, is refused if it is in each, and is ambiguous otherwise.
    #[inline(never)]
    fn agreed(&self, first: Verdict, verdict: &dyn Fn(&Reading<'_>) -> Verdict) -> Verdict {
        let denied = |verdict: &Verdict| matches!(verdict, Verdict::Deny { reason: Reason::RuleDenied, .. });
        let allowed = |verdict: &Verdict| matches!(verdict, Verdict::Allow { .. });
        let mut differs = None;
        for reading in &self.others {
            let other = verdict(reading);
            if denied(&other) {
                return if denied(&first) { first } else { other };
            }
            if allowed(&other) != allowed(&first) {
                differs = differs.or(Some(reading.differs));
            }
        }
        match differs {
            Some(reason) if !denied(&first) => Verdict::Deny { reason, rule: None },
            _ => first,
        }
    }

    /// What becomes of a request whose token calls for keys that are not here.
    #[inline(never)]
    fn without_keys(&self, view: View, issuer: IssuerIndex, missing: Missing, cause: &Cause) -> Judged {
        let hope = self.hope.get_or_init(|| self.surroundings.patience.hope(issuer, missing));
        if *hope == Hope::Wait {
            return Judged {
                waits_for: Some((issuer, missing)),
                ..judged(Verdict::Allow { rule: None }, true)
            };
        }
        let full = Cause::from(Detail::WaitingRoomFull);
        let full = (*hope == Hope::Full).then(|| self.engine.issuers.blame(issuer, full));
        let cause = full.as_ref().unwrap_or(cause);
        if missing == Missing::KeyId {
            // There are keys, and this is none of them; or whether it is, nobody could wait to see.
            return Judged::refused(cause.clone(), true);
        }
        let of_issuer = self.engine.issuers.on_keys_unavailable(issuer);
        let denies = |reading: &Reading<'_>| {
            let said = reading.candidates.on_keys_unavailable(view).unwrap_or(of_issuer);
            said == OnKeysUnavailable::Deny
        };
        if denies(&self.reading) || self.others.iter().any(denies) {
            return Judged::refused(cause.clone(), true);
        }
        let verdict = |reading: &Reading<'_>| reading.candidates.verdict_unverified(view, &reading.facts);
        let judged = judged(self.agreed(verdict(&self.reading), &verdict), true);
        let unverified = judged.cause.is_none().then_some(Reason::KeysUnavailable);
        Judged { unverified, ..judged }
    }

    #[inline(never)]
    fn shadow(&self, enforced: &Judged) -> Option<Shadow> {
        let with_shadow = self.verdict(View::WithShadow);
        let differs = with_shadow.cause.is_some() != enforced.cause.is_some();
        differs.then_some(Shadow { cause: with_shadow.cause, rule: with_shadow.rule })
    }

    fn tokens(&self) -> &Tokens<'a> {
        self.tokens.get_or_init(|| {
            let mut verification = Verification::default();
            match self.engine.places.find(self.request) {
                Ok(found) if found.iter().any(|found| found.has_rival) => self.tokens_of_rivals(found),
                Ok(found) => {
                    let sessions = self.sessions(&found, &mut verification);
                    Tokens { found, sessions, stale: Vec::new(), verification }
                }
                Err(cause) => {
                    let (found, stale) = (Vec::new(), Vec::new());
                    Tokens { found, sessions: Err(cause.into()), stale, verification }
                }
            }
        })
    }

    /// The sessions of all tokens. A bad one counts for more than one that can't be verified.
    fn sessions(
        &self,
        found: &[Found<'_>],
        verification: &mut Verification,
    ) -> Result<Vec<Rc<Session>>, Obstacle> {
        let (mut sessions, mut lacks) = (Vec::with_capacity(found.len()), None);
        for found in found {
            match self.session(found, verification) {
                Ok(session) => sessions.push(session),
                Err(bad @ Obstacle::Bad(_)) => return Err(bad),
                Err(obstacle @ Obstacle::Lacks { .. }) => lacks = lacks.or(Some(obstacle)),
            }
        }
        lacks.map_or(Ok(sessions), Err)
    }

    /// The session of a token: from the cache, or verified now.
    fn session(&self, found: &Found<'_>, verification: &mut Verification) -> Result<Rc<Session>, Obstacle> {
        let Engine { issuers, cache, max_token_bytes, .. } = self.engine;
        if found.token.len() > *max_token_bytes {
            return Err(Reason::TokenTooLarge.into());
        }
        let token = issuers.canonical(found);
        // What was verified with a key that is gone has to be verified anew.
        let session = match cache.get(token).filter(|session| issuers.has_key_of(session)) {
            Some(session) => {
                verification.hits = verification.hits.saturating_add(1);
                // So spelled it is no token of that issuer, but the one in the cache is good all the same.
                if token.len() != found.token.len() && !issuers.allows_padding(session.issuer) {
                    return Err(issuers.blame(session.issuer, Detail::PaddingNotAllowed.into()).into());
                }
                let good = issuers.recheck(&session, found, self.surroundings.now);
                good.map_err(|cause| {
                    cache.remove(token);
                    issuers.blame(session.issuer, cause)
                })?;
                session
            }
            None => self.verify(found, token, verification)?,
        };
        issuers
            .check_presenter(session.issuer, self.surroundings.peer)
            .map_err(|detail| issuers.blame(session.issuer, detail.into()))?;
        Ok(session)
    }

    /// The session of a token that is not in the cache.
    #[inline(never)]
    fn verify(
        &self,
        found: &Found<'_>,
        token: &[u8],
        verification: &mut Verification,
    ) -> Result<Rc<Session>, Obstacle> {
        let Engine { issuers, cache, policies, claim_table, shared, .. } = self.engine;
        verification.misses = verification.misses.saturating_add(1);
        let verified = issuers.verify(found, token, self.surroundings, shared, verification)?;
        let session = Rc::new(verified.into_session(token, policies.roles(), claim_table, issuers));
        let unreadable = u32::from(session.roles.is_incomplete());
        verification.unreadable_roles = verification.unreadable_roles.saturating_add(unreadable);
        cache.insert(token, &session);
        Ok(session)
    }
}

impl Judged {
    fn refused(cause: impl Into<Cause>, looked_at_tokens: bool) -> Self {
        Self { cause: Some(cause.into()), rule: None, looked_at_tokens, unverified: None, waits_for: None }
    }
}

fn judged(verdict: Verdict, looked_at_tokens: bool) -> Judged {
    match verdict {
        Verdict::Allow { rule } => {
            Judged { cause: None, rule, looked_at_tokens, unverified: None, waits_for: None }
        }
        Verdict::Deny { reason, rule } => Judged { rule, ..Judged::refused(reason, looked_at_tokens) },
    }
}

#[inline(never)]
fn with_query(path: &[u8], query: Option<&[u8]>) -> Vec<u8> {
    let mut whole = path.to_vec();
    if let Some(query) = query {
        whole.push(b'?');
        whole.extend_from_slice(query);
    }
    whole
}
