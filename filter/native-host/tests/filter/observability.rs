//! Alerts, dashboard and telemetry name what the filter really has.

use attache_e2e::{repository, yaml};
use attache_engine::Reason;
use attache_engine::remote::FetchOutcome;
use regex_lite::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

fn all<'t>(pattern: &str, text: &'t str) -> BTreeSet<&'t str> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect()
}

/// Alerts and dashboard as one text.
fn watched() -> String {
    text("istio/monitoring/alerts.yaml") + &text("istio/monitoring/dashboard.json").replace("\\\"", "\"")
}

/// What the filter's sources define, as Prometheus shows it; what has a variable end is there as a family.
fn defined() -> BTreeSet<String> {
    let sources: String = ["metrics.rs", "keys.rs", "keys/source.rs", "keys/room.rs"]
        .map(|file| text(&format!("filter/src/{file}")))
        .concat();
    let whole = all(r#""attache\.([a-z_.]+)[".]"#, &sources);
    let parts = all(r#"\("([a-z]+\.[a-z_]+)", &self\."#, &sources);
    let families = all(r#""attache\.([a-z_.]+?)\.\{"#, &sources);
    assert!(parts.len() > 5 && families.len() > 3, "{parts:?} {families:?}");
    (whole.into_iter().chain(parts).chain(families))
        .map(|name| format!("attache_{}", name.trim_end_matches('.').replace('.', "_")))
        .collect()
}

#[test]
fn every_metric_of_the_filter_that_is_watched_is_one_that_it_has() {
    let watched = watched();
    let mut known = defined();
    known.insert("attache_configurations_refused".to_owned());
    let names = all(r"\b(attache_[a-z_]+)\{", &watched);
    let names: Vec<_> = names.into_iter().filter(|name| !name.starts_with("attache_issuer_")).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(known.contains(name), "`{name}` is watched, but the filter has only {known:#?}");
    }
}

#[test]
fn every_reason_and_outcome_that_is_watched_is_a_word_of_the_engine() {
    let watched = watched();
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str().replace('-', "_")).collect();
    let outcomes: Vec<_> = FetchOutcome::ALL.iter().map(|outcome| outcome.as_str().to_owned()).collect();
    for (pattern, words) in [
        (r#"attache_reasons\{[^}]*reason=~?"([^"]+)""#, reasons),
        (r#"attache_keys_fetches\{[^}]*outcome!?=?~?"([^"]+)""#, outcomes),
    ] {
        let values = all(pattern, &watched);
        assert!(!values.is_empty(), "{pattern}");
        for word in values.iter().flat_map(|value| value.split('|')) {
            assert!(words.iter().any(|known| known == word), "`{word}` is none of {words:?}");
        }
    }
}

#[test]
fn access_log_and_traces_name_filter_states_that_the_filter_sets() {
    let source = text("filter/src/filter_state.rs");
    let known = all(r#"= "(attache\.[a-z_]+)""#, &source);
    for (path, least) in [
        ("istio/mesh-config.yaml", 4),
        ("istio/components/telemetry/telemetry.yaml", 2),
        ("istio/components/trace-reasons/kustomization.yaml", 4),
    ] {
        let manifest = text(path);
        let named = all(r"wasm\.(attache\.[a-z_]+)", &manifest);
        assert!(named.len() >= least, "{path}: {named:?}");
        for name in named {
            assert!(known.contains(name), "{path} names `{name}`, but the filter sets only {known:?}");
        }
    }
    // The access log leaves out nothing that there is to know.
    assert_eq!(all(r"wasm\.(attache\.[a-z_]+)", &text("istio/mesh-config.yaml")), known);
}

/// Applies relabelings as Prometheus does: anchored, one after the other. No label: the series is dropped.
fn relabel(name: &str, rules: &[Value]) -> Vec<(String, String)> {
    let mut labels = vec![("__name__".to_owned(), name.to_owned())];
    for rule in rules {
        let source = rule["sourceLabels"][0].as_str().unwrap();
        let value =
            labels.iter().find(|(label, _)| label == source).map_or("", |(_, value)| value).to_owned();
        let found = Regex::new(&format!("^(?:{})$", rule["regex"].as_str().unwrap())).unwrap();
        match (rule["action"].as_str().unwrap_or("replace"), found.captures(&value)) {
            ("keep", Some(_)) | ("replace", None) => {}
            ("keep", None) => return Vec::new(),
            ("replace", Some(captures)) => {
                let target = rule["targetLabel"].as_str().unwrap();
                let mut value = String::new();
                captures.expand(rule["replacement"].as_str().unwrap_or("$1"), &mut value);
                labels.retain(|(label, _)| label != target);
                labels.push((target.to_owned(), value));
            }
            (action, _) => panic!("`{action}` is not played here"),
        }
    }
    labels.sort();
    labels
}

#[test]
fn what_stands_in_a_name_becomes_a_label() {
    let monitors = text("istio/monitoring/pod-monitor.yaml");
    let path = std::env::temp_dir().join(format!("attache-pod-monitor-{}.yaml", std::process::id()));
    std::fs::write(&path, monitors.split("\n---").next().unwrap()).unwrap();
    let monitor = yaml::read(&path);
    std::fs::remove_file(&path).unwrap();
    let monitor = monitor.unwrap();
    let rules = monitor["spec"]["podMetricsEndpoints"][0]["metricRelabelings"].as_array().unwrap();
    let played = |name: &str| {
        let labels = relabel(name, rules);
        labels.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(" ")
    };
    for (name, expected) in [
        ("attache_requests_allowed", "__name__=attache_requests_allowed"),
        ("attache_reasons_token_missing", "__name__=attache_reasons reason=token_missing"),
        ("attache_rules_orders_read", "__name__=attache_rules rule=orders_read"),
        ("attache_keys_fetches_not_modified", "__name__=attache_keys_fetches outcome=not_modified"),
        ("attache_keys_age_seconds_tyk", "__name__=attache_keys_age_seconds issuer=tyk"),
        ("istio_agent_wasm_remote_fetch_count", "__name__=istio_agent_wasm_remote_fetch_count"),
        (
            "envoy_extension_config_discovery_http_filter_extensions_istio_io_wasmplugin_shop_attache_config_fail",
            "__name__=attache_configurations_refused",
        ),
    ] {
        assert_eq!(played(name), expected, "{name}");
    }
    assert_eq!(played("istio_requests_total"), "");
}

#[test]
fn the_dashboard_is_whole() {
    let dashboard: Value = serde_json::from_str(&text("istio/monitoring/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut taken: Vec<(u64, u64, u64, u64)> = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is not its own");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is beyond the grid");
        for &(left, top, width, height) in &taken {
            let apart = x + w <= left || left + width <= x || y + h <= top || top + height <= y;
            assert!(apart, "{title} lies over another panel");
        }
        taken.push((x, y, w, h));
        if panel["type"] != "row" {
            let targets = panel["targets"].as_array().unwrap();
            assert!(
                !targets.is_empty() && targets.iter().all(|target| target["expr"].is_string()),
                "{title}"
            );
        }
    }
    let variables: Vec<_> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    let used = dashboard["panels"].to_string();
    for name in all(r"\$\{?([a-z]+)\}?", &used) {
        assert!(variables.contains(&name), "`${name}` is no variable");
    }
}
