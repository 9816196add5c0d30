//! The router here does what a Tyk did, by its recorded answers.

use crate::corpus::{Scenario, scenarios};
use crate::generate::requests;
use crate::recording::{Answer, Sent, read};
use attache_tyk_routes::gateway::{Forwarded, HostHeader, Outcome, Request};

/// The least that the corpus must be.
const DEFINITIONS: usize = 60;
const REQUESTS: usize = 10_000;

#[test]
fn every_request_goes_where_a_tyk_sent_it() {
    let (mut definitions, mut count) = (0, 0);
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        definitions += scenario.count();
        let requests = requests(&scenario);
        for (request, answer) in requests.iter().zip(read(&scenario.name, &requests)) {
            count += 1;
            let outcome = scenario.gateway.route(request);
            if !agrees(request, &outcome, &answer) {
                wrong.push(format!(
                    "{}: {request:?}\n  here {outcome:?}\n  Tyk  {answer:?}",
                    scenario.name
                ));
            }
        }
    }
    let shown = wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{shown}", wrong.len());
    assert!(
        definitions >= DEFINITIONS && count >= REQUESTS,
        "{definitions} definitions, {count} requests"
    );
}

fn agrees(request: &Request, outcome: &Outcome, answer: &Answer) -> bool {
    match (outcome, answer) {
        (Outcome::NotFound, Answer::Own(status)) => *status == 404,
        (Outcome::Redirected, Answer::Own(status)) => *status == 301,
        (Outcome::Answered | Outcome::Own, Answer::Own(_)) => true,
        (Outcome::Forwarded(forwarded), Answer::Sent(sent)) => is_sent(request, forwarded, sent),
        _ => false,
    }
}

fn is_sent(request: &Request, forwarded: &Forwarded, sent: &Sent) -> bool {
    // What goes by way of a proxy, as all does here, names the Host header as its authority,
    // whatever the target is.
    let seen = |authority: &str| match forwarded.host {
        HostHeader::Target => authority.to_owned(),
        HostHeader::Client => request.host.clone(),
    };
    let mut targets = forwarded.authorities.iter().zip(&forwarded.paths);
    forwarded.api == sent.api
        && targets.any(|(authority, path)| {
            let path = if path.is_empty() { "/" } else { path };
            seen(authority) == sent.authority && seen(authority) == sent.host && path == sent.path()
        })
}

/// A scenario's definitions are each reached, or a gap tells why not.
#[test]
fn no_definition_is_dropped_silently() {
    for Scenario { name, gateway, mesh, .. } in scenarios() {
        for served in gateway.served() {
            let id = &served.api.id;
            let is_routed = mesh.arrivals.iter().any(|arrival| arrival.api == *id);
            let is_told = mesh.gaps.iter().any(|gap| gap.api == *id);
            assert!(is_routed || is_told, "{name}: {id}");
        }
    }
}
