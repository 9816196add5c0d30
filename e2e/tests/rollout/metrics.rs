//! What the filter counts comes through Istio's `stats_tags` as it is.

use crate::testbed::{TestBed, issuers, token};
use anyhow::{Result, ensure};
use serde_json::json;

/// Names that Istio's patterns would find something in, did the filter write them as they are.
const HOSTILE: [&str; 6] = [
    "cache.a.b",
    "shadow_denied",
    "rbac.allowed",
    "component.x.y",
    "x_rq_2xx",
    "istio_dry_run_allow_x",
];

#[tokio::test]
async fn no_metric_of_the_filter_loses_a_part_of_its_name() -> Result<()> {
    let rule = |(index, name)| json!({"name": name, "to": [{"paths": [format!("/{index}")]}]});
    let rules: Vec<_> = HOSTILE.iter().enumerate().map(rule).collect();
    let policies: Vec<_> =
        HOSTILE.iter().map(|name| json!({"name": name, "rules": rules})).collect();
    // A policy of each name, and a rule of each in each; the first policy's rules decide.
    for (first, issuer) in HOSTILE.iter().enumerate() {
        let mut policies = policies.clone();
        policies.rotate_left(first);
        let mut issuers = issuers()?;
        issuers[0]["name"] = json!(issuer);
        let document = json!({"mode": "SHADOW", "issuers": issuers, "policies": policies});
        let testbed = TestBed::start(&document.to_string()).await?;
        let token = token("a reader's")?;
        for index in 0..HOSTILE.len() {
            testbed.send(&format!("GET /{index}"), token.as_deref()).await?;
        }
        testbed.until("requests_allowed", u64::try_from(HOSTILE.len())?).await?;
        let series = testbed.scrape().await?;
        let decided = series.keys().filter(|name| name.starts_with("rules_")).count();
        ensure!(decided == HOSTILE.len(), "{series:#?}");
        for name in series.keys() {
            ensure!(!name.contains('{'), "Istio's patterns make a label of a part of `{name}`");
        }
        let known = testbed.envoy.stats().await?;
        let shown = |name: &str| {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            series.contains_key(&name.chars().map(plain).collect::<String>())
        };
        let lost: Vec<_> = known.of_filter().into_keys().filter(|name| !shown(name)).collect();
        ensure!(lost.is_empty(), "Prometheus does not get {lost:?}");
    }
    Ok(())
}
