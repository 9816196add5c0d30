//! Alerts, dashboard and telemetry name what the filter really has.

use attache_e2e::envoy::STATS_TAGS;
use attache_e2e::{page, repository, yaml};
use attache_engine::Reason;
use attache_engine::remote::FetchOutcome;
use regex_lite::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

fn all<'t>(pattern: &str, text: &'t str) -> BTreeSet<&'t str> {
    Regex::new(pattern)
        .unwrap()
        .captures_iter(text)
        .map(|found| found.get(1).unwrap().as_str())
        .collect()
}

/// Alerts and dashboard as one text.
fn watched() -> String {
    text("istio/monitoring/filter/alerts.yaml")
        + &text("istio/monitoring/filter/dashboard.json").replace("\\\"", "\"")
}

/// The sources that define metrics.
fn sources() -> String {
    let mut found = String::new();
    for folder in ["filter/src", "filter/src/keys"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let source =
                if path.is_file() { std::fs::read_to_string(path).unwrap() } else { String::new() };
            if source.contains("define_gauge") || source.contains("define_counter") {
                found.push_str(&source);
            }
        }
    }
    found
}

/// What the filter's sources define, as Prometheus shows it; what has a variable end is there as a
/// family.
fn defined() -> BTreeSet<String> {
    let sources = sources();
    let whole = all(r#""attache\.([a-z_.]+)[".]"#, &sources);
    let parts = all(r#"\("([a-z]+\.[a-z_]+)", &self\."#, &sources);
    let families = all(r#""attache\.([a-z_.]+?)\.[{"]"#, &sources);
    assert!(parts.len() > 5 && families.len() > 3, "{parts:?} {families:?}");
    (whole.into_iter().chain(parts).chain(families))
        .map(|name| format!("attache_{}", name.trim_end_matches('.').replace('.', "_")))
        .collect()
}

/// Every metric that the filter's sources name goes through Istio's own patterns untouched. What a
/// user names stands behind them; `e2e/tests/rollout/metrics.rs` has a real Envoy take those that
/// are meant to do harm.
#[test]
fn no_metric_is_cut_by_istios_patterns() {
    let sources = sources();
    let mut names = all(r#""attache\.([a-z_.]+)"#, &sources);
    names.extend(all(r#"\("([a-z]+\.[a-z_]+)", &self\."#, &sources));
    assert!(names.len() > 15, "{names:?}");
    let words = Reason::ALL.iter().map(|reason| reason.as_str());
    let words: Vec<_> =
        words.chain(FetchOutcome::ALL.iter().map(|outcome| outcome.as_str())).collect();
    let whole = names.iter().flat_map(|name| {
        let ends: &[&str] = if name.ends_with('.') { &words } else { &[""] };
        ends.iter().map(move |end| format!("wasmcustom.attache.{name}{end}"))
    });
    // This one looks ahead, which no Rust library does; it wants `listener` at the beginning.
    let patterns = STATS_TAGS.iter().filter(|(_, pattern)| !pattern.starts_with("^listener(?="));
    let patterns: Vec<_> = patterns.map(|(_, pattern)| Regex::new(pattern).unwrap()).collect();
    assert!(
        patterns
            .iter()
            .any(|pattern| pattern.is_match("wasmcustom.attache.requests.shadow_denied"))
    );
    for name in whole {
        let cut: Vec<_> = patterns.iter().filter(|pattern| pattern.is_match(&name)).collect();
        assert!(cut.is_empty(), "`{name}` is cut by {cut:?}");
    }
}

#[test]
fn every_metric_of_the_filter_that_is_watched_is_one_that_it_has() {
    let watched = watched();
    let mut known = defined();
    known.insert("attache_configurations_refused".to_owned());
    let names = all(r"\b(attache_[a-z_]+)\{", &watched);
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(known.contains(name), "`{name}` is watched, but the filter has only {known:#?}");
    }
}

#[test]
fn every_reason_and_outcome_that_is_watched_is_a_word_of_the_engine() {
    let watched = watched();
    let reasons: Vec<_> =
        Reason::ALL.iter().map(|reason| reason.as_str().replace('-', "_")).collect();
    let outcomes: Vec<_> =
        FetchOutcome::ALL.iter().map(|outcome| outcome.as_str().to_owned()).collect();
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
            assert!(
                known.contains(name),
                "{path} names `{name}`, but the filter sets only {known:?}"
            );
        }
    }
    // The access log leaves out nothing that there is to know.
    assert_eq!(all(r"wasm\.(attache\.[a-z_]+)", &text("istio/mesh-config.yaml")), known);
}

/// Applies relabelings as Prometheus does: anchored, one after the other. No label: the series is
/// dropped.
fn relabel(name: &str, rules: &[Value]) -> Vec<(String, String)> {
    let mut labels = vec![("__name__".to_owned(), name.to_owned())];
    for rule in rules {
        let source = rule["sourceLabels"][0].as_str().unwrap();
        let value = labels
            .iter()
            .find(|(label, _)| label == source)
            .map_or("", |(_, value)| value)
            .to_owned();
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
    let monitor =
        yaml::read(&repository().join("istio/monitoring/filter/pod-monitor.yaml")).unwrap();
    let rules = monitor["spec"]["podMetricsEndpoints"][0]["metricRelabelings"].as_array().unwrap();
    let played = |name: &str| {
        let labels = relabel(name, rules);
        labels.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(" ")
    };
    for (name, expected) in [
        ("attache_requests_allowed", "__name__=attache_requests_allowed"),
        ("attache_reasons_token_missing", "__name__=attache_reasons reason=token_missing"),
        (
            "attache_would_be_denied_role_missing",
            "__name__=attache_would_be_denied reason=role_missing",
        ),
        ("attache_requests_would_be_denied", "__name__=attache_requests_would_be_denied"),
        ("attache_rules_orders_read", "__name__=attache_rules rule=orders_read"),
        ("attache_keys_fetches_not_modified", "__name__=attache_keys_fetches outcome=not_modified"),
        ("attache_keys_age_seconds_tyk", "__name__=attache_keys_age_seconds issuer=tyk"),
        ("istio_agent_wasm_remote_fetch_count", "__name__=istio_agent_wasm_remote_fetch_count"),
        (
            "envoy_extension_config_discovery_http_filter_extensions_istio_io_wasmplugin_shop_attache_config_fail",
            "__name__=attache_configurations_refused cause=config_fail plugin=attache",
        ),
        // As overlays/workload names the plugin.
        (
            "envoy_extension_config_discovery_http_filter_extensions_istio_io_wasmplugin_shop_attache_orders_update_rejected",
            "__name__=attache_configurations_refused cause=update_rejected plugin=attache_orders",
        ),
    ] {
        assert_eq!(played(name), expected, "{name}");
    }
    assert_eq!(played("istio_requests_total"), "");
    let other = "envoy_extension_config_discovery_http_filter_extensions_istio_io_wasmplugin_shop_other_config_fail";
    assert_eq!(played(other), "");
}

#[test]
fn the_dashboards_are_whole() {
    for half in ["filter", "issuer"] {
        is_whole(
            &serde_json::from_str(&text(&format!("istio/monitoring/{half}/dashboard.json")))
                .unwrap(),
        );
    }
}

/// An expression as Grafana sends it, with everything chosen.
fn filled_in(expression: &str) -> String {
    let all =
        [("$namespace", ".*"), ("$app", ".*"), ("$__rate_interval", "5m"), ("$__range", "1h")];
    all.iter().fold(expression.to_owned(), |text, (variable, value)| text.replace(variable, value))
}

/// What promtool plays is what stands in the dashboard: the panels, and the menus' choices as the
/// labels of their series.
#[test]
fn the_expressions_that_promtool_plays_are_the_dashboards() {
    let dashboard: Value =
        serde_json::from_str(&text("istio/monitoring/filter/dashboard.json")).unwrap();
    let mut known = BTreeSet::new();
    let targets = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    known.extend(targets.flatten().map(|target| filled_in(target["expr"].as_str().unwrap())));
    let menus = dashboard["templating"]["list"].as_array().unwrap().iter();
    for query in menus.filter_map(|menu| menu["query"]["query"].as_str()) {
        let (series, label) =
            query.strip_prefix("label_values(").unwrap().rsplit_once(", ").unwrap();
        known.insert(format!("count by ({}) ({})", label.trim_end_matches(')'), filled_in(series)));
    }
    let guide = page::blocks(&page::read("docs/production.md").unwrap());
    known.extend(
        guide
            .into_iter()
            .filter(|block| block.language == "promql")
            .map(|block| block.text.trim().to_owned()),
    );
    let played = yaml::read(&repository().join("e2e/go/promtool/panels-test.yaml")).unwrap();
    let tests = played["tests"].as_array().unwrap().iter();
    let expressions: Vec<_> = tests
        .filter_map(|test| test["promql_expr_test"].as_array())
        .flatten()
        .map(|test| test["expr"].as_str().unwrap().to_owned())
        .collect();
    assert!(expressions.len() >= 6, "{expressions:?}");
    for expression in expressions {
        assert!(
            known.contains(&expression),
            "no panel, menu or guide has `{expression}`: {known:#?}"
        );
    }
}

fn is_whole(dashboard: &Value) {
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut taken: Vec<(u64, u64, u64, u64)> = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is not its own");
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
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
