//! Tokens: Envoy's jwt_authn and Attaché, with the same keys.

use crate::differences::Judge;
use crate::draft::{Draft, ODDITIES, SIGNERS};
use crate::pair::{Pairs, issuer, jwt_authn};
use crate::random::Random;
use anyhow::{Result, ensure};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token;
use serde_json::{Value, json};

/// How many tokens, where `ATTACHE_DIFFERENTIAL_TOKENS` says nothing else.
const TOKENS: usize = 2000;

/// What both sides take for the same unless two things are odd at once.
const PAIRS: [[&str; 2]; 2] = [["alg-of-the-family", "no-kid"], ["alg-of-the-family", "kid-empty"]];

/// So many tokens of each pair, since not every algorithm shows it.
const OF_EACH_PAIR: usize = 24;

#[tokio::test]
async fn both_sides_take_and_refuse_the_same_tokens() -> Result<()> {
    let count = std::env::var("ATTACHE_DIFFERENTIAL_TOKENS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(TOKENS);
    let keys = keys()?;
    let document = json!({"issuers": [issuer(&keys)], "audit": {"log": "NONE"}});
    let pairs = Pairs::start(&[(vec![jwt_authn(&keys)], document)]).await?;
    let mut random = Random::new(1);
    let mut judge = Judge::of_tokens()?;
    for number in 0..count + PAIRS.len() * OF_EACH_PAIR {
        let now = token::now();
        let mut draft = Draft::good(&mut random, now);
        // Every oddity in its turn; now and then two at once.
        let mut oddities = vec![ODDITIES[number % ODDITIES.len()]];
        if random.rarely(4) {
            oddities.push(random.one(ODDITIES));
        }
        if let Some(pair) =
            number.checked_sub(count).and_then(|number| PAIRS.get(number / OF_EACH_PAIR))
        {
            oddities = pair.to_vec();
        }
        oddities.iter().for_each(|oddity| draft.tamper(oddity, now));
        let token = draft.token(&mut random)?;
        let headers =
            [("host", "orders.example".to_owned()), ("authorization", format!("Bearer {token}"))];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let verdicts = pairs.ask(0, "GET", "/orders", &headers).await?;
        judge.note(&oddities, &token, &verdicts);
    }
    let [refused, accepted] = judge.agreed;
    println!(
        "{count} tokens: both accept {accepted}, both refuse {refused}, they differ as listed in {}",
        judge.differed
    );
    judge.finish()?;
    ensure!(accepted > 100 && refused > 100, "the tokens were all alike\n{}", pairs.log());
    Ok(())
}

pub(crate) fn keys() -> Result<Value> {
    let mut names: Vec<&str> = SIGNERS.iter().map(|(key, _)| *key).collect();
    names.dedup();
    let keys: Vec<SigningKey> = names.into_iter().map(SigningKey::fixed).collect::<Result<_>>()?;
    jwks(&keys)
}
