//! An Envoy with the routes names the API and the service of every request that a Tyk sent, by its
//! recorded answers.

use crate::corpus::{Scenario, scenarios};
use crate::envoy::{CLUSTER, Envoy, Routed};
use crate::generate::requests;
use crate::istio::{Tables, of_http_routes, of_virtual_services};
use crate::recording::{Answer, Sent, read};
use crate::upstream::serve;
use attache_tyk_routes::gap::{Gap, Kind};
use attache_tyk_routes::render::{Options, Rendered};
use std::net::SocketAddr;

/// The versions of the corpus that are told in the mesh.
const VERSIONS: [&str; 2] = ["v1", "v2"];

/// How a run went.
#[derive(Default, Debug)]
struct Score {
    agreed: usize,
    /// Of two APIs that the gaps call indistinguishable.
    alike: usize,
    /// Without a route, as a gap says.
    told: usize,
    wrong: Vec<String>,
}

#[tokio::test]
#[ignore = "needs an Envoy, which scripts/envoy fetches: run scripts/test-tyk"]
async fn virtual_services_name_what_a_tyk_sent() {
    let score = run(
        Scenario::virtual_services,
        |resources| of_virtual_services(resources, CLUSTER),
        str::to_owned,
    )
    .await;
    assert!(score.agreed > 8_000, "{score:?}");
    assert!(score.alike * 20 < score.agreed, "{} of {} are alike", score.alike, score.agreed);
}

#[tokio::test]
#[ignore = "needs an Envoy, which scripts/envoy fetches: run scripts/test-tyk"]
async fn http_routes_name_what_a_tyk_sent() {
    let score = run(
        Scenario::http_routes,
        |resources| of_http_routes(resources, CLUSTER),
        str::to_ascii_lowercase,
    )
    .await;
    assert!(score.agreed > 7_000, "{score:?}");
}

async fn run(
    render: fn(&Scenario) -> Rendered,
    tables: impl Fn(&[serde_json::Value]) -> Tables,
    name: fn(&str) -> String,
) -> Score {
    let services: SocketAddr = serve().await;
    let mut score = Score::default();
    for scenario in scenarios() {
        let rendered = render(&scenario);
        let tables = tables(&rendered.resources);
        let envoy = Envoy::start(&tables, services).await;
        let requests = requests(&scenario);
        for answer in read(&scenario.name, &requests) {
            let Answer::Sent(sent) = answer else { continue };
            let target = target(&scenario, &sent);
            let (_, port) = host_and_port(&target);
            let routed = envoy.ask(port, &sent.host, &sent.path, &sent.version).await;
            judge(&scenario.name, &sent, &target, &routed, &rendered.gaps, name, &mut score);
        }
    }
    let shown = score.wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    println!(
        "{} agreed, {} of APIs that are told to be alike, {} told to have no route",
        score.agreed, score.alike, score.told
    );
    assert!(
        score.wrong.is_empty(),
        "{} disagree, {} agree:\n{shown}",
        score.wrong.len(),
        score.agreed
    );
    score
}

/// Returns where a request went: where its Host header is the client's, the recording does not
/// tell.
fn target(scenario: &Scenario, sent: &Sent) -> String {
    let api = &scenario.gateway.find(&sent.api).unwrap().api;
    if !api.keeps_host {
        return sent.authority.clone();
    }
    api.target.split('/').nth(2).unwrap().to_owned()
}

fn host_and_port(authority: &str) -> (&str, u16) {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    (host, port.parse().unwrap())
}

fn judge(
    scenario: &str,
    sent: &Sent,
    target: &str,
    routed: &Routed,
    gaps: &[Gap],
    name: fn(&str) -> String,
    score: &mut Score,
) {
    let has_gap = |kind: Kind| gaps.iter().any(|gap| gap.kind == kind && gap.api == sent.api);
    let Some(route) = &routed.route else {
        let is_told =
            [Kind::ClientHost, Kind::UnknownTarget, Kind::RuleOrder].into_iter().any(has_gap);
        if is_told {
            score.told += 1;
        } else {
            score.wrong.push(format!("{scenario}: no route for {sent:?}"));
        }
        return;
    };
    let (host, port) = host_and_port(target);
    let service = Options::default().service(host, port).unwrap();
    let backend = format!("{}:{}", service.host("cluster.local"), service.port);
    let api = name(&sent.api);
    // A VirtualService's route is called like the API, an HTTPRoute after the service and the API;
    // both with the version.
    let own = [format!("tyk-{}-{port}-{api}", service.name), api.clone()];
    let is_named = |route: &str| {
        own.iter().any(|own| {
            route.strip_prefix(own.as_str()).is_some_and(|rest| {
                rest.is_empty()
                    || rest.starts_with('@')
                    || VERSIONS.contains(&rest.trim_start_matches('-'))
            })
        })
    };
    let is_backend = routed.backend.as_deref() == Some(backend.as_str());
    let is_alike = gaps.iter().any(|gap| {
        gap.kind == Kind::Indistinguishable && gap.reason.contains(&format!("`{}", sent.api))
    });
    if is_backend && is_named(route) {
        score.agreed += 1;
    } else if is_backend && is_alike {
        score.alike += 1;
    } else if is_backend && has_gap(Kind::RuleOrder) {
        score.told += 1;
    } else {
        score.wrong.push(format!("{scenario}: {routed:?} for {sent:?}"));
    }
}
