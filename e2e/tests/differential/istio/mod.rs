//! Policies of Istio before Envoy's own filters, as istiod sets them up, and the configuration that
//! `attache import istio` makes of the same policies: it lets nothing through that Istio refuses,
//! and where it refuses more, it said so before.

mod generate;
mod pilot;

use crate::pair::Pairs;
use crate::random::Random;
use anyhow::{Context, Result, bail, ensure};
use attache_cli::{IstioImport, import_istio};
use attache_e2e::http1::Request;
use attache_e2e::yaml;
use attache_test_fixtures::keys::{SigningKey, jwks};
use generate::Words;
use serde_json::Value;

/// How many sets of policies, where `ATTACHE_DIFFERENTIAL_ISTIO` says nothing else, and requests to
/// each.
const SETS: usize = 16;
const REQUESTS: usize = 48;
/// So many sets share an Envoy: each is a VM of its own in it.
const BATCH: usize = 16;

/// Policies, and what comes of them.
struct Set {
    authentication: Value,
    policies: Vec<Value>,
    accepts_wider: bool,
    import: IstioImport,
}

/// What was seen.
#[derive(Debug, Default)]
struct Tally {
    both_allow: usize,
    both_refuse: usize,
    /// Attaché refuses what Istio allows, as the import said.
    narrower: usize,
    /// Attaché allows what Istio refuses, as the import said that was asked to accept it.
    wider: usize,
    /// Sets of which the import said nothing, so that all verdicts were the same.
    exact: usize,
    /// Sets that the import refused.
    refused: usize,
}

impl Set {
    fn new(random: &mut Random, jwks: &str) -> Self {
        let words = if random.rarely(3) { Words::Exact } else { Words::All };
        let authentication = generate::authentication(random, jwks, words);
        let policies = generate::policies(random, words);
        let accepts_wider = random.rarely(3);
        let documents: Vec<String> =
            [&authentication].into_iter().chain(&policies).map(ToString::to_string).collect();
        let import = import_istio(&documents.join("\n---\n"), accepts_wider);
        Self { authentication, policies, accepts_wider, import }
    }

    fn says(&self, rule: &str) -> bool {
        self.import.findings.iter().any(|(found, _)| *found == rule)
    }

    fn told(&self) -> String {
        let policies: Vec<String> =
            self.policies.iter().map(|policy| policy["spec"].to_string()).collect();
        format!(
            "{}\n{}\n{:#?}\n{}",
            self.authentication["spec"],
            policies.join("\n"),
            self.import.findings,
            self.import.configuration.as_deref().unwrap_or_default()
        )
    }
}

#[tokio::test]
async fn what_is_imported_has_envoys_own_verdicts() -> Result<()> {
    let count = std::env::var("ATTACHE_DIFFERENTIAL_ISTIO").ok().and_then(|text| text.parse().ok());
    let count = count.unwrap_or(SETS);
    let keys = jwks(&[SigningKey::fixed("p256")?])?.to_string();
    let mut random = Random::new(3);
    let (mut tally, mut complaints) = (Tally::default(), Vec::new());
    let mut left = count;
    while left > 0 {
        let mut sets = Vec::new();
        while sets.len() < BATCH.min(left) {
            let set = Set::new(&mut random, &keys);
            if set.import.configuration.is_some() {
                sets.push(set);
            } else {
                ensure!(set.says("no-equal"), "refused without a reason:\n{}", set.told());
                tally.refused += 1;
            }
        }
        left -= sets.len();
        compare(&sets, &mut random, &mut tally, &mut complaints).await?;
    }
    println!("{count} sets of policies, {REQUESTS} requests to each: {tally:?}");
    ensure!(
        complaints.is_empty(),
        "{} complaints; the first:\n{}",
        complaints.len(),
        complaints[0]
    );
    ensure!(tally.exact * 8 >= count, "too few sets had an exact equal: {tally:?}");
    let all = count * REQUESTS;
    ensure!(tally.both_allow * 12 >= all && tally.both_refuse * 12 >= all, "all alike: {tally:?}");
    Ok(())
}

async fn compare(
    sets: &[Set],
    random: &mut Random,
    tally: &mut Tally,
    complaints: &mut Vec<String>,
) -> Result<()> {
    let mut pairs = Vec::new();
    for set in sets {
        let native = pilot::filters(std::slice::from_ref(&set.authentication), &set.policies);
        let mut document = yaml::parse(set.import.configuration.as_deref().context("none")?)?;
        // The workload's namespace and labels are those that the selectors name; this Envoy has
        // none.
        for policy in document["policies"].as_array_mut().into_iter().flatten() {
            _ = policy.as_object_mut().and_then(|policy| policy.remove("selector"));
        }
        pairs.push((native, document));
    }
    let envoy = Pairs::start_as_sidecars(&pairs).await?;
    for (index, set) in sets.iter().enumerate() {
        tally.exact += usize::from(!set.says("narrower") && !set.says("wider"));
        for _ in 0..REQUESTS {
            let draft = generate::request(random, &set.authentication)?;
            let request = Request {
                method: &draft.method,
                path: &draft.path,
                headers: &draft.headers,
                body: &[],
            };
            let [native, attache] = envoy
                .ask_as(index, draft.caller, &request)
                .await
                .with_context(|| format!("{draft:?}"))?;
            let complaint = match (native.allowed, attache.allowed) {
                (true, true) => {
                    tally.both_allow += 1;
                    continue;
                }
                (false, false) => {
                    tally.both_refuse += 1;
                    continue;
                }
                (true, false) if set.says("narrower") || !draft.is_plain => {
                    tally.narrower += 1;
                    continue;
                }
                (false, true) if set.accepts_wider && set.says("wider") && !draft.is_plain => {
                    tally.wider += 1;
                    continue;
                }
                (true, false) => "Attaché refuses, which nobody said",
                (false, true) => "Attaché allows",
            };
            complaints.push(format!(
                "{complaint}: {draft:?}\n  Envoy: {}\n  Attaché: {}\n{}",
                native.said,
                attache.said,
                set.told()
            ));
        }
    }
    if sets.is_empty() { bail!("no set of policies\n{}", envoy.log()) } else { Ok(()) }
}
