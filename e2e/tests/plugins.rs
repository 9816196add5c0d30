//! What a proxy does whose plugin has no good configuration, and one with two plugins, on a real
//! Envoy.
//!
//! `ATTACHE_ENVOY` names the version.

#[cfg(test)]
mod testbed {
    use anyhow::{Result, bail, ensure};
    use attache_e2e::echo::Echo;
    use attache_e2e::envoy::{self, Deadline, Envoy, Overrides, Push, Sidecar};
    use attache_e2e::http1::{self, Request, Response};
    use attache_test_fixtures::keys::{SigningKey, jwks};
    use attache_test_fixtures::token::{self, TokenSpec};
    use serde_json::{Value, json};
    use std::path::Path;
    use tokio::net::TcpStream;

    struct TestBed {
        envoy: Envoy,
        _service: Echo,
    }

    fn good() -> Result<Value> {
        let keys = jwks([&SigningKey::fixed("p256")?])?;
        Ok(
            json!({"issuers": [{"name": "issuer", "issuer": "https://issuer.example", "jwks": keys}]}),
        )
    }

    fn bearer() -> Result<String> {
        TokenSpec::default().mint(token::now())
    }

    impl TestBed {
        async fn start(
            document: &Value,
            failure_policy: &'static str,
            overrides: Overrides,
        ) -> Result<Self> {
            let service = Echo::start("orders").await?;
            let sidecar = Sidecar {
                workers: 2,
                overrides,
                failure_policy,
                ..Sidecar::before(service.address(), attache_e2e::module()?)
            };
            let binary = envoy::chosen("1.39.3")?;
            let envoy = Envoy::start(&binary, sidecar, &document.to_string(), None).await?;
            Ok(Self { envoy, _service: service })
        }

        async fn send(&self, token: Option<&str>) -> Result<Response> {
            let mut headers = vec![("host".to_owned(), "orders".to_owned())];
            headers
                .extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
            let request = Request { method: "GET", path: "/", headers: &headers, body: b"" };
            http1::send(TcpStream::connect(self.envoy.address()).await?, &request).await
        }

        async fn gauge(&self, name: &str) -> Result<Option<u64>> {
            Ok(self.envoy.stats().await?.of_filter().get(name).copied())
        }

        /// Sends good tokens until a gauge has a value; says whether the last one went on.
        async fn send_until(&self, gauge: &str, value: u64) -> Result<bool> {
            let deadline = Deadline::new();
            let token = bearer()?;
            loop {
                let goes_on = self.send(Some(&token)).await?.status == 200;
                if self.gauge(gauge).await? == Some(value) {
                    return Ok(goes_on);
                }
                if !deadline.wait().await {
                    bail!("`{gauge}` is not {value}:\n{}", self.envoy.log());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_proxy_that_starts_with_a_bad_configuration_says_why_it_refuses() -> Result<()> {
        // Also where it says that nothing is to be refused: what can't be read says nothing.
        let bad = json!({"mode": "SHADOW", "issuers": []});
        for failure_policy in ["FAIL_CLOSED", "FAIL_OPEN"] {
            let testbed = TestBed::start(&bad, failure_policy, Overrides::default()).await?;
            ensure!(testbed.envoy.first_configuration_refused().await?, "{}", testbed.envoy.log());
            for token in [None, Some(bearer()?)] {
                let answer = testbed.send(token.as_deref()).await?;
                ensure!(
                    answer.status == 503 && answer.values("retry-after") == ["1"],
                    "{answer:?}"
                );
                ensure!(
                    answer.text().contains(r#""type":"configuration-invalid""#),
                    "{}",
                    answer.text()
                );
            }
            let lines = testbed.envoy.access_log();
            ensure!(
                lines.iter().all(|line| line["reason"] == "configuration-invalid"),
                "{lines:?}"
            );
            let log = testbed.envoy.log();
            ensure!(log.contains("issuers: there is no issuer"), "{log}");
            ensure!(log.contains(r#""reason":"configuration-invalid""#), "{log}");
            ensure!(testbed.gauge("configuration.invalid").await? == Some(1));

            ensure!(
                testbed.envoy.push(&good()?.to_string()).await? == Push::Accepted,
                "{}",
                testbed.envoy.log()
            );
            ensure!(testbed.send_until("configuration.invalid", 0).await?, "a good token goes on");
            if failure_policy == "FAIL_OPEN" {
                // There Envoy takes a plugin that refuses its configuration, and passes it by.
                continue;
            }
            let other = json!({"issuers": {}});
            ensure!(
                testbed.envoy.push(&other.to_string()).await? == Push::Refused,
                "a good one is not given up"
            );
            ensure!(testbed.send(Some(&bearer()?)).await?.status == 200, "it serves on");
            ensure!(testbed.send(None).await?.status == 401);
            ensure!(testbed.gauge("configuration.invalid").await? == Some(0));
            // What Envoy has taken once it does not try again: the good one goes on all the same.
            ensure!(testbed.envoy.push(&bad.to_string()).await? == Push::Accepted);
            ensure!(testbed.send_until("configuration.outdated", 1).await?, "it serves on");
            ensure!(testbed.send(None).await?.status == 401);
            ensure!(testbed.gauge("configuration.invalid").await? == Some(0));
            let log = testbed.envoy.log();
            ensure!(log.contains("the last good one goes on"), "{log}");
            ensure!(testbed.envoy.push(&good()?.to_string()).await? == Push::Accepted);
            ensure!(testbed.send_until("configuration.outdated", 0).await?, "a good token goes on");
        }
        Ok(())
    }

    /// A second plugin of another name, before the one of the harness.
    fn other_plugin(module: &Path) -> Result<Value> {
        Ok(json!({
            "name": "shop.other",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": "shop.other",
                    "failure_policy": "FAIL_CLOSED",
                    "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
                    "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue",
                        "value": good()?.to_string()},
                },
            },
        }))
    }

    #[tokio::test]
    async fn the_second_plugin_of_a_proxy_says_that_it_is() -> Result<()> {
        let filter_before = other_plugin(&attache_e2e::module()?)?;
        let overrides = Overrides { filter_before, ..Overrides::default() };
        let testbed = TestBed::start(&good()?, "FAIL_CLOSED", overrides).await?;
        // The first one takes the token out.
        ensure!(
            !testbed.send_until("plugins.before", 1).await?,
            "a good token gets 401 from the second"
        );
        let log = testbed.envoy.log();
        ensure!(
            log.contains("requests come to `attache` after `shop.other` has judged them"),
            "{log}"
        );
        Ok(())
    }

    #[tokio::test]
    async fn one_plugin_is_never_the_second() -> Result<()> {
        let testbed = TestBed::start(&good()?, "FAIL_CLOSED", Overrides::default()).await?;
        let mut document = good()?;
        let mut sent = 0_u64;
        for tokens in [16, 32, 64, 128] {
            document["cache"] = json!({"tokens": tokens});
            ensure!(
                testbed.envoy.push(&document.to_string()).await? == Push::Accepted,
                "{}",
                testbed.envoy.log()
            );
            // Until a tick of this configuration has told of the requests.
            let deadline = Deadline::new();
            let before = testbed.gauge("requests.allowed").await?.unwrap_or(0);
            while testbed.gauge("requests.allowed").await?.unwrap_or(0) == before {
                ensure!(testbed.send(Some(&bearer()?)).await?.status == 200);
                sent = sent.wrapping_add(1);
                ensure!(deadline.wait().await, "nothing is counted:\n{}", testbed.envoy.log());
            }
        }
        ensure!(testbed.gauge("plugins.before").await? == Some(0), "after {sent} requests");
        ensure!(!testbed.envoy.log().contains("two plugins"), "{}", testbed.envoy.log());
        Ok(())
    }
}
