//! The slow and obvious reading of a policy, written without a look at the engine.

use crate::policy::{Operation, Policy, Rule, Service, When};

/// An operation as a backend handled it: nothing in it is encoded, nothing ambiguous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handled {
    pub(crate) method: String,
    pub(crate) segments: Vec<String>,
    /// Lower case, without a port.
    pub(crate) host: String,
    /// Every value that the backend has for `x-tenant`.
    pub(crate) tenants: Vec<String>,
}

/// Whose token a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) subject: &'static str,
    pub(crate) roles: &'static [&'static str],
    pub(crate) tenant: &'static str,
}

/// What a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Missing,
    /// One that nobody signed so.
    Bad,
    Good(Caller),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// For nobody in particular: without a look at the token, or since none was brought where none
    /// need be.
    Public,
    Allowed,
    Refused(&'static str),
}

/// What a policy says of an operation, to the letter.
pub(crate) fn judge(policy: &Policy, handled: &Handled, token: Token) -> Verdict {
    judge_by(policy, handled, token, Lean::ToTheLetter)
}

/// The same where each comparison leans towards allowing less: what forbids is for a path's twin
/// with a slash behind it too, since many a backend takes both for one.
pub(crate) fn judge_leaning(policy: &Policy, handled: &Handled, token: Token) -> Verdict {
    judge_by(policy, handled, token, Lean::TowardsLess)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lean {
    ToTheLetter,
    TowardsLess,
}

fn judge_by(policy: &Policy, handled: &Handled, token: Token, lean: Lean) -> Verdict {
    let here: Vec<&Rule> =
        policy.rules.iter().filter(|rule| is_for(rule, handled, policy.service, lean)).collect();
    let allows = || here.iter().filter(|rule| !rule.denies);
    let public = allows().any(|rule| rule.public);
    let caller = match token {
        Token::Good(caller) if !public => Some(caller),
        Token::Bad if !public => return Verdict::Refused("the token is bad"),
        _ => None,
    };
    if !public && caller.is_none() && !allows().any(|rule| rule.optional) {
        return Verdict::Refused("nobody is known");
    }
    let hold = |rule: &&&Rule| has_role(rule, caller) && is_met(rule, handled, caller);
    if here.iter().filter(|rule| rule.denies).any(|rule| hold(&rule)) {
        return Verdict::Refused("a DENY rule");
    }
    if !allows().any(|rule| hold(&rule)) {
        return Verdict::Refused("no ALLOW rule");
    }
    if caller.is_none() { Verdict::Public } else { Verdict::Allowed }
}

fn is_for(rule: &Rule, handled: &Handled, service: Service, lean: Lean) -> bool {
    let to: &Operation = &rule.to;
    let method = |pattern: &&str| handled.method == **pattern;
    let path = |pattern: &&str| path_fits(pattern, &handled.segments, service);
    let mut twin = handled.segments.clone();
    twin.push(String::new());
    let twin = |pattern: &&str| lean == Lean::TowardsLess && path_fits(pattern, &twin, service);
    let host = |pattern: &&str| text_fits(pattern, &handled.host);
    (to.methods.is_empty() || to.methods.iter().any(method))
        && !to.not_methods.iter().any(method)
        && (to.paths.is_empty()
            || to.paths.iter().any(path)
            || rule.denies && to.paths.iter().any(twin))
        && !to.not_paths.iter().any(path)
        && (rule.denies || !to.not_paths.iter().any(twin))
        && (to.hosts.is_empty() || to.hosts.iter().any(host))
        && !to.not_hosts.iter().any(host)
}

fn has_role(rule: &Rule, caller: Option<Caller>) -> bool {
    rule.roles.is_empty()
        || caller.is_some_and(|caller| caller.roles.iter().any(|role| rule.roles.contains(role)))
}

fn is_met(rule: &Rule, handled: &Handled, caller: Option<Caller>) -> bool {
    match rule.when {
        None => true,
        // Every template that has an `{id}` has it in the second place.
        Some(When::OwnPath) => caller
            .is_some_and(|caller| handled.segments.get(1).is_some_and(|id| id == caller.subject)),
        Some(When::OwnTenant) => caller.is_some_and(|caller| {
            !handled.tenants.is_empty()
                && handled.tenants.iter().all(|tenant| tenant == caller.tenant)
        }),
    }
}

fn text_fits(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(suffix), _) => text.ends_with(suffix),
        (_, Some(prefix)) => text.starts_with(prefix),
        _ => pattern == text,
    }
}

/// Whether a pattern is for a path, as the service takes it.
fn path_fits(pattern: &str, segments: &[String], service: Service) -> bool {
    let mut pattern = pattern.to_owned();
    let mut segments = segments.to_vec();
    if service.any_case {
        pattern = in_one_case(&pattern);
        segments = segments.iter().map(|segment| in_one_case(segment)).collect();
    }
    if plain_path_fits(&pattern, &segments) {
        return true;
    }
    if !service.any_trailing_slash {
        return false;
    }
    while segments.len() > 1 && segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    let mut twin = segments.clone();
    twin.push(String::new());
    plain_path_fits(&pattern, &segments) || plain_path_fits(&pattern, &twin)
}

/// A text (each character a byte) in which letters are the same that some router takes for the
/// same.
fn in_one_case(text: &str) -> String {
    let bytes: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let text = String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned());
    text.to_uppercase().to_lowercase()
}

fn plain_path_fits(pattern: &str, segments: &[String]) -> bool {
    if !pattern.contains('{') {
        return text_fits(pattern, &format!("/{}", segments.join("/")));
    }
    let parts: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
    template_fits(&parts, segments)
}

fn template_fits(parts: &[&str], segments: &[String]) -> bool {
    match parts.split_first() {
        None => segments.is_empty(),
        Some((&"{**}", rest)) => {
            (0..=segments.len()).any(|many| template_fits(rest, &segments[many..]))
        }
        Some((part, rest)) => segments.split_first().is_some_and(|(segment, others)| {
            let fits = if part.starts_with('{') { !segment.is_empty() } else { part == segment };
            fits && template_fits(rest, others)
        }),
    }
}
