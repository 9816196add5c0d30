//! What the gateway calls: a request in, the same request with a token out, or an answer in the upstream's place.

use crate::claims::Caller;
use crate::config::{Api, Config, Mode, TokenPlace, VerifiedJwt};
use crate::exchange::{Exchanger, Wanted};
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::mint::Minter;
use crate::proto::dispatcher_server::Dispatcher;
use crate::proto::{Event, EventReply, HookType, MiniRequestObject, Object, SessionState};
use crate::request::{Guard, after_prefix, credential_of, header};
use crate::token;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tonic::{Request, Response, Status};

/// Answers the gateway.
#[derive(Debug)]
pub struct Issuer {
    hook_names: Vec<String>,
    apis: Vec<Api>,
    guard: Guard,
    minter: Option<Arc<Minter>>,
    exchangers: BTreeMap<String, Arc<Exchanger>>,
    metrics: Arc<Metrics>,
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
            apis: config.apis.clone(),
            guard: Guard::new(config.upstream.clone(), config.strip.clone(), config.guarded_issuers()),
            minter,
            exchangers: exchangers.into_iter().map(|one| (one.name().to_owned(), one)).collect(),
            metrics,
        }
    }

    fn api(&self, id: &str) -> Option<&Api> {
        let named = |id: &str| self.apis.iter().find(|api| api.id == id);
        named(id).or_else(|| named("*"))
    }

    async fn token(&self, api: &Api, api_id: &str, object: &Object) -> Result<Outcome, Failure> {
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
                let jwt = jwt.as_ref().map(|jwt| verified_claims(jwt, request, session)).transpose()?;
                let caller = Caller { session, api_id, jwt: jwt.as_ref() };
                let minter = self.minter.as_ref().ok_or(Failure::ApiUnknown)?;
                let issued = minter.issue(audiences, caller).await?;
                if !issued.cached {
                    let (kid, jti) = (&issued.token.key_id, &issued.token.id);
                    tracing::info!(api = api_id, trace_id = trace_id(request), kid, jti, "a token was made");
                }
                let word = if issued.cached { "minted-before" } else { "minted" };
                Ok(Outcome { jwt: issued.token.jwt.clone(), word })
            }
            Mode::Exchange { provider, audiences, scopes, subject_token } => {
                let subject = find(subject_token, request).ok_or(Failure::SubjectTokenMissing)?;
                let exchanger = self.exchangers.get(provider).ok_or(Failure::ApiUnknown)?;
                let exchanged = exchanger.exchange(subject, Wanted { api_id, audiences, scopes }).await?;
                if !exchanged.cached {
                    tracing::info!(
                        api = api_id,
                        trace_id = trace_id(request),
                        provider,
                        "a token was exchanged"
                    );
                }
                let word = if exchanged.cached { "exchanged-before" } else { "exchanged" };
                Ok(Outcome { jwt: exchanged.token.jwt.clone(), word })
            }
        }
    }

    async fn answer(&self, object: &mut Object) {
        let start = Instant::now();
        let api_id = object.spec.get("APIID").cloned().unwrap_or_default();
        let api = self.api(&api_id);
        let declared = credential_of(object.spec.get("config_data"));
        let outcome = match (api, &declared) {
            (None, _) => Err(Failure::ApiUnknown),
            (_, Err(failure)) => Err(*failure),
            (Some(api), Ok(_)) => self.token(api, &api_id, object).await,
        };
        let Some(request) = &mut object.request else { return };
        // In every case: should the gateway not heed the answer, nothing of the client's gets through either.
        let credentials: Vec<_> =
            api.map(|api| &api.credential).into_iter().chain(declared.iter().flatten()).collect();
        let strays = self.guard.clean(request, &credentials);
        if strays > 0 {
            self.metrics.strays(strays);
            let trace_id = trace_id(request);
            tracing::warn!(
                api = api_id,
                trace_id,
                strays,
                "a client sent tokens of a guarded issuer; they were removed"
            );
        }
        // The gateway looks into this field of every answer.
        let overrides = request.return_overrides.get_or_insert_default();
        let word = match outcome {
            Ok(outcome) => {
                self.guard.put(request, &outcome.jwt);
                tracing::debug!(
                    api = api_id,
                    trace_id = trace_id(request),
                    outcome = outcome.word,
                    "answered"
                );
                outcome.word.to_owned()
            }
            Err(failure) => {
                *overrides = failure.answer();
                let (reason, trace_id) = (failure.to_string(), trace_id(request));
                tracing::warn!(api = api_id, trace_id, reason, "a request gets no token");
                reason
            }
        };
        let api = api.map_or("", |api| &api.id);
        self.metrics.answered(api, &word, start.elapsed());
    }
}

#[tonic::async_trait]
impl Dispatcher for Issuer {
    async fn dispatch(&self, request: Request<Object>) -> Result<Response<Object>, Status> {
        let mut object = request.into_inner();
        if object.hook_type() != HookType::Post {
            tracing::error!(
                hook_type = object.hook_type,
                "the API definition calls the plugin at another hook"
            );
            return Err(Status::failed_precondition("wire the plugin as a `post` hook"));
        }
        if !self.hook_names.contains(&object.hook_name) {
            tracing::error!(hook_name = object.hook_name, "the API definition names another hook");
            return Err(Status::failed_precondition("this hook name is not in `grpc.hookNames`"));
        }
        if object.request.is_none() {
            return Err(Status::invalid_argument("there is no request"));
        }
        self.answer(&mut object).await;
        Ok(Response::new(object))
    }

    async fn dispatch_event(&self, _: Request<Event>) -> Result<Response<EventReply>, Status> {
        self.metrics.event();
        Ok(Response::new(EventReply {}))
    }
}

/// The claims of the JWT that the gateway made this session from. The gateway marks such sessions and names them by the
/// identity claim: a JWT that stands there beside another credential is not taken for verified.
fn verified_claims(
    jwt: &VerifiedJwt,
    request: &MiniRequestObject,
    session: &SessionState,
) -> Result<Map<String, Value>, Failure> {
    let from_jwt = session.metadata.contains_key("TykJWTSessionID");
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

/// The trace that the request belongs to (W3C Trace Context), or nothing. The header itself goes on untouched.
fn trace_id(request: &MiniRequestObject) -> &str {
    let id = header(request, "Traceparent").and_then(|value| value.split('-').nth(1)).unwrap_or_default();
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) { id } else { "" }
}
