//! Alerts and dashboard name metrics that the issuer really has.

use attache_issuer::config::Config;
use attache_issuer::metrics::{Metrics, Reload};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The names of all samples, each kind having counted something.
fn samples() -> BTreeSet<String> {
    let metrics = Metrics::new();
    metrics.answered("orders", "minted", Duration::from_millis(1));
    metrics.add_leaked(1);
    metrics.event();
    metrics.reloaded(Reload::Taken);
    metrics.keys(1, "kid");
    metrics.set_cached(1);
    (metrics.text().lines())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .map(str::to_owned)
        .collect()
}

/// Words of a text that begin as the issuer's metrics do.
fn named(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("attache_issuer_"))
        .collect()
}

#[test]
fn every_metric_of_the_issuer_that_is_watched_is_one_that_it_has() {
    let samples = samples();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../istio/monitoring/issuer");
    for file in ["alerts.yaml", "dashboard.json"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let names = named(&text);
        assert!(names.len() >= 4, "{file}: {names:?}");
        for name in names {
            assert!(
                samples.contains(name),
                "{file} watches `{name}`, but the issuer has only {samples:#?}"
            );
        }
    }
}

/// Else an alert would not see the first rise: it compares with what was there before.
#[test]
fn every_outcome_that_an_alert_reads_is_there_before_it_first_counts() {
    let config = Config::parse(
        r#"
grpc: {listen: "unix:///s"}
mint: {issuer: https://t, keys: {folder: /k}}
providers: [{name: p, issuer: i, tokenEndpoint: "https://kc/t", clientId: c, clientSecret: {env: A}}]
apis: [{id: a, audiences: [m]}, {id: b, mode: EXCHANGE, provider: p, audiences: [m]}]
"#,
    );
    let metrics = Metrics::new();
    metrics.expect_apis(&config.unwrap().apis);
    let text = metrics.text();
    let alerts =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../istio/monitoring/issuer/alerts.yaml");
    let alerts = std::fs::read_to_string(alerts).unwrap();
    let mut outcomes = 0;
    for line in alerts.lines().filter(|line| line.contains("attache_issuer_")) {
        let Some((_, rest)) = line.split_once("outcome=~\"") else { continue };
        for outcome in rest.split('"').next().unwrap_or_default().split('|') {
            outcomes += 1;
            let series = format!("outcome=\"{outcome}\"}} 0");
            assert!(text.contains(&series), "{outcome} is not there\n{text}");
        }
    }
    assert!(outcomes > 10, "{outcomes}");
}
