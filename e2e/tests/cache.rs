//! The cache of a worker and what workers tell each other of tokens, on a real Envoy.
//!
//! `ATTACHE_ENVOY` names the version.

#![expect(clippy::arithmetic_side_effects, reason = "counts of a few thousand requests")]

#[cfg(test)]
mod testbed {
    use anyhow::{Result, bail, ensure};
    use attache_e2e::echo::Echo;
    use attache_e2e::envoy::{self, Deadline, Envoy, Sidecar};
    use attache_e2e::http1::{self, Request};
    use attache_test_fixtures::keys::{SigningKey, jwks};
    use attache_test_fixtures::token::{self, TokenSpec};
    use serde_json::{Value, json};
    use tokio::net::TcpStream;
    use tokio::task::JoinSet;

    /// The most that Envoy's memory may grow for each worker, whatever clients send.
    const GROWTH: u64 = 16 * 1024 * 1024;

    /// How many tokens a flood brings, and how long each is, about: without a bound they would be
    /// nearly twice [`GROWTH`], in the VM and once more in shared data.
    const FLOOD: u64 = 4_000;
    const TOKEN_BYTES: usize = 7_000;

    /// Clients that send at the same time.
    const CLIENTS: u64 = 8;

    struct TestBed {
        envoy: Envoy,
        key: SigningKey,
        _service: Echo,
    }

    impl TestBed {
        async fn start(workers: u32, cache: Value) -> Result<Self> {
            let key = SigningKey::fresh_p256("key")?;
            let configuration = json!({
                "issuers": [{"name": "issuer", "issuer": "https://issuer.example", "jwks": jwks([&key])?}],
                "cache": cache,
            });
            let service = Echo::start("orders").await?;
            let sidecar =
                Sidecar { workers, ..Sidecar::before(service.address(), attache_e2e::module()?) };
            let binary = envoy::chosen("1.39.3")?;
            let envoy = Envoy::start(&binary, sidecar, &configuration.to_string(), None).await?;
            Ok(Self { envoy, key, _service: service })
        }

        async fn status(&self, token: &str) -> Result<u16> {
            let headers = [
                ("host".to_owned(), "orders".to_owned()),
                ("authorization".to_owned(), format!("Bearer {token}")),
            ];
            let request = Request { method: "GET", path: "/", headers: &headers, body: b"" };
            Ok(http1::send(TcpStream::connect(self.envoy.address()).await?, &request).await?.status)
        }

        async fn count(&self, name: &str) -> Result<u64> {
            Ok(self.envoy.stats().await?.of_filter().get(name).copied().unwrap_or(0))
        }

        /// Waits until the filter has told of so many tokens, and of all that it did for them:
        /// counters are told of one after the other.
        async fn until_counted(&self, tokens: u64) -> Result<()> {
            let deadline = Deadline::new();
            loop {
                let stats = self.envoy.stats().await?;
                let counts = stats.of_filter();
                let sum =
                    |names: &[&str]| names.iter().filter_map(|name| counts.get(*name)).sum::<u64>();
                let looked_up = sum(&["cache.hits", "cache.misses"]);
                let verified = sum(&["cache.shared", "verify.host", "verify.software"]);
                if looked_up >= tokens && verified >= sum(&["cache.misses"]) {
                    return Ok(());
                }
                if !deadline.wait().await {
                    bail!(
                        "the filter does not count its requests: {counts:?}\n{}",
                        self.envoy.log()
                    );
                }
            }
        }

        /// Sends tokens of these numbers, each of which must be answered with this status.
        async fn flood(&self, key: &SigningKey, first: u64, count: u64, status: u16) -> Result<()> {
            for chunk in 0..count / CLIENTS {
                let mut clients = JoinSet::new();
                for client in 0..CLIENTS {
                    let token = long_token(key, first + chunk * CLIENTS + client)?;
                    let address = self.envoy.address();
                    clients.spawn(async move {
                        let headers = [
                            ("host".to_owned(), "orders".to_owned()),
                            ("authorization".to_owned(), format!("Bearer {token}")),
                        ];
                        let request =
                            Request { method: "GET", path: "/", headers: &headers, body: b"" };
                        http1::send(TcpStream::connect(address).await?, &request).await
                    });
                }
                while let Some(answer) = clients.join_next().await {
                    let answer = answer??;
                    ensure!(answer.status == status, "{} {}", answer.status, answer.text());
                }
            }
            Ok(())
        }
    }

    fn long_token(key: &SigningKey, number: u64) -> Result<String> {
        let placeholders = "x".repeat(TOKEN_BYTES * 3 / 4);
        TokenSpec::with_claims(
            json!({"sub": format!("user-{number}"), "placeholders": placeholders}),
        )
        .mint_with(key, token::now())
    }

    #[tokio::test]
    async fn a_token_that_one_worker_has_verified_is_not_verified_by_another() -> Result<()> {
        let testbed = TestBed::start(2, json!({})).await?;
        let token = TokenSpec::default().mint_with(&testbed.key, token::now())?;
        // The kernel chooses the worker that takes a connection: ask until both have had to look
        // for the token.
        let (mut asked, deadline) = (0, Deadline::new());
        while testbed.count("cache.misses").await? < 2 {
            for _ in 0..16 {
                ensure!(testbed.status(&token).await? == 200);
                asked += 1;
            }
            testbed.until_counted(asked).await?;
            ensure!(deadline.wait().await, "only one worker takes connections");
        }
        let verified =
            testbed.count("verify.host").await? + testbed.count("verify.software").await?;
        ensure!(verified == 1, "two workers checked {verified} signatures of one token");
        ensure!(testbed.count("cache.shared").await? == 1);
        ensure!(testbed.count("cache.hits").await? == asked - 2);
        Ok(())
    }

    #[tokio::test]
    async fn memory_stays_flat_under_tokens_that_never_come_twice() -> Result<()> {
        let testbed = TestBed::start(1, json!({"tokens": 256, "sharedSlots": 256})).await?;
        // Full caches first.
        testbed.flood(&testbed.key, 0, 512, 200).await?;
        let full = testbed.envoy.resident_bytes()?;
        testbed.flood(&testbed.key, 512, FLOOD, 200).await?;
        let growth = testbed.envoy.resident_bytes()?.saturating_sub(full);
        println!("{FLOOD} distinct tokens of {TOKEN_BYTES} bytes: {growth} bytes");
        ensure!(growth <= GROWTH, "{growth} bytes");
        Ok(())
    }

    #[tokio::test]
    async fn a_flood_of_bad_tokens_takes_no_memory_and_no_place_of_a_good_one() -> Result<()> {
        let testbed = TestBed::start(1, json!({"tokens": 256, "sharedSlots": 256})).await?;
        let good = TokenSpec::default().mint_with(&testbed.key, token::now())?;
        ensure!(testbed.status(&good).await? == 200);
        // The same key id, but another key.
        let forger = SigningKey::fresh_p256("key")?;
        testbed.flood(&forger, 0, 512, 401).await?;
        let before = testbed.envoy.resident_bytes()?;
        testbed.flood(&forger, 512, FLOOD, 401).await?;
        let growth = testbed.envoy.resident_bytes()?.saturating_sub(before);
        println!("{FLOOD} bad tokens of {TOKEN_BYTES} bytes: {growth} bytes");
        ensure!(growth <= GROWTH, "{growth} bytes");
        ensure!(testbed.status(&good).await? == 200);
        testbed.until_counted(FLOOD + 512 + 2).await?;
        ensure!(testbed.count("cache.hits").await? == 1, "the good token is still known");
        Ok(())
    }
}
