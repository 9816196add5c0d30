//! Figures of `docs/sidecar.json`: what a sidecar pays for having the module, whether a request
//! comes or not.

use super::{read, table};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What `scripts/bench --sidecar --json` wrote.
pub(super) const FILE: &str = "docs/sidecar.json";

const MIB: f64 = 1024.0 * 1024.0;

/// What is told of each figure, in this order.
const ROWS: [(&str, &str); 9] = [
    ("module_bytes", "the module"),
    ("sidecar_memory_bytes", "memory beyond a tiny module"),
    ("sidecar_memory_peak_bytes", "the same, the most that was ever held"),
    ("sidecar_memory_4_workers_bytes", "the same, with four workers"),
    ("sidecar_memory_over_none_bytes", "memory beyond an Envoy without Wasm"),
    ("sidecar_memory_change_bytes", "memory after a change of configuration, beyond before"),
    ("ready_cpu_ms", "CPU until it is ready"),
    ("ready_cpu_30_ms", "the same, with 30 listeners that load the plugin"),
    ("ready_200m_ms", "time until it is ready with 200m of CPU"),
];

/// A run of the measurements.
#[derive(Deserialize)]
pub(super) struct Sidecar {
    run: Run,
    #[serde(flatten)]
    figures: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Run {
    envoy: String,
    processor: String,
}

#[derive(Deserialize)]
struct Figure {
    median: f64,
    low: f64,
    high: f64,
    limit: Option<f64>,
    met: Option<bool>,
}

impl Sidecar {
    /// Reads the figures.
    ///
    /// # Errors
    /// There are none, or they are not what `scripts/bench` writes.
    pub(super) fn read(root: &Path) -> Result<Self> {
        serde_json::from_str(&read(root, FILE)?).with_context(|| {
            format!("`{FILE}` is not what `scripts/bench --sidecar --json` writes")
        })
    }

    fn figure(&self, name: &str) -> Result<Figure> {
        let found = self.figures.get(name).with_context(|| format!("`{FILE}` has no `{name}`"))?;
        serde_json::from_value(found.clone())
            .with_context(|| format!("`{FILE}` has no median of `{name}`"))
    }

    fn median(&self, name: &str) -> Result<f64> {
        Ok(self.figure(name)?.median)
    }

    /// Returns the size of the module, in MiB.
    pub(super) fn module_size(&self) -> Result<String> {
        Ok(format!("{:.1}", self.median("module_bytes")? / MIB))
    }

    /// Returns the table of all figures, with their limits.
    pub(super) fn table(&self) -> Result<String> {
        let mut rows = Vec::new();
        for (name, what) in ROWS {
            let figure = self.figure(name)?;
            let of = |value: f64| readable(name, value);
            let spread = match figure.low < figure.high {
                true => format!("{} ({}–{})", of(figure.median), of(figure.low), of(figure.high)),
                false => of(figure.median),
            };
            let met = match figure.met {
                Some(true) => "met",
                Some(false) => "not met",
                None => "",
            };
            let limit = figure.limit.map(of).unwrap_or_default();
            rows.push(vec![format!("`{name}`"), what.to_owned(), spread, limit, met.to_owned()]);
        }
        let head = ["figure", "", "median (quartiles)", "limit", ""];
        Ok(format!("{}\n\n{}", table(&head, &rows), self.source()))
    }

    /// Returns the rows of the page that sizes a sidecar: what, and how much.
    pub(super) fn sizing(&self) -> Result<Vec<(&'static str, String)>> {
        let mib =
            |name: &str| Ok::<_, anyhow::Error>(format!("{:.0} MiB", self.median(name)? / MIB));
        let seconds =
            |name: &str| Ok::<_, anyhow::Error>(format!("{:.1} s", self.median(name)? / 1000.0));
        Ok(vec![
            (
                "memory beyond a sidecar without Wasm, with one worker or four",
                mib("sidecar_memory_over_none_bytes")?,
            ),
            ("CPU until it is ready, of one core", seconds("ready_cpu_ms")?),
            ("the time that takes with 200m of CPU", seconds("ready_200m_ms")?),
        ])
    }

    /// Returns what a thousand sidecars hold and use, given what a request costs with a token seen
    /// before and in Istio's own chain, in microseconds.
    pub(super) fn mesh(&self, cached: [f64; 2], istio: [f64; 2]) -> Result<String> {
        const PODS: f64 = 1000.0;
        let over_none = self.median("sidecar_memory_over_none_bytes")?;
        let of_v8 = over_none - self.median("sidecar_memory_bytes")?;
        let gib = |bytes: f64| format!("{:.0} GiB", bytes * PODS / MIB / 1024.0);
        // Of 100 requests a second and sidecar.
        let cores = |microseconds: f64| format!("{:.1}", microseconds * PODS * 100.0 / 1e6);
        let pair = |costs: [f64; 2]| {
            format!("{} cores (RS256), {} (ES256)", cores(costs[0]), cores(costs[1]))
        };
        let minutes = self.median("ready_cpu_ms")? * PODS / 60_000.0;
        let rows = [
            (
                "memory, idle or not",
                format!("{}, of which {} are V8's own", gib(over_none), gib(of_v8)),
            ),
            (
                "CPU to start all of them once, as in a rollout",
                format!("{minutes:.0} minutes of one core"),
            ),
            ("CPU at 100 requests a second each, tokens seen before", pair(cached)),
            ("the same with Istio's own chain, in its place", pair(istio)),
        ];
        Ok(table(
            &["1,000 sidecars", ""],
            &rows.map(|(what, figure)| vec![what.to_owned(), figure]),
        ))
    }

    fn source(&self) -> String {
        let Run { envoy, processor } = &self.run;
        format!("From [sidecar.json](sidecar.json): {envoy}, one worker, {processor}.")
    }
}

/// Writes bytes in MiB but for the module's, which are few, and milliseconds as they are.
fn readable(name: &str, value: f64) -> String {
    match name {
        "module_bytes" => format!("{:.0} kB", value / 1000.0),
        _ if name.ends_with("_bytes") => format!("{:.1} MiB", value / MIB),
        _ => format!("{value:.0} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sidecar() -> Sidecar {
        let mut run = json!({"run": {"envoy": "Envoy 1", "processor": "a processor"}});
        for (name, _) in ROWS {
            run[name] = json!({"title": "", "median": 2.0 * MIB, "low": MIB, "high": 3.0 * MIB});
        }
        run["sidecar_memory_bytes"]["limit"] = json!(MIB);
        run["sidecar_memory_bytes"]["met"] = json!(false);
        run["sidecar_memory_over_none_bytes"]["median"] = json!(3.0 * MIB);
        run["ready_cpu_ms"] = json!({"title": "", "median": 1200.0, "low": 1200.0, "high": 1200.0});
        serde_json::from_value(run).unwrap()
    }

    #[test]
    fn a_row_tells_median_quartiles_and_limit() {
        let table = sidecar().table().unwrap();
        let row = "| `sidecar_memory_bytes` | memory beyond a tiny module | 2.0 MiB (1.0 MiB–3.0 MiB) | 1.0 MiB | not met |";
        assert!(table.contains(row), "{table}");
        assert!(
            table.contains("| `ready_cpu_ms` | CPU until it is ready | 1200 ms | | |"),
            "{table}"
        );
    }

    #[test]
    fn a_mesh_is_a_thousand_sidecars() {
        let mesh = sidecar().mesh([10.0, 20.0], [50.0, 90.0]).unwrap();
        assert!(mesh.contains("| 3 GiB, of which 1 GiB are V8's own |"), "{mesh}");
        assert!(mesh.contains("| 20 minutes of one core |"), "{mesh}");
        assert!(mesh.contains("| 1.0 cores (RS256), 2.0 (ES256) |"), "{mesh}");
    }
}
