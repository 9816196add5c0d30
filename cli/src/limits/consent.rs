//! Nothing is sent to strangers unasked, and nothing that may change what a service holds.

use crate::counted::counted;
use crate::redact::redacted;
use crate::shown::shown;
use crate::tyk::parse_url;
use attache_tyk_limits::hosts::Hosts;
use attache_tyk_limits::plan::Plan;
use attache_tyk_limits::target::Target;
use std::error::Error;
use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

/// The methods that ask for nothing to be changed (RFC 9110, section 9.2.1).
const SAFE_METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// Looks where the gateways are, and asks where one is neither on this machine nor in a private
/// network.
///
/// # Errors
/// A URL is none, a host is unknown, or there is no consent.
pub(super) fn check(
    urls: &[String],
    hosts: &mut Hosts,
    is_given: bool,
    plan: &str,
) -> Result<(), Box<dyn Error>> {
    let mut far = Vec::new();
    for text in urls {
        let url = base(text)?;
        let is_near = hosts.find(&url).map_err(|error| {
            format!("--gateway: can't find `{}`: {error}", url.host_str().unwrap_or_default())
        })?;
        if !is_near {
            far.push(text.as_str());
        }
    }
    if far.is_empty() || is_given {
        return Ok(());
    }
    let hosts = far.join("`, `");
    ask(
        &format!("`{hosts}` is neither loopback nor private"),
        "say --yes if it is yours to load",
        &format!("Send {plan} there?"),
    )
}

/// Asks where requests are to be sent whose methods are not safe.
///
/// # Errors
/// There is no consent.
pub(super) fn check_methods(
    plans: &[(Target, Plan)],
    is_given: bool,
) -> Result<(), Box<dyn Error>> {
    let Some((fact, question)) = changes(plans).filter(|_| !is_given) else { return Ok(()) };
    ask(
        &fact,
        "say --unsafe-methods where that does no harm, or name what to send in place of it by --request",
        &question,
    )
}

/// Returns what may change something, and how much of it is to be sent; `None` where nothing may.
fn changes(plans: &[(Target, Plan)]) -> Option<(String, String)> {
    let sent = plans.iter().filter(|(_, plan)| !plan.steps.is_empty());
    let (changing, counts): (Vec<String>, Vec<usize>) = sent
        .filter(|(target, _)| !is_safe(&target.method))
        .map(|(Target { method, path, .. }, plan)| {
            let (request, count) = (shown(&format!("{method} {path}")), plan.requests());
            (format!("`{request}` {count} times"), count)
        })
        .unzip();
    let fact = format!(
        "{} may change what the service behind the gateway holds, since the method is not safe (RFC 9110)",
        changing.join(", ")
    );
    let question = format!("Send {} of that kind?", counted(counts.iter().sum(), "request"));
    (!changing.is_empty()).then_some((fact, question))
}

/// Returns whether a method asks for nothing to be changed.
pub(super) fn is_safe(method: &str) -> bool {
    SAFE_METHODS.contains(&method)
}

/// Asks whoever sits at the terminal.
///
/// # Errors
/// The answer is no, or nobody is there.
fn ask(fact: &str, option: &str, question: &str) -> Result<(), Box<dyn Error>> {
    if !stdin().is_terminal() {
        return Err(format!("{fact}; {option}").into());
    }
    write!(stderr(), "{fact}. {question} [y/N] ")?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err("nothing was sent".into()),
    }
}

/// Reads a URL, after which only paths come.
///
/// # Errors
/// It is none of a gateway, or has a path, a user or a password.
pub(super) fn base(text: &str) -> Result<reqwest::Url, String> {
    let url = parse_url(text)?;
    if url.path() != "/" || !url.username().is_empty() || url.password().is_some() {
        let told = shown(&redacted(text));
        return Err(format!(
            "--gateway: `{told}` is no URL of a gateway: http://HOST:PORT, without path, user and password"
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_tyk_limits::grant::Quota;
    use attache_tyk_limits::plan::{Kind, Step};

    #[test]
    fn only_what_is_near_needs_no_word() {
        let check = |url: &str| {
            let hosts = &mut Hosts::default();
            check(&[url.to_owned()], hosts, false, "9 requests").map_err(|error| error.to_string())
        };
        assert_eq!(check("http://127.0.0.1:8080"), Ok(()));
        assert_eq!(check("https://[::1]:8443/"), Ok(()));
        for (url, said) in [
            ("http://192.0.2.1:8080", "neither loopback nor private"),
            ("ftp://127.0.0.1", "no URL of a gateway"),
            ("127.0.0.1:8080", "no URL of a gateway"),
            ("http://127.0.0.1/orders", "no URL of a gateway"),
            ("http://somebody@127.0.0.1", "no URL of a gateway"),
            ("http://:word@127.0.0.1", "no URL of a gateway"),
            ("http://127.0.0.1?a=1", "a query or a fragment"),
            ("http://127.0.0.1/#a", "a query or a fragment"),
        ] {
            let error = check(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
        }
        let hosts = &mut Hosts::default();
        assert!(super::check(&["http://192.0.2.1:8080".to_owned()], hosts, true, "").is_ok());
    }

    /// Whoever is asked is told of every request, not of each kind.
    #[test]
    fn all_that_would_be_sent_is_asked_for() {
        let planned = |method: &str, requests: usize| {
            let target = Target {
                api: "a".to_owned(),
                method: method.to_owned(),
                path: "/a".to_owned(),
                key_header: None,
                checks: Vec::new(),
                quota: Quota::default(),
                others: Vec::new(),
                obstacle: None,
            };
            let step = Step { kind: Kind::Burst, requests, spacing: 1.0, rest: 0.0 };
            (target, Plan { steps: vec![step], ..Plan::default() })
        };
        assert_eq!(changes(&[planned("GET", 9)]), None);
        let (fact, question) =
            changes(&[planned("DELETE", 40), planned("GET", 9), planned("POST", 2)]).unwrap();
        assert!(fact.starts_with("`DELETE /a` 40 times, `POST /a` 2 times may change"), "{fact}");
        assert_eq!(question, "Send 42 requests of that kind?");
    }

    #[test]
    fn a_method_is_safe_as_it_is_registered() {
        for (method, expected) in [
            ("GET", true),
            ("HEAD", true),
            ("OPTIONS", true),
            ("TRACE", true),
            ("get", false),
            ("POST", false),
            ("PUT", false),
            ("PATCH", false),
            ("DELETE", false),
            ("CONNECT", false),
            ("PURGE", false),
            ("", false),
        ] {
            assert_eq!(is_safe(method), expected, "{method}");
        }
    }
}
