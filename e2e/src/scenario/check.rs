//! Compares what came with what was expected.

use super::differences::{Differences, covers};
use super::placeholders::Placeholders;
use super::reason::Class;
use super::{Expect, Observation, Protocol, Request};
use anyhow::{Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use tonic::Code;

/// Checks everything that an expectation says and all that follows from it.
///
/// # Errors
/// What differs, every difference at once, with the whole of what came.
pub(super) fn check(
    request: &Request,
    expect: &Expect,
    came: &Observation,
    placeholders: &Placeholders,
) -> Result<()> {
    let mut differences = Differences::default();
    match expect.reason.as_deref() {
        Some(reason) => refused(&mut differences, request, expect, reason, came)?,
        None => forwarded(&mut differences, request, expect, came),
    }
    answer(&mut differences, expect, came, placeholders)?;
    service(&mut differences, expect, came, placeholders)?;
    state_and_log(&mut differences, expect, came, placeholders)?;
    nothing_leaks(&mut differences, came);
    if differences.0.is_empty() {
        return Ok(());
    }
    bail!("{}\n{}", differences.0.join("\n"), describe(request, came))
}

/// What follows from a reason, for every refusal.
fn refused(
    differences: &mut Differences,
    request: &Request,
    expect: &Expect,
    reason: &str,
    came: &Observation,
) -> Result<()> {
    let Some(class) = Class::of(reason) else { bail!("there is no reason `{reason}`") };
    if request.protocol == Protocol::Grpc {
        let code = came.grpc.as_ref().map(|(code, _)| *code);
        differences.equal("gRPC status", Some(class.grpc()), code);
    } else {
        differences.equal(
            "status",
            expect.status.unwrap_or_else(|| class.status()),
            came.answer.status,
        );
        let content_type = came.answer.values("content-type").first().copied().unwrap_or_default();
        // The answer to HEAD has the fields of a body and none (RFC 9110 section 9.3.2).
        if content_type.starts_with("application/problem+json") && request.method != "HEAD" {
            let problem: Value = serde_json::from_slice(&came.answer.body).unwrap_or_default();
            differences.equal(
                "the problem's type",
                reason,
                text(&problem, "type").unwrap_or_default(),
            );
        }
    }
    let challenges = came.answer.values("www-authenticate");
    match class.challenge() {
        None => differences.equal("www-authenticate", Vec::<&str>::new(), challenges),
        Some(error) => {
            let challenge = challenges.first().copied().unwrap_or_default();
            let named = error.map(|error| format!("error=\"{error}\""));
            let says = named
                .as_deref()
                .map_or(!challenge.contains("error="), |named| challenge.contains(named));
            let describes =
                challenge.contains("error_description=\"") == (class == Class::BadToken);
            let holds =
                challenges.len() == 1 && challenge.starts_with("Bearer") && says && describes;
            differences.unless(holds, "www-authenticate", &named, &challenges);
        }
    }
    let retry = came.answer.values("retry-after").len();
    differences.equal(
        "number of retry-after headers",
        usize::from(class == Class::Unavailable),
        retry,
    );
    differences.unless(
        came.seen.is_none(),
        "the request must not reach the service",
        &"nothing",
        &came.seen,
    );
    differences.equal("filter state `reason`", Some(reason), text(&came.access, "reason"));
    Ok(())
}

fn forwarded(
    differences: &mut Differences,
    request: &Request,
    expect: &Expect,
    came: &Observation,
) {
    let status = expect.status.unwrap_or(200);
    differences.equal("status", status, came.answer.status);
    if request.protocol == Protocol::Grpc {
        let code = came.grpc.as_ref().map(|(code, _)| *code);
        differences.equal("gRPC status", Some(Code::Ok), code);
    }
    if matches!(status, 101 | 200) {
        differences.unless(
            came.seen.is_some(),
            "the request must reach the service",
            &"a request",
            &came.seen,
        );
    }
    differences.equal("filter state `reason`", None, text(&came.access, "reason"));
}

fn answer(
    differences: &mut Differences,
    expect: &Expect,
    came: &Observation,
    placeholders: &Placeholders,
) -> Result<()> {
    for (name, expected) in &expect.answer {
        differences.matches(
            &format!("the answer's `{name}`"),
            expected,
            &came.answer.values(name),
            placeholders,
        )?;
    }
    if let Some(expected) = &expect.body {
        differences.matches(
            "the answer's body",
            expected,
            &[came.answer.text().as_str()],
            placeholders,
        )?;
    }
    Ok(())
}

fn service(
    differences: &mut Differences,
    expect: &Expect,
    came: &Observation,
    placeholders: &Placeholders,
) -> Result<()> {
    let Some(seen) = &came.seen else { return Ok(()) };
    if let Some(path) = &expect.service.path {
        differences.equal("the service's path", placeholders.text(path)?, seen.path.clone());
    }
    if let Some(method) = &expect.service.method {
        differences.equal("the service's method", method, &seen.method);
    }
    if let Some(trailers) = &expect.service.trailers {
        let names: Vec<&str> = seen.trailers.iter().map(|(name, _)| name.as_str()).collect();
        differences.equal(
            "the service's trailers",
            trailers.iter().map(String::as_str).collect(),
            names,
        );
    }
    for (name, expected) in &expect.service.headers {
        differences.matches(
            &format!("the service's `{name}`"),
            expected,
            &seen.values(name),
            placeholders,
        )?;
    }
    for name in &expect.service.absent {
        differences.equal(
            &format!("the service's `{name}`"),
            Vec::<&str>::new(),
            seen.values(name),
        );
    }
    Ok(())
}

fn state_and_log(
    differences: &mut Differences,
    expect: &Expect,
    came: &Observation,
    placeholders: &Placeholders,
) -> Result<()> {
    for (name, expected) in &expect.state {
        let value: Vec<_> = text(&came.access, name).into_iter().collect();
        differences.matches(&format!("filter state `{name}`"), expected, &value, placeholders)?;
    }
    if expect.unlogged {
        differences.equal("number of audit lines", 0, came.audit.len());
    }
    if let Some(members) = &expect.log {
        differences.equal("number of audit lines", 1, came.audit.len());
        let line = came.audit.first().cloned().unwrap_or_default();
        for (name, expected) in members {
            let came = line.get(name).unwrap_or(&Value::Null);
            differences.unless(
                covers(expected, came),
                &format!("the audit line's `{name}`"),
                expected,
                came,
            );
        }
    }
    Ok(())
}

fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}

/// What the filter's counters grow by through a request, so far as the expectation tells.
pub(super) fn growth(expect: &Expect) -> BTreeMap<String, u64> {
    let mut growth = expect.metrics.clone();
    let is_filters_own = expect.reason.is_some() || matches!(expect.status, None | Some(101));
    if is_filters_own {
        growth.entry("requests.allowed".into()).or_insert(u64::from(expect.reason.is_none()));
        growth.entry("requests.denied".into()).or_insert(u64::from(expect.reason.is_some()));
    }
    if let Some(reason) = &expect.reason {
        growth.entry(format!("reasons.{reason}")).or_insert(1);
    }
    growth
}

/// Neither the answer of a refusal nor any log may show a token or a signature.
fn nothing_leaks(differences: &mut Differences, came: &Observation) {
    let answer = format!("{:?} {}", came.answer.headers, came.answer.text());
    for secret in &came.secrets {
        let signature =
            secret.rsplit('.').next().filter(|signature| signature.len() > 20).unwrap_or(secret);
        let in_answer = came.seen.is_none() && answer.contains(signature);
        differences.unless(
            !in_answer,
            "the answer must not show the token",
            &"nothing of it",
            &answer,
        );
        differences.unless(
            !came.log.contains(signature),
            "the log must not show the token",
            &"nothing of it",
            &came.log,
        );
    }
}

fn describe(request: &Request, came: &Observation) -> String {
    let body = came.answer.text();
    format!(
        "request:  {:?} {} {} token: {} headers: {:?} caller: {:?}\n\
         answer:   {} {:?}\n          {body}\ngRPC:     {:?}\naccess:   {}\naudit:    {:?}\nlog:\n{}",
        request.protocol,
        request.method,
        request.path,
        request.token.as_ref().map_or_else(|| "none".to_owned(), |token| format!("{token:?}")),
        request.headers,
        request.caller,
        came.answer.status,
        came.answer.headers,
        came.grpc,
        came.access,
        came.audit,
        last_lines(&came.log),
    )
}

fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let from = lines.len().saturating_sub(15);
    lines.get(from..).unwrap_or_default().join("\n")
}
