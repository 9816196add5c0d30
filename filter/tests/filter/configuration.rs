//! Good configurations hold, bad ones are refused with all that is wrong with them.

use crate::support::{Verdict, Worker, document, document_with, token};
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{LogLevel, Request, SharedData};
use serde_json::{Value, json};

/// The errors that a document is refused with, where a good one serves.
fn errors(refused: &str) -> Vec<String> {
    let mut host = Host::configured(&document().to_string());
    let document = refused;
    assert!(!host.configure(document), "it is not refused: {document}");
    let lines = host.log().into_iter().filter(|line| line.level == LogLevel::Error);
    lines
        .map(|line| line.text.strip_prefix("attache: configuration: ").unwrap().to_owned())
        .collect()
}

#[test]
fn a_document_that_is_none_is_refused() {
    for document in ["", "{", "[]", "null", "\u{feff}{}", "{} {}"] {
        assert!(!errors(document).is_empty(), "{document}");
    }
}

#[test]
fn every_error_is_logged_on_a_line_with_its_place() {
    let document = document_with(|document| {
        document["issuers"][0]["clockSkew"] = json!("1h");
        document["issuers"][0]["outputClaimToHeaders"][0]["header"] = json!(":path");
        document["policies"][0]["rules"][1]["to"][0]["paths"][1] = json!("/orders/{a}/{a}");
        document["policies"][0]["rules"][2]["name"] = json!("Not A Name");
        document["audit"]["log"] = json!("SOME");
    });
    let errors = errors(&document.to_string());
    for place in [
        "issuers[0].clockSkew: ",
        "issuers[0].outputClaimToHeaders[0].header: ",
        "policies[0].rules[1].to[0].paths[1]: ",
        "policies[0].rules[2].name: ",
        "audit.log: ",
    ] {
        assert_eq!(
            errors.iter().filter(|error| error.starts_with(place)).count(),
            1,
            "{place} {errors:#?}"
        );
    }
    assert_eq!(errors.len(), 5, "{errors:#?}");
}

#[test]
fn what_only_shows_when_keys_are_made_is_an_error_too() {
    let unset = document_with(|document| {
        let issuer = document["issuers"][0].as_object_mut().unwrap();
        issuer.remove("jwks");
        let secret = |env: &str| json!({"env": env, "algorithm": "HS256", "kid": env});
        issuer.insert(
            "secrets".into(),
            json!([secret("ATTACHE_UNSET_A"), secret("ATTACHE_UNSET_B")]),
        );
    });
    let errors = errors(&unset.to_string());
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(
        errors[0].starts_with("issuers[0].secrets[0]")
            && errors[1].starts_with("issuers[0].secrets[1]")
    );
    assert!(errors[0].contains("ATTACHE_UNSET_A"), "{errors:#?}");
}

#[test]
fn a_key_that_is_left_out_is_a_warning_and_the_others_hold() {
    let mut host = Host::new();
    let document = document_with(|document| {
        let keys = document["issuers"][0]["jwks"]["keys"].as_array_mut().unwrap();
        let mut encryption = keys[0].clone();
        encryption["use"] = json!("enc");
        let mut off_curve = keys.iter().find(|key| key["kty"] == "EC").unwrap().clone();
        off_curve["kid"] = json!("off");
        off_curve["y"] = off_curve["x"].clone();
        keys.insert(0, encryption);
        keys.insert(1, off_curve);
    });
    assert!(host.configure(&document.to_string()));
    let lines = host.log().into_iter().filter(|line| line.level == LogLevel::Warn);
    let lines: Vec<String> = lines.map(|line| line.text).collect();
    assert_eq!(
        lines,
        [
            "attache: configuration: issuers[0].jwks.keys[0].use: this key is left out: a key for `enc` cannot verify \
             signatures; `use: sig` is for one that can",
            "attache: configuration: issuers[0].jwks.keys[1]: this key is left out: `x` and `y` are no point on this curve: \
             copy the key again",
        ]
    );
    assert!(Worker::around(host).send(Request::get("/orders").bearer(&token(json!({})))).goes_on);
}

#[test]
fn a_bad_configuration_leaves_the_old_one_in_force() {
    let mut worker = Worker::new();
    let request = Request::get("/orders").bearer(&token(json!({})));
    assert!(worker.send(request.clone()).goes_on);
    assert!(!worker.configure("{"));
    assert!(worker.send(request.clone()).goes_on, "Envoy keeps the old root");
    assert!(!worker.configure_again("{"));
    assert!(worker.send(request).goes_on, "and a root keeps what it had");
}

#[test]
fn a_new_configuration_holds_at_once_and_forgets_what_was_cached() {
    let mut worker = Worker::new();
    let request = Request::get("/orders").bearer(&token(json!({"jti": "t-1"})));
    assert!(worker.send(request.clone()).goes_on);
    let revoking =
        document_with(|document| document["issuers"][0]["revoked"] = json!({"tokenIds": ["t-1"]}))
            .to_string();
    for reconfigure in [Host::configure, Host::configure_again] {
        assert!(reconfigure(&mut worker, &revoking));
        assert_eq!(worker.send(request.clone()).reason().as_deref(), Some("token-revoked"));
        assert!(reconfigure(&mut worker, &document().to_string()));
        assert!(worker.send(request.clone()).goes_on);
    }
}

#[test]
fn nothing_goes_through_before_the_first_configuration() {
    let mut worker = Worker::around(Host::new());
    for content_type in ["text/plain", "application/grpc"] {
        let response = worker.send(Request::get("/healthz").with("content-type", content_type));
        assert_eq!(response.status(), 503);
        assert_eq!(response.reply.unwrap().header("retry-after"), Some("1"));
    }
}

#[test]
fn a_worker_that_never_had_a_good_configuration_says_so_to_everyone() {
    let data = SharedData::default();
    let mut worker = Worker::around(Host::sharing(&data));
    let bearer = || Request::get("/orders").bearer(&token(json!({})));
    for bad in ["{}", "{", "{}"] {
        assert!(worker.configure(bad), "Envoy would answer with an empty 500");
        for request in
            [Request::get("/healthz"), Request::get("/orders/%zz"), bearer(), Request::empty()]
        {
            let response = worker.send(request);
            let reply = response.reply.clone().unwrap();
            assert_eq!(
                (response.status(), response.reason().as_deref()),
                (503, Some("configuration-invalid"))
            );
            assert_eq!(reply.header("retry-after"), Some("1"));
            let body = String::from_utf8(reply.body).unwrap();
            assert!(body.contains(r#""type":"configuration-invalid""#), "{body}");
        }
        let grpc = worker.send(bearer().with("content-type", "application/grpc"));
        assert_eq!(grpc.reply.unwrap().header("grpc-status"), Some("14"));
    }
    let lines = worker.audit();
    assert!(lines.iter().all(|line| line["reason"] == "configuration-invalid"), "{lines:#?}");
    assert_eq!(lines.len(), 15);
    assert_eq!(worker.counter("attache.reasons.configuration-invalid"), 15);
    assert_eq!(worker.gauge("attache.configuration.invalid"), Some(1));

    assert!(worker.configure(&document().to_string()));
    assert!(worker.send(bearer()).goes_on);
    assert_eq!(worker.gauge("attache.configuration.invalid"), Some(0));
    // Envoy tries a configuration in a VM of its own, which knows of the one that serves by shared
    // data.
    drop(worker);
    let mut tried = Host::sharing(&data);
    assert!(!tried.configure("{ }"), "the good one serves on");
    assert!(tried.configure("{}"), "Envoy has taken this one before, and would not ask");
    assert!(tried.request(&bearer()).goes_on, "so the good one goes on");
    assert_eq!(tried.request(&Request::get("/orders")).reason().as_deref(), Some("token-missing"));
    let gauges = |host: &Host| {
        ["invalid", "outdated"].map(|name| host.gauge(&format!("attache.configuration.{name}")))
    };
    assert_eq!(gauges(&tried), [Some(0), Some(1)]);
    assert!(tried.configure(&document().to_string()));
    assert_eq!(gauges(&tried), [Some(0), Some(0)]);
    drop(tried);
    // What is no configuration, such as an older module left there, is not gone on with.
    data.set("attache.good.", b"1", 0).unwrap();
    let mut tried = Worker::around(Host::sharing(&data));
    assert!(tried.configure("{}"));
    assert_eq!(tried.send(bearer()).reason().as_deref(), Some("configuration-invalid"));
    drop(tried);
    let mut other = Host::sharing(&data);
    other.set_property(&["plugin_name"], "shop.other");
    assert!(other.configure("{}"), "another plugin never had one");
}

#[test]
fn the_log_and_two_gauges_say_how_many_policies_apply() {
    let policy =
        |name: &str, app: &str| json!({"name": name, "selector": {"labels": {"app": app}}});
    let with =
        |policies: Value| document_with(|document| document["policies"] = policies).to_string();
    let mut host = Host::new();
    for (path, value) in [
        (["NAMESPACE"].as_slice(), "shop"),
        (&["WORKLOAD_NAME"], "orders"),
        (&["LABELS", "app"], "orders"),
    ] {
        host.set_property(&[&["xds", "node", "metadata"], path].concat(), value);
    }
    let said = |host: &mut Host, level: LogLevel| -> Vec<String> {
        host.take_log()
            .into_iter()
            .filter(|line| line.level == level)
            .map(|line| line.text)
            .collect()
    };
    assert!(host.configure(&with(
        json!([{"name": "mesh"}, policy("own", "orders"), policy("other", "carts")])
    )));
    assert_eq!(
        said(&mut host, LogLevel::Info),
        ["attache: configured: 2 of 3 policies apply to shop/orders"]
    );
    assert_eq!(host.gauge("attache.policies.applying"), Some(2));
    assert_eq!(host.gauge("attache.policies.given"), Some(3));
    for _ in 0..2 {
        assert!(host.configure(&with(json!([policy("own", "ordrs")]))));
        assert_eq!(
            said(&mut host, LogLevel::Warn),
            [
                "attache: configuration: policies: 0 of 1 policies apply to shop/orders, so every request with a valid token is \
              allowed; if that is not meant, mend a `selector` (this workload has the service account `none` and \
              `app: orders`)"
            ]
        );
        assert_eq!(host.gauge("attache.policies.applying"), Some(0));
    }
    assert!(host.configure(&with(json!([]))));
    assert!(said(&mut host, LogLevel::Warn).is_empty(), "no policies: nothing was to apply");
}

#[test]
fn a_document_may_hold_its_numbers_as_a_wasm_plugin_does() {
    let whole = document_with(|document| {
        document["cache"] = json!({"tokens": 16.0, "sharedSlots": 0.0, "maxTokenBytes": 4096.0});
    });
    let mut worker = Worker::with(&whole);
    assert!(worker.send(Request::get("/orders").bearer(&token(json!({})))).goes_on);
}

#[test]
fn without_policies_a_good_token_is_enough() {
    let mut worker = Worker::with(&document_with(|document| {
        document.as_object_mut().map(|document| document.remove("policies"));
    }));
    for path in ["/", "/any//thing/..", "/%ff"] {
        assert!(worker.send(Request::get(path).bearer(&token(json!({})))).goes_on, "{path}");
        assert_eq!(worker.send(Request::get(path)).reason().as_deref(), Some("token-missing"));
    }
}

#[test]
fn an_error_never_repeats_a_secret() {
    let document = document_with(|document| {
        let key: &mut Value = &mut document["issuers"][0]["jwks"]["keys"][0];
        key["d"] = json!("c2VjcmV0LXByaXZhdGUta2V5LW1hdGVyaWFs");
    });
    let errors = errors(&document.to_string());
    assert!(!errors.is_empty());
    assert!(!errors.join("\n").contains("c2VjcmV0"), "{errors:#?}");
}

#[test]
fn issuers_that_write_one_header_are_told_of_in_the_log() {
    let document = document_with(|document| {
        let mut partner = document["issuers"][0].clone();
        partner["name"] = json!("partner");
        partner["issuer"] = json!("https://partner.example");
        partner.as_object_mut().unwrap().remove("outputPayloadToHeader");
        let issuers = document["issuers"].as_array_mut().unwrap();
        issuers.push(partner);
    });
    let mut host = Host::new();
    assert!(host.configure(&document.to_string()), "{:#?}", host.log());
    let warnings: Vec<_> =
        host.log().into_iter().filter(|line| line.level == LogLevel::Warn).collect();
    let place = "attache: configuration: issuers[1].outputClaimToHeaders[0].header: issuer `tyk` writes `x-user` too";
    assert!(warnings.iter().any(|line| line.text.starts_with(place)), "{warnings:#?}");
}
