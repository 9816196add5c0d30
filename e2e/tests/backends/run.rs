//! One backend: an Envoy with the filter before it, policies, requests, and what became of them.

use crate::arguments::Arguments;
use crate::backend::Backend;
use crate::judge::{Caller, Handled, Token, Verdict, judge, judge_leaning};
use crate::policy::{Policy, Service};
use crate::report::Outcome;
use crate::requests::{CALLERS, Case};
use crate::seen::Seen;
use crate::wire;
use anyhow::{Context, Result, bail};
use attache_e2e::envoy::{self, Deadline, Envoy, Overrides, Push, Sidecar};
use attache_e2e::http1;
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{self, Tamper, TokenSpec};
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Requests under one policy.
const REQUESTS: usize = 100;
/// Requests that are on their way at any time.
const CLIENTS: usize = 12;

/// What a connection manager makes of a request before its filters see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// Istio's default: paths are normalised, trailers of HTTP/1.1 are dropped.
    Istio,
    /// As Istio, with its path normalisation `MERGE_SLASHES`.
    MergeSlashes,
    /// As Istio, with its path normalisation `DECODE_AND_MERGE_SLASHES`.
    DecodeAndMergeSlashes,
    /// As little as Envoy can do: paths stay as they came (Istio's `NONE`), trailers and CONNECT go
    /// on.
    Bare,
}

impl Manager {
    fn overrides(self) -> Value {
        match self {
            Self::Istio => Value::Null,
            Self::MergeSlashes => json!({"merge_slashes": true}),
            Self::DecodeAndMergeSlashes => {
                json!({"merge_slashes": true, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"})
            }
            Self::Bare => json!({
                "normalize_path": false,
                "http_protocol_options": {"enable_trailers": true},
                "http2_protocol_options": {"allow_connect": true},
            }),
        }
    }
}

/// What Envoy makes of paths, in turn. Istio's default comes first, and oftenest.
const MANAGERS: [Manager; 4] =
    [Manager::Istio, Manager::Bare, Manager::DecodeAndMergeSlashes, Manager::MergeSlashes];

/// A case that was sent.
pub(crate) struct Sent {
    pub(crate) case: Case,
    pub(crate) policy: Rc<Policy>,
    pub(crate) manager: Manager,
    pub(crate) answer: Answer,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) text: String,
    /// The request was sent twice: the backend had broken off the first time.
    twice: bool,
}

pub(crate) async fn run(
    backend: &Backend,
    parts: &Path,
    share: usize,
    arguments: &Arguments,
) -> Result<Outcome> {
    let running = backend.start(parts).await?;
    let tokens = tokens()?;
    let name = backend
        .name
        .bytes()
        .fold(arguments.seed, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
    let mut sent = Vec::new();
    for (turn, manager) in MANAGERS.into_iter().enumerate() {
        let mut stage = None;
        for number in (0..share.div_ceil(REQUESTS)).filter(|number| number % MANAGERS.len() == turn)
        {
            let first = u64::try_from(number * REQUESTS)?;
            let ids: Vec<u64> = (first..).take(REQUESTS.min(share - number * REQUESTS)).collect();
            let ids: Vec<u64> = ids
                .into_iter()
                .filter(|id| arguments.case.is_none_or(|case| case == *id))
                .collect();
            if ids.is_empty() {
                continue;
            }
            let policy = Rc::new(Policy::draw(&mut Rng::with_seed(name ^ (first << 20))));
            if stage.is_none() {
                stage = Some(start(backend, manager, running.address).await?);
            }
            let Some(envoy) = &stage else { bail!("there is no Envoy") };
            configure(envoy, &policy, number).await?;
            let cases = ids
                .iter()
                .map(|id| Case::draw(&mut Rng::with_seed(name ^ (id << 24)), *id, &tokens));
            for (case, answer) in send(envoy.address(), cases.collect()).await? {
                sent.push(Sent { case, policy: Rc::clone(&policy), manager, answer });
            }
        }
    }
    running.ask("end").await?;
    let mut outcome = Outcome::default();
    compare(&sent, &running.lines(), &tokens, &mut outcome)
        .with_context(|| format!("{}:\n{}", backend.name, running.log()))?;
    outcome.keep(backend.name, arguments)?;
    Ok(outcome)
}

async fn start(backend: &Backend, manager: Manager, service: SocketAddr) -> Result<Envoy> {
    let sidecar = Sidecar {
        overrides: Overrides {
            manager: manager.overrides(),
            upstream: backend.upstream.options(),
            ..Overrides::default()
        },
        ..Sidecar::before(service, attache_e2e::module()?)
    };
    let nothing = Policy { rules: Vec::new(), ambiguous: None, service: Service::default() };
    Envoy::start(&binary()?, sidecar, &nothing.configuration(&keys()?, "none").to_string(), None)
        .await
}

fn binary() -> Result<PathBuf> {
    envoy::chosen("1.40.0")
}

fn keys() -> Result<Value> {
    jwks([&SigningKey::fixed("p256")?])
}

/// Those of the callers, then a bad one.
fn tokens() -> Result<Vec<String>> {
    let now = token::now();
    let mint = |caller: &Caller, tamper: Vec<Tamper>| {
        let claims = json!({
            "sub": caller.subject, "roles": caller.roles, "tenant": caller.tenant, "exp": now + 86_400,
        });
        TokenSpec { tamper, ..TokenSpec::with_claims(claims) }.mint(now)
    };
    let bad = mint(&CALLERS[0], vec![Tamper::Payload])?;
    CALLERS.iter().map(|caller| mint(caller, Vec::new())).chain([Ok(bad)]).collect()
}

/// Pushes a policy and waits until the worker follows it.
async fn configure(envoy: &Envoy, policy: &Policy, number: usize) -> Result<()> {
    let realm = format!("p{number}");
    let document = policy.configuration(&keys()?, &realm).to_string();
    if envoy.push(&document).await? == Push::Refused {
        bail!("a policy was refused: {document}\n{}", envoy.log());
    }
    let deadline = Deadline::new();
    loop {
        // No rule of any policy takes a bad token there, and no token some.
        let headers = [("host", "probe.example"), ("authorization", "Bearer bad")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let probe = http1::Request { method: "GET", path: "/probe", headers: &headers, body: &[] };
        let answer = http1::send(TcpStream::connect(envoy.address()).await?, &probe).await?;
        if answer
            .values("www-authenticate")
            .iter()
            .any(|value| value.contains(&format!("\"{realm}\"")))
        {
            return Ok(());
        }
        if !deadline.wait().await {
            bail!(
                "the worker does not follow a policy: {document}\n{}\n{}",
                answer.status,
                envoy.log()
            );
        }
    }
}

async fn send(address: SocketAddr, cases: Vec<Case>) -> Result<Vec<(Case, Answer)>> {
    let mut waiting = cases.into_iter();
    let mut underway = JoinSet::new();
    let mut answered = Vec::new();
    loop {
        while underway.len() < CLIENTS
            && let Some(case) = waiting.next()
        {
            underway.spawn(async move {
                let text = exchange(address, &case).await;
                (case, Answer { text, twice: false })
            });
        }
        match underway.join_next().await {
            Some(done) => answered.push(done?),
            None => break,
        }
    }
    answered.sort_by_key(|(case, _)| case.id);
    // A backend that breaks off a connection because of one request breaks off those beside it.
    for (case, answer) in &mut answered {
        if case.plain.is_some() && answer.text.contains("upstream connect error") {
            *answer = Answer { text: exchange(address, case).await, twice: true };
        }
    }
    Ok(answered)
}

async fn exchange(address: SocketAddr, case: &Case) -> String {
    let answer = wire::exchange(address, &case.request).await;
    answer.unwrap_or_else(|error| format!("({error:#})"))
}

fn compare(sent: &[Sent], lines: &str, tokens: &[String], outcome: &mut Outcome) -> Result<()> {
    let mut seen: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for line in lines.lines() {
        let line: Seen = serde_json::from_str(line)
            .with_context(|| format!("a line is not as agreed: {line}"))?;
        seen.entry(line.case.clone()).or_default().push(line);
    }
    for sent in sent {
        let lines = seen.remove(&sent.case.id.to_string()).unwrap_or_default();
        let mut faults: Vec<String> =
            lines.iter().filter_map(|line| fault(sent, line, tokens)).collect();
        if lines.len() > 1 && !sent.answer.twice {
            faults.push("it reached the backend more than once".to_owned());
        }
        faults.extend(plain_fault(sent, &lines));
        outcome.add(sent, &lines, faults);
    }
    for (case, lines) in seen.iter().filter(|(case, _)| !["ready", "end"].contains(&case.as_str()))
    {
        outcome.stray(case, lines);
    }
    Ok(())
}

/// What is wrong with what the backend says that it handled.
fn fault(sent: &Sent, line: &Seen, tokens: &[String]) -> Option<String> {
    let handled = line.handled();
    let mut verdicts = Vec::new();
    for handled in &handled {
        let preflight = sent.is_preflight() && handled.method == "OPTIONS";
        verdicts.push(if preflight { Verdict::Public } else { sent.judge(handled) });
    }
    for (handled, verdict) in handled.iter().zip(&verdicts) {
        if let Verdict::Refused(why) = verdict {
            return Some(format!("handled what {why} refuses: {handled:?}"));
        }
    }
    let known = verdicts.contains(&Verdict::Allowed);
    let has_token =
        line.headers.iter().any(|(_, value)| tokens.iter().any(|token| value.contains(token)));
    if has_token && (known || sent.is_preflight()) {
        return Some("the token went on".to_owned());
    }
    let seen = ["x-user", "x-roles", "x-org"].map(|name| line.values(name));
    let nobody = seen.iter().all(Vec::is_empty);
    let right = matches!(sent.case.token, Token::Good(caller) if {
        seen == [caller.subject, &caller.roles.join(","), caller.tenant].map(|value| vec![value.to_owned()])
    });
    // Where another reading of an odd path is not public, the token has been looked at, and may
    // show.
    let may_show = sent.case.plain.is_none();
    let good = if known { right } else { nobody || right && may_show };
    (!good).then(|| format!("saw the identity {seen:?}"))
}

/// A plain request that the policy allows must be handled as what it is.
fn plain_fault(sent: &Sent, lines: &[Seen]) -> Option<String> {
    let plain = sent.case.plain.as_ref()?;
    if let Verdict::Refused(_) = judge_leaning(&sent.policy, plain, sent.case.token) {
        return None;
    }
    let same = |handled: &Handled| {
        (&handled.method, &handled.segments, &handled.host)
            == (&plain.method, &plain.segments, &plain.host)
    };
    let handled = lines.iter().flat_map(Seen::handled).any(|handled| same(&handled));
    (!handled).then(|| "a plain request that is allowed was not handled as what it is".to_owned())
}

impl Sent {
    /// What the policy says of an operation, to the letter. Envoy's codec takes out the token of a
    /// request whose `connection` names its header (RFC 9110 section 7.6.1), which has brought none
    /// then.
    fn judge(&self, handled: &Handled) -> Verdict {
        let verdict = judge(&self.policy, handled, self.case.token);
        let names_token = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("connection")
                && value.split(',').any(|one| one.trim().eq_ignore_ascii_case("authorization"))
        };
        if self.case.request.headers.iter().any(names_token) {
            let without = judge(&self.policy, handled, Token::Missing);
            return if without == Verdict::Public { without } else { verdict };
        }
        verdict
    }

    /// Whether a preflight was sent, which needs nothing.
    fn is_preflight(&self) -> bool {
        let has = |name: &str| {
            self.case.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
        };
        self.case.request.method == "OPTIONS"
            && has("origin")
            && has("access-control-request-method")
    }
}
