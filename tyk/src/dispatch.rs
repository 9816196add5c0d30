//! What the gateway calls: a request in, the same request with a token out, or an answer in the
//! upstream's place.

use crate::claims::{Caller, is_from_jwt};
use crate::config::{Api, Config, Mode, TokenPlace, VerifiedJwt};
use crate::exchange::{ExchangeRequest, Exchanger};
use crate::failure::Failure;
use crate::log_limiter::LogLimiter;
use crate::metrics::Metrics;
use crate::mint::Minter;
use crate::proto::dispatcher_server::Dispatcher;
use crate::proto::{Event, EventReply, HookType, MiniRequestObject, Object, SessionState};
use crate::request::{CredentialStripper, after_prefix, credential_of, header};
use crate::token;
use crate::trace::Trace;
use attache_config_reader::NonEmpty;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tonic::{Request, Response, Status};

/// Answers the gateway.
#[derive(Debug)]
pub struct Issuer {
    hook_names: NonEmpty<String>,
    timeout: Duration,
    log_issued: bool,
    apis: Vec<Api>,
    stripper: CredentialStripper,
    minter: Option<Arc<Minter>>,
    exchangers: BTreeMap<String, Arc<Exchanger>>,
    metrics: Arc<Metrics>,
    log_limiter: LogLimiter,
}

/// A token, and how it was come by.
struct Outcome {
    jwt: String,
    word: &'static str,
}

impl Issuer {
    /// Answers as configured.
    pub fn new(
        config: &Config,
        minter: Option<Arc<Minter>>,
        exchangers: Vec<Arc<Exchanger>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            hook_names: config.grpc.hook_names.clone(),
            timeout: config.grpc.timeout,
            log_issued: config.log.issued,
            apis: config.apis.clone(),
            stripper: CredentialStripper::new(
                config.upstream.clone(),
                config.strip.clone(),
                config.guarded_issuers(),
            ),
            minter,
            exchangers: exchangers.into_iter().map(|one| (one.name().to_owned(), one)).collect(),
            metrics,
            log_limiter: LogLimiter::new(),
        }
    }

    fn api(&self, id: &str) -> Option<&Api> {
        let named = |id: &str| self.apis.iter().find(|api| api.id == id);
        named(id).or_else(|| named("*"))
    }

    async fn token(
        &self,
        api: &Api,
        api_id: &str,
        object: &Object,
        trace: &Trace,
    ) -> Result<Outcome, Failure> {
        let session = object.session.as_ref().ok_or(Failure::SessionMissing)?;
        let request = object.request.as_ref().ok_or(Failure::SessionMissing)?;
        if session.is_inactive {
            return Err(Failure::SessionInactive);
        }
        if api.org_id.as_ref().is_some_and(|org_id| *org_id != session.org_id) {
            return Err(Failure::OrganisationMismatch);
        }
        match &api.mode {
            Mode::Mint { audiences, jwt } => {
                let jwt =
                    jwt.as_ref().map(|jwt| verified_claims(jwt, request, session)).transpose()?;
                let caller = Caller { session, api_id, jwt: jwt.as_ref() };
                let minter = self.minter.as_ref().ok_or(Failure::ApiUnknown)?;
                let issued = timeout(self.timeout, minter.issue(audiences, caller)).await;
                let issued = issued.map_err(|_| Failure::Overloaded)??;
                if let (true, Some(made)) = (self.log_issued, &issued.made) {
                    let (kid, jti, sub) = (&*made.key_id, &made.id, &made.subject);
                    let (trace_id, request_id) = (&trace.trace_id, &trace.request_id);
                    tracing::info!(
                        api = api_id,
                        trace_id,
                        request_id,
                        kid,
                        jti,
                        sub,
                        "a token was made"
                    );
                }
                let word = if issued.made.is_some() { "minted" } else { "minted-before" };
                Ok(Outcome { jwt: issued.jwt, word })
            }
            Mode::Exchange { provider, audiences, scopes, subject_token } => {
                let subject = find(subject_token, request).ok_or(Failure::SubjectTokenMissing)?;
                let exchanger = self.exchangers.get(provider).ok_or(Failure::ApiUnknown)?;
                let given = exchanger
                    .exchange(subject, ExchangeRequest { api_id, audiences, scopes })
                    .await?;
                if self.log_issued && !given.cached {
                    let claims = token::payload(&given.jwt).unwrap_or_default();
                    let text =
                        |claim: &str| claims.get(claim).and_then(Value::as_str).unwrap_or_default();
                    let (jti, sub) = (text("jti"), text("sub"));
                    let (trace_id, request_id) = (&trace.trace_id, &trace.request_id);
                    tracing::info!(
                        api = api_id,
                        trace_id,
                        request_id,
                        provider,
                        jti,
                        sub,
                        "a token was exchanged"
                    );
                }
                let word = if given.cached { "exchanged-before" } else { "exchanged" };
                Ok(Outcome { jwt: given.jwt, word })
            }
        }
    }

    async fn answer(&self, object: Object, trace: &Trace) -> Object {
        let start = Instant::now();
        let api_id = object.spec.get("APIID").cloned().unwrap_or_default();
        let api = self.api(&api_id);
        let declared = credential_of(object.spec.get("config_data"));
        let outcome = match (api, &declared) {
            (None, _) => Err(Failure::ApiUnknown),
            (_, Err(failure)) => Err(*failure),
            (Some(api), Ok(_)) => self.token(api, &api_id, &object, trace).await,
        };
        let mut request = object.request.unwrap_or_default();
        // In every case: should the gateway not heed the answer, nothing of the client's gets
        // through either.
        let credentials: Vec<_> =
            api.map(|api| &api.credential).into_iter().chain(declared.iter().flatten()).collect();
        let leaked = self.stripper.strip(&mut request, &credentials);
        let (trace_id, request_id) = (&trace.trace_id, &trace.request_id);
        if leaked > 0 {
            self.metrics.add_leaked(leaked);
            if let Some(left_out) = self.log_limiter.pass() {
                let what = "a client sent tokens of a guarded issuer; they were removed";
                tracing::warn!(
                    api = api_id,
                    trace_id,
                    request_id,
                    strays = leaked,
                    left_out,
                    "{what}"
                );
            }
        }
        let word = match outcome {
            Ok(outcome) => {
                self.stripper.put(&mut request, &outcome.jwt);
                tracing::debug!(
                    api = api_id,
                    trace_id,
                    request_id,
                    outcome = outcome.word,
                    "answered"
                );
                outcome.word.to_owned()
            }
            Err(failure) => {
                request.return_overrides = Some(failure.answer());
                // Nothing goes upstream, so no body need come back.
                request.raw_body.clear();
                let reason = failure.to_string();
                if let Some(left_out) = self.log_limiter.pass() {
                    let what = "a request gets no token";
                    tracing::warn!(api = api_id, trace_id, request_id, reason, left_out, "{what}");
                }
                reason
            }
        };
        let api = api.map_or("", |api| &api.id);
        self.metrics.answered(api, &word, start.elapsed());
        changes(request)
    }

    /// Answers a call that no request can come of: the API definition is wired wrongly, and the
    /// gateway answers 500.
    fn miswired(&self, object: &Object, outcome: &str, status: Status) -> Status {
        let api_id = object.spec.get("APIID").map_or("", String::as_str);
        let api = self.api(api_id).map_or("", |api| &api.id);
        self.metrics.answered(api, outcome, Duration::ZERO);
        if let Some(left_out) = self.log_limiter.pass() {
            let (hook_type, hook_name) = (object.hook_type().as_str_name(), &object.hook_name);
            let why = status.message();
            tracing::error!(
                api = api_id,
                hook_type,
                hook_name,
                left_out,
                "the API definition is wired wrongly: {why}"
            );
        }
        status
    }
}

/// Returns what the gateway reads of an answer. It does without its own request, but not without
/// the body: it sends upstream what comes back.
fn changes(request: MiniRequestObject) -> Object {
    let request = MiniRequestObject {
        headers: BTreeMap::new(),
        params: BTreeMap::new(),
        // The gateway looks into this field of every answer.
        return_overrides: Some(request.return_overrides.unwrap_or_default()),
        ..request
    };
    Object { request: Some(request), ..Object::default() }
}

#[tonic::async_trait]
impl Dispatcher for Issuer {
    async fn dispatch(&self, request: Request<Object>) -> Result<Response<Object>, Status> {
        let (metadata, _, object) = request.into_parts();
        let wrong = if object.hook_type() != HookType::Post {
            Some((
                "hook-type-wrong",
                Status::failed_precondition("wire the plugin as a `post` hook"),
            ))
        } else if !self.hook_names.contains(&object.hook_name) {
            let why = "this hook name is not in `grpc.hookNames`";
            Some(("hook-name-unknown", Status::failed_precondition(why)))
        } else if object.request.is_none() {
            Some(("request-missing", Status::invalid_argument("there is no request")))
        } else {
            None
        };
        if let Some((outcome, status)) = wrong {
            return Err(self.miswired(&object, outcome, status));
        }
        let trace = Trace::of(&metadata, object.request.as_ref());
        Ok(Response::new(self.answer(object, &trace).await))
    }

    async fn dispatch_event(&self, _: Request<Event>) -> Result<Response<EventReply>, Status> {
        self.metrics.event();
        Ok(Response::new(EventReply {}))
    }
}

/// Returns the claims of the JWT that the gateway made this session from. The gateway marks such
/// sessions and names them by the identity claim: a JWT that stands there beside another credential
/// is not taken for verified.
fn verified_claims(
    jwt: &VerifiedJwt,
    request: &MiniRequestObject,
    session: &SessionState,
) -> Result<Map<String, Value>, Failure> {
    let from_jwt = is_from_jwt(session);
    let token = find(&jwt.place, request).filter(|_| from_jwt).ok_or(Failure::JwtMissing)?;
    let claims = token::payload(token).ok_or(Failure::JwtMissing)?;
    let identity = claims.get(&jwt.identity_claim).and_then(Value::as_str);
    if identity.is_some_and(|identity| !identity.is_empty() && identity == session.alias) {
        Ok(claims)
    } else {
        Err(Failure::JwtMismatch)
    }
}

fn find<'a>(place: &TokenPlace, request: &'a MiniRequestObject) -> Option<&'a str> {
    header(request, &place.header).and_then(|value| after_prefix(value, &place.prefix))
}
