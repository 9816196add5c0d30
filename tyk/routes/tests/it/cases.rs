//! What goes wrong for those who write routes by hand, case by case, on the gateways of the corpus.

use crate::corpus::{Scenario, scenarios};
use attache_tyk_routes::Settings;
use attache_tyk_routes::definition::Document;
use attache_tyk_routes::drift::{DriftKind, Guard, Routes, Sample, Side, compare};
use attache_tyk_routes::gap::Kind;
use attache_tyk_routes::gateway::Gateway;
use attache_tyk_routes::mesh::Mesh;
use attache_tyk_routes::render::{Options, Rendered, Service, http_routes, policies};
use serde_json::{Value, json};

fn scenario(name: &str) -> Scenario {
    scenarios().into_iter().find(|scenario| scenario.name == name).unwrap()
}

/// Returns the routes of a service: their names and paths, in their order.
fn routes(scenario: &Scenario, service: &str) -> Vec<String> {
    let host = format!("{service}.svc.cluster.local");
    let resources = scenario.virtual_services().resources;
    let found = resources.iter().find(|resource| resource["spec"]["hosts"][0] == host.as_str());
    let found = found.unwrap_or_else(|| panic!("no routes for {host}"));
    let of = |route: &Value| {
        let matches = route["match"].as_array().unwrap().iter();
        let paths =
            matches.map(|matched| matched["uri"].as_object().unwrap().iter().next().unwrap());
        let paths: Vec<String> =
            paths.map(|(kind, path)| format!("{kind} {}", path.as_str().unwrap())).collect();
        format!("{}: {}", route["name"].as_str().unwrap(), paths.join(", "))
    };
    found["spec"]["http"].as_array().unwrap().iter().map(of).collect()
}

fn has_gap(scenario: &Scenario, kind: Kind, api: &str) -> bool {
    scenario.virtual_services().gaps.iter().any(|gap| gap.kind == kind && gap.api == api)
}

/// Returns the paths of an API's HTTPRoute.
fn http_paths(rendered: &Rendered, name: &str) -> Vec<String> {
    let found = rendered.resources.iter().find(|resource| resource["metadata"]["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}"));
    let rules = found["spec"]["rules"].as_array().unwrap().iter();
    let matches = rules.flat_map(|rule| rule["matches"].as_array().unwrap());
    matches
        .map(|matched| {
            format!(
                "{} {}",
                matched["path"]["type"].as_str().unwrap(),
                matched["path"]["value"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn case_1_a_listen_path_is_a_prefix_of_characters_unless_routes_are_strict() {
    let prefix = scenario("prefix");
    assert_eq!(routes(&prefix, "letters.shop"), ["foobar: prefix /foobar", "foo: prefix /foo"]);
    // `PathPrefix` would leave /foobar out.
    assert_eq!(
        http_paths(&prefix.http_routes(), "tyk-letters-8080-foo"),
        ["RegularExpression /foo.*"]
    );
    let strict = scenario("strict");
    let listed = routes(&strict, "letters.shop");
    assert!(listed.contains(&"foo: exact /foo, prefix /foo/".to_owned()), "{listed:?}");
    assert_eq!(http_paths(&strict.http_routes(), "tyk-letters-8080-foo"), ["PathPrefix /foo"]);
}

#[test]
fn case_2_the_longest_is_asked_first_and_two_at_one_path_are_moved() {
    let order: Vec<String> =
        scenario("order").gateway.served().iter().map(|served| served.api.id.clone()).collect();
    assert_eq!(
        order,
        ["long-word", "abc", "ab", "digits", "param", "a", "digits-stripped", "numbers"]
    );
    let domains: Vec<String> =
        scenario("domains").gateway.served().iter().map(|served| served.api.id.clone()).collect();
    assert_eq!(domains, ["off", "shop-api", "tenant", "shop", "anywhere", "open"]);
    let collision = scenario("collision");
    let moved: Vec<&str> =
        collision.gateway.served().iter().map(|served| served.listen.text()).collect();
    assert_eq!(moved, ["/same/other/", "/same/-first", "/same/-second", "/same/-third"]);
    assert!(["first", "second", "third"].iter().all(|api| has_gap(
        &collision,
        Kind::ListenPathTaken,
        api
    )));
}

#[test]
fn case_3_the_path_that_arrives_is_stripped_and_stands_after_the_target_s() {
    let paths = scenario("paths");
    assert_eq!(
        routes(&paths, "deep.shop"),
        ["deep-kept: prefix /c/kept/, prefix /c/deep-kept/", "deep: exact /a/b, prefix /a/b/"]
    );
    assert_eq!(routes(&paths, "bare.shop"), ["bare: prefix /"]);
    let rendered = policies(&paths.gateway, &paths.mesh, &Options::default());
    let text = rendered.resources[0].to_string();
    assert!(text.contains("/a/b/*") && !text.contains("\"/deep/"), "{text}");
}

#[test]
fn case_4_routes_are_for_the_host_that_arrives() {
    let hosts = scenario("hosts");
    assert_eq!(routes(&hosts, "plain.tyk"), ["plain: prefix /"]);
    assert!(
        has_gap(&hosts, Kind::ClientHost, "kept")
            && has_gap(&hosts, Kind::ClientHost, "kept-domain")
    );
    assert!(
        has_gap(&hosts, Kind::UnknownTarget, "address")
            && has_gap(&hosts, Kind::UnknownTarget, "outside")
    );
    let named: Vec<Value> = hosts
        .virtual_services()
        .resources
        .iter()
        .map(|resource| resource["spec"]["hosts"][0].clone())
        .collect();
    assert!(named.contains(&json!("kd.example.com")), "{named:?}");
    // Who says which service it is gets the route.
    let service = Service { name: "partner".into(), namespace: "shop".into(), port: 80 };
    let mut options = Options::default();
    options.destinations.insert("api.partner.example.com".into(), service);
    let rendered = attache_tyk_routes::render::virtual_services(&hosts.mesh, &options);
    assert!(!rendered.gaps.iter().any(|gap| gap.api == "outside"));
    assert!(
        rendered
            .resources
            .iter()
            .any(|resource| resource["spec"]["hosts"][0] == "api.partner.example.com")
    );
}

#[test]
fn case_5_versions_are_told_where_the_mesh_can_tell_them() {
    let versions = scenario("versions");
    assert_eq!(routes(&versions, "header-two.shop"), ["by-header@v2: exact /two, prefix /two/"]);
    assert!(routes(&versions, "path-two.shop").iter().any(|route| route.contains("prefix /x/")));
    let families = scenario("families");
    assert_eq!(routes(&families, "base-two.shop"), ["base-v2: exact /two, prefix /two/"]);
    let resources = families.virtual_services().resources;
    let base = resources
        .iter()
        .find(|resource| resource["spec"]["hosts"][0] == "base.shop.svc.cluster.local")
        .unwrap();
    let first = &base["spec"]["http"][0];
    assert_eq!(
        (&first["name"], &first["match"][0]["headers"]["x-version"]["exact"]),
        (&json!("base-v3"), &json!("v3"))
    );
    let is_alike = |api| has_gap(&families, Kind::Indistinguishable, api);
    assert!(is_alike("base") || is_alike("base-v3"));
}

#[test]
fn case_6_what_no_client_or_no_service_sees_has_no_route_and_is_listed() {
    let loops = scenario("loops");
    for (kind, api) in [
        (Kind::Internal, "never"),
        (Kind::Loop, "alias"),
        (Kind::Loop, "gone"),
        (Kind::AnsweredByGateway, "mocked"),
        (Kind::AnsweredByGateway, "oas-mocked"),
        (Kind::Internal, "mocked"),
    ] {
        assert!(has_gap(&loops, kind, api), "{} {api}", kind.name());
    }
    let hosts = loops.virtual_services().resources;
    assert!(
        !hosts
            .iter()
            .any(|resource| resource["spec"]["hosts"][0].as_str().unwrap().starts_with("never."))
    );
    assert!(routes(&loops, "inner.shop").iter().all(|route| route.starts_with("inner: ")));
}

#[test]
fn case_7_parameters_switches_rewrites_targets_and_tags() {
    let order = scenario("order");
    assert!(
        routes(&order, "numbers.shop")
            .contains(&"digits: regex /n/(?:[0-9]+)/.*, prefix /digits/".to_owned()),
        "{:?}",
        routes(&order, "numbers.shop")
    );
    let whole = scenario("endpoints-whole");
    assert!(
        routes(&whole, "rewritten.shop").iter().any(|route| route.contains("regex /r/new/.*/x"))
    );
    assert_eq!(routes(&whole, "else.shop"), ["rewritten: exact /e/place"]);
    let rendered = policies(&whole.gateway, &whole.mesh, &Options::default());
    let allowed = rendered.resources[0].to_string();
    assert!(allowed.contains("/a/items/{*}"), "{allowed}");
    // Without the switches an endpoint matches anywhere, which no rule says.
    let loose = scenario("endpoints");
    let rendered = policies(&loose.gateway, &loose.mesh, &Options::default());
    assert!(rendered.gaps.iter().any(|gap| gap.kind == Kind::PolicyPath && gap.api == "allowed"));
    let targets = scenario("targets");
    for (service, path) in
        [("one.shop", "exact /1, prefix /1/"), ("two.shop", "prefix /"), ("three.shop", "prefix /")]
    {
        assert_eq!(routes(&targets, service), [format!("turns: {path}")]);
    }
    let apis = targets.gateway.served().iter().map(|served| served.api.clone()).collect();
    let settings = Settings { segment: Some(vec!["edge".to_owned()]), ..Settings::default() };
    let gateway = Gateway::new(apis, settings);
    let served: Vec<&str> = gateway.served().iter().map(|served| served.api.id.as_str()).collect();
    assert_eq!(served, ["tagged"]);
    assert!(
        gateway.gaps().iter().any(|gap| gap.kind == Kind::NotServed && gap.api == "oas-tagged")
    );
}

/// Says of no path whether it is guarded.
struct Silent;

impl Guard for Silent {
    fn is_empty(&self) -> bool {
        false
    }

    fn samples(&self, _: &Service, _: &[String]) -> Vec<Sample> {
        Vec::new()
    }

    fn lets_in(&self, _: &Service, _: &str, _: &[&Sample]) -> Option<Vec<bool>> {
        None
    }
}

/// What was written is what is looked for: no route is missing, none is too many, none comes too
/// late.
#[test]
fn routes_that_are_written_are_found_again() {
    let options = Options::default();
    for scenario in scenarios() {
        for rendered in [scenario.virtual_services(), scenario.http_routes()] {
            let documents: Vec<Document> = rendered
                .resources
                .iter()
                .map(|value| Document { value: value.clone(), is_named: false })
                .collect();
            let routes = Routes::read(&documents, &options);
            let untold = |api: &str| {
                rendered.gaps.iter().any(|gap| {
                    matches!(
                        gap.kind,
                        Kind::UnknownTarget | Kind::ClientHost | Kind::Indistinguishable
                    ) && format!("`{}`", gap.api) == api
                })
            };
            for drift in
                compare(&scenario.gateway, &scenario.mesh, &routes, &Silent, &options).drifts
            {
                let api = drift.problem.split(' ').next().unwrap();
                let is_of_definition =
                    drift.side == Side::Definition && drift.kind != DriftKind::NotRouted;
                // One of two that are alike never has its turn.
                let is_alike = drift.kind == DriftKind::Shadowed
                    && rendered.gaps.iter().any(|gap| gap.kind == Kind::Indistinguishable);
                assert!(
                    is_of_definition || is_alike || untold(api),
                    "{}: {drift:?}",
                    scenario.name
                );
            }
        }
    }
}

#[test]
fn drift_is_found_in_both_directions() {
    let scenario = scenario("prefix");
    let service = |routes: Value| {
        let value = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": "letters", "namespace": "shop"}, "spec": {"hosts": ["letters"], "http": routes}
        });
        let routes = Routes::read(&[Document { value, is_named: false }], &Options::default());
        let options = Options::default();
        let drifts = compare(&scenario.gateway, &scenario.mesh, &routes, &Silent, &options).drifts;
        let of_letters = drifts.into_iter().filter(|drift| drift.problem.contains("letters"));
        of_letters.map(|drift| drift.kind).collect::<Vec<_>>()
    };
    let to = json!([{"destination": {"host": "letters"}}]);
    let route = |prefix: &str| json!({"match": [{"uri": {"prefix": prefix}}], "route": to});
    assert!(service(json!([route("/foo")])).is_empty());
    // Segments only: /foobar is left out.
    let segments =
        json!({"match": [{"uri": {"exact": "/foo"}}, {"uri": {"prefix": "/foo/"}}], "route": to});
    assert_eq!(service(json!([segments])), [DriftKind::NotRouted, DriftKind::NotRouted]);
    assert_eq!(service(json!([route("/foo"), route("/old/")])), [DriftKind::NotExposed]);
    assert_eq!(service(json!([route("/foo"), route("/foobar")])), [DriftKind::Shadowed]);
}

/// The Gateway API asks by kind and length: where that is not Tyk's order, it is told.
#[test]
fn an_order_that_http_routes_can_t_have_is_told() {
    let scenario = scenario("order");
    let mesh: &Mesh = &scenario.mesh;
    let rendered = http_routes(mesh, &Options::default());
    let told = rendered.gaps.iter().filter(|gap| gap.kind == Kind::RuleOrder).count();
    let is_ordered = http_paths(&rendered, "tyk-same-8080-abc")
        .iter()
        .all(|path| path.starts_with("RegularExpression"));
    assert!(told > 0 || is_ordered);
}
