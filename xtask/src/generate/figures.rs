//! Figures of `docs/performance.json` and `docs/sidecar.json` in the pages that quote them.

use super::sidecar_figures::Sidecar;
use super::{read, replace_between, table};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;

/// What `scripts/bench --json` wrote.
pub(super) const FILE: &str = "docs/performance.json";
pub(super) const SIZING_PAGE: &str = "docs/production.md";
pub(super) const COMPARISON_PAGE: &str = "docs/comparison.md";
pub(super) const PERFORMANCE_PAGE: &str = "docs/performance.md";

const END: &str = "<!-- end of figures -->";
const MIB: f64 = 1024.0 * 1024.0;

/// A run of the measurements, as far as pages quote it.
#[derive(Deserialize)]
struct Measured {
    run: Run,
    costs: Vec<Cost>,
    /// How much memory grows while many different tokens come.
    memory_growth_bytes: Figure,
    /// By how much later a proxy is ready, in milliseconds.
    ready_ms: Figure,
}

#[derive(Deserialize)]
struct Run {
    envoy: String,
    processor: String,
    rounds: u32,
}

/// What a chain adds to a request.
#[derive(Deserialize)]
struct Cost {
    case: String,
    algorithm: String,
    /// In microseconds of CPU time.
    median: f64,
}

#[derive(Deserialize)]
struct Figure {
    median: f64,
}

/// Returns the page that sizes a sidecar.
///
/// # Errors
/// The figures or the page can't be read, lack a case, or have no place for them.
pub(super) fn sizing_page(root: &Path) -> Result<String> {
    let sizing = Measured::read(root)?.sizing(&Sidecar::read(root)?)?;
    replace_between(&read(root, SIZING_PAGE)?, "<!-- figures: sizing -->", END, &sizing)
}

/// Returns the page that compares Attaché with others.
///
/// # Errors
/// As [`sizing_page`].
pub(super) fn comparison_page(root: &Path) -> Result<String> {
    let comparison = Measured::read(root)?.comparison(&Sidecar::read(root)?)?;
    replace_between(&read(root, COMPARISON_PAGE)?, "<!-- figures: comparison -->", END, &comparison)
}

/// Returns the page that tells what was measured.
///
/// # Errors
/// As [`sizing_page`].
pub(super) fn performance_page(root: &Path) -> Result<String> {
    let (measured, sidecar) = (Measured::read(root)?, Sidecar::read(root)?);
    let mesh = sidecar.mesh(measured.costs("attache-cached")?, measured.costs("istio")?)?;
    let page = read(root, PERFORMANCE_PAGE)?;
    let page = replace_between(&page, "<!-- figures: sidecar -->", END, &sidecar.table()?)?;
    replace_between(&page, "<!-- figures: mesh -->", END, &mesh)
}

impl Measured {
    fn read(root: &Path) -> Result<Self> {
        serde_json::from_str(&read(root, FILE)?)
            .with_context(|| format!("`{FILE}` is not what `scripts/bench --json` writes"))
    }

    /// Returns the median cost of a case in microseconds, with RS256 and with ES256.
    fn costs(&self, case: &str) -> Result<[f64; 2]> {
        Ok([self.cost(case, "RS256")?, self.cost(case, "ES256")?])
    }

    fn cost(&self, case: &str, algorithm: &str) -> Result<f64> {
        let mut found =
            self.costs.iter().filter(|cost| cost.case == case && cost.algorithm == algorithm);
        let cost = found
            .next()
            .with_context(|| format!("`{FILE}` has no cost of `{case}` with {algorithm}"))?;
        ensure!(found.next().is_none(), "`{FILE}` has two costs of `{case}` with {algorithm}");
        Ok(cost.median)
    }

    fn sizing(&self, sidecar: &Sidecar) -> Result<String> {
        let mut requests = Vec::new();
        for (what, case) in [
            ("token seen before by this worker", "attache-cached"),
            ("token seen before by another worker", "attache-shared-hit"),
            ("new token", "attache-uncached"),
            ("token seen before, 10,000 rules", "attache-10000-rules"),
            ("refused by a policy", "attache-refused-by-policy"),
            ("refused for a bad signature", "attache-refused-token"),
        ] {
            // A microsecond of each of 1,000 requests a second is a thousandth of a core.
            let [rsa, ecdsa] = self.costs(case)?.map(|microseconds| format!("{microseconds:.0}m"));
            requests.push(vec![what.to_owned(), rsa, ecdsa]);
        }
        let mut memory = sidecar.sizing()?;
        memory.extend([
            (
                "growth of memory while 1,000,000 different tokens come, with the default caches",
                format!("{:.1} MiB a worker", self.memory_growth_bytes.median / MIB),
            ),
            ("the module, on disk and as it is fetched", format!("{} MiB", sidecar.module_size()?)),
        ]);
        let memory: Vec<_> =
            memory.into_iter().map(|(what, figure)| vec![what.to_owned(), figure]).collect();
        Ok(format!(
            "CPU that Attaché adds to a sidecar for each 1,000 requests a second, in thousandths of a core:\n\n{}\n\n{}\n\n{}",
            table(&["request", "RS256", "ES256"], &requests),
            table(&["memory and start", ""], &memory),
            self.source(),
        ))
    }

    fn comparison(&self, sidecar: &Sidecar) -> Result<String> {
        let mut rows = Vec::new();
        for (what, case) in [
            ("Attaché, token seen before", "attache-cached"),
            ("Attaché, new token", "attache-uncached"),
            ("Istio's RequestAuthentication and AuthorizationPolicy (no cache)", "istio"),
            ("Envoy's `jwt_authn` with its cache, and RBAC", "native-cached"),
        ] {
            let [rsa, ecdsa] =
                self.costs(case)?.map(|microseconds| format!("{microseconds:.0} µs"));
            rows.push(vec![what.to_owned(), rsa, ecdsa]);
        }
        Ok(format!(
            "CPU time that each adds to a request, doing the same job in the same Envoy:\n\n{}\n\n\
             The native filters add no module; Attaché's has {} MiB, and makes a sidecar ready {} s later. {}",
            table(&["", "RS256", "ES256"], &rows),
            sidecar.module_size()?,
            self.ready_later(),
            self.source(),
        ))
    }

    /// By how many seconds a sidecar is ready later.
    fn ready_later(&self) -> String {
        format!("{:.1}", self.ready_ms.median / 1000.0)
    }

    fn source(&self) -> String {
        let Run { envoy, processor, rounds } = &self.run;
        format!(
            "From [performance.json](performance.json): {envoy}, {processor}, {rounds} rounds; medians."
        )
    }
}
