//! What is worked out, held against the engine.

mod generated;
mod module;
mod requests;

use super::{Analysis, AnalysisError, Region, Scope, Side};
use crate::input::NoVariables;
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_plugin_config::{
    Action, Authentication, Config, Mode, Name, PathEquality, Policy, Rule, Selector, parse,
};
use fastrand::Rng;
use generated::Draft;
use serde_json::{Value, json};

/// The numbers of the configurations that are made: so many, or as many as the environment says.
/// The long form has 100,000, and is for a build that is optimised.
fn seeds(usually: u64) -> std::ops::Range<u64> {
    let count =
        std::env::var("ATTACHE_SYMBOLIC_CONFIGURATIONS").ok().and_then(|text| text.parse().ok());
    0..count.unwrap_or(usually)
}

fn side(config: &Config, scopes: &[&Scope]) -> Side {
    Side::new(config, &Workload::default(), &NoVariables, View::Enforced, scopes).unwrap()
}

/// A rule of a document, with what makes it a scope.
fn scope(document: &Value, draft: &mut Draft<'_>) -> Option<Scope> {
    let mut rule = draft.rule(0);
    for key in ["action", "authentication", "mode"] {
        rule.as_object_mut()?.remove(key);
    }
    let mut whole = document.clone();
    whole["policies"] = json!([{"name": "p", "rules": [rule]}]);
    let config = parse(whole.to_string().as_bytes()).ok()?;
    let rule = config.policies.into_iter().next()?.rules.into_iter().next()?;
    let token = if rule.roles.any_of.is_empty() && draft.rarely(3) {
        Some(draft.random.bool())
    } else {
        None
    };
    Some(Scope { rule, paths: PathEquality::default(), token })
}

/// A side that lets exactly the requests of a scope through.
fn only(config: &Config, scope: &Scope) -> Side {
    let rule = Rule { authentication: Authentication::Optional, ..scope.rule.clone() };
    let policy = Policy {
        name: Name::new("p").unwrap(),
        selector: Selector::default(),
        default_action: Action::Deny,
        mode: Mode::Enforce,
        paths: scope.paths,
        rules: vec![rule],
    };
    side(&Config { policies: vec![policy], ..config.clone() }, &[])
}

#[test]
fn what_differs_is_found_and_differs() {
    let (mut different, mut found, mut unanswered) = (0_u64, 0, 0_u64);
    for seed in seeds(100) {
        let mut random = Rng::with_seed(seed);
        let mut draft = Draft { random: &mut random, compares: seed % 2 == 0 };
        let (document, old) = draft.config();
        let (changed, new) =
            if draft.rarely(2) { draft.config() } else { draft.changed(&document) };
        let sides = [side(&old, &[]), side(&new, &[])];
        let answer = Analysis::new(&sides, &[]).and_then(|mut analysis| {
            let is_exact = analysis.limits().is_empty();
            Ok((is_exact, analysis.differences()?))
        });
        let (is_exact, differences) = match answer {
            Ok(answer) => answer,
            Err(AnalysisError::TooComplex(error)) => {
                println!("{seed}: {error}");
                unanswered += 1;
                continue;
            }
            Err(error) => panic!("{seed}: {error}\n{document}\n{changed}"),
        };
        found += differences.len();
        different += u64::from(!differences.is_empty());
        let says = |allowed: bool| {
            differences.iter().any(|difference| difference.new.is_allowed() == allowed)
        };
        for _ in 0..400 {
            let request = requests::request(&mut random);
            let outcomes = [0, 1].map(|number| request.outcome(number, &sides[number]));
            let [Some(before), Some(after)] = outcomes else { continue };
            if before.is_allowed() == after.is_allowed()
                || is_outside(&request, &before, &after, &sides)
            {
                continue;
            }
            assert!(
                says(after.is_allowed()) || !is_exact,
                "{seed}: {request:?}\n{before:?}\n{after:?}\n{document}\n{changed}"
            );
        }
    }
    println!("{different} pairs differ, {found} requests");
    assert!(different * 5 > seeds(100).end, "they were all alike: {different}");
    assert!(unanswered * 1000 <= seeds(100).end, "too many are too complex: {unanswered}");
}

/// Whether the analysis does not speak of a request: its token is not good on both sides, or its
/// roles can't be read.
fn is_outside(
    request: &super::witness::Witness,
    before: &super::Outcome,
    after: &super::Outcome,
    sides: &[Side],
) -> bool {
    let is_bad = |reason: Option<&str>| {
        reason.is_some_and(|reason| {
            !["rule-denied", "role-missing", "no-rule-matched", "token-missing"].contains(&reason)
        })
    };
    if is_bad(before.reason) || is_bad(after.reason) {
        return true;
    }
    let Some(token) = &request.token else { return false };
    // Rules that let nobody in without a token say what is wrong with it.
    sides.iter().enumerate().any(|(number, side)| {
        let strict = Config { policies: Vec::new(), ..side.config.clone() };
        let strict = self::side(&strict, &[]);
        let is_refused =
            request.outcome(number, &strict).is_none_or(|outcome| !outcome.is_allowed());
        is_refused || has_unread_roles(token, number, side)
    })
}

fn has_unread_roles(token: &super::witness::WitnessToken, number: usize, side: &Side) -> bool {
    let Some((claims, issuer)) = token.whole(number, side) else { return true };
    let Ok(claims) = attache_engine::claims::Claims::from_json(claims) else { return true };
    side.role_table().read(&claims, &issuer.role_claims).is_incomplete()
}

#[test]
fn what_a_region_allows_is_found_and_allowed() {
    let (mut counts, mut unanswered) = ([0_u64; 2], 0_u64);
    for seed in seeds(100) {
        let mut random = Rng::with_seed(seed ^ 0x5eed);
        let mut draft = Draft { random: &mut random, compares: seed % 2 == 0 };
        let (document, config) = draft.config();
        let Some(within) = scope(&document, &mut draft) else { continue };
        let unless = if draft.rarely(3) { scope(&document, &mut draft) } else { None };
        let region = Region { scope: within, unless };
        let scopes: Vec<&Scope> = region.scopes().collect();
        let sides = [side(&config, &scopes)];
        let mut analysis = match Analysis::new(&sides, &scopes) {
            Ok(analysis) => analysis,
            Err(error) => {
                println!("{seed}: {error}");
                unanswered += 1;
                continue;
            }
        };
        let is_exact = analysis.limits().is_empty();
        let insides: Vec<Side> = scopes.iter().map(|scope| only(&config, scope)).collect();
        let is_inside = |request: &super::witness::Witness| {
            let is_in = |scope: &Scope, side: &Side| {
                scope.token.is_none_or(|token| token == request.token.is_some())
                    && request.outcome(0, side).is_some_and(|outcome| outcome.is_allowed())
            };
            let mut all = scopes.iter().zip(&insides).map(|(scope, side)| is_in(scope, side));
            all.next().unwrap() && !all.next().unwrap_or(false)
        };
        for allowed in [true, false] {
            let found = match analysis.find(&region, allowed) {
                Ok(found) => found,
                Err(AnalysisError::TooComplex(error)) => {
                    println!("{seed}: {error}");
                    unanswered += 1;
                    continue;
                }
                Err(error) => panic!("{seed}: {error}\n{document}"),
            };
            if let Some(found) = &found {
                assert!(
                    is_inside(&found.witness),
                    "{seed}: {:?}\n{region:?}\n{document}",
                    found.witness
                );
                assert_eq!(found.outcome.is_allowed(), allowed);
                continue;
            }
            counts[usize::from(allowed)] += 1;
            for _ in 0..400 {
                let request = requests::request(&mut random);
                let Some(outcome) = request.outcome(0, &sides[0]) else { continue };
                let is_counterexample = outcome.is_allowed() == allowed
                    && is_inside(&request)
                    && !is_outside(&request, &outcome, &outcome, &sides);
                assert!(
                    !is_counterexample || !is_exact,
                    "{seed}: {request:?}\n{outcome:?}\n{region:?}\n{document}"
                );
            }
        }
    }
    println!("{counts:?} regions have no request that is refused, or allowed");
    assert!(counts.iter().all(|count| *count * 50 > seeds(100).end), "{counts:?}");
    assert!(unanswered * 1000 <= seeds(100).end, "too many are too complex: {unanswered}");
}

/// `realm` of the first issuer may be a text, though the second keeps its roles in it.
#[test]
fn where_another_issuer_keeps_its_roles_a_claim_may_be_anything() {
    let issuer = |name: &str, roles: &str| {
        json!({"name": name, "issuer": format!("https://{name}.test"), "jwksUri": "https://keys.test/keys",
            "roleClaims": [{"claim": roles}]})
    };
    let document = |when: Value| {
        json!({"issuers": [issuer("one", "roles"), issuer("two", "realm.roles")],
            "policies": [{"name": "p", "rules": [{"name": "r", "roles": {"anyOf": ["reader"]}, "when": when}]}]})
    };
    let config = |when| parse(document(when).to_string().as_bytes()).unwrap();
    let asked = config(json!([{"claim": "realm", "equals": "eu"}]));
    let rule = asked.policies[0].rules[0].clone();
    let region =
        Region { scope: Scope { rule, paths: PathEquality::default(), token: None }, unless: None };
    let scopes: Vec<&Scope> = region.scopes().collect();
    let open = config(json!([{"claim": "realm", "notEquals": "us"}]));
    let sides = [side(&open, &scopes)];
    let found = Analysis::new(&sides, &scopes).unwrap().find(&region, true).unwrap();
    let token = found.expect("a request with a token of the first issuer").witness.token.unwrap();
    assert_eq!((token.issuer_name.as_str(), &token.claims["realm"]), ("one", &json!("eu")));
}

/// Returns a configuration with one issuer and these rules.
fn of_rules(rules: &Value) -> Config {
    let document = json!({"issuers": [{"name": "i", "issuer": "i", "jwksUri": "https://keys.test/keys"}],
        "policies": [{"name": "p", "rules": rules}]});
    parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Returns the claims of a request that the first rule is for and that is allowed.
fn allowed_claims(config: &Config) -> Option<serde_json::Map<String, Value>> {
    let rule = config.policies[0].rules[0].clone();
    let region =
        Region { scope: Scope { rule, paths: PathEquality::default(), token: None }, unless: None };
    let scopes: Vec<&Scope> = region.scopes().collect();
    let sides = [side(config, &scopes)];
    let found = Analysis::new(&sides, &scopes).unwrap().find(&region, true).unwrap();
    found.map(|found| found.witness.token.unwrap().claims)
}

/// A claim that is compared with segments, too, knows its elements in another order.
#[test]
fn the_same_list_is_written_in_one_order() {
    let when = json!([{"claim": "one", "equalsPath": "id"}, {"claim": "other", "contains": "a"},
        {"claim": "one", "equalsClaim": "other"}]);
    let rule = json!({"name": "r", "to": [{"paths": ["/{id}"], "notPaths": ["/a"]}], "when": when});
    let claims =
        allowed_claims(&of_rules(&json!([rule]))).expect("a request with the same two lists");
    assert!(claims["one"] == claims["other"] && claims["one"].is_array(), "{claims:?}");
}

/// 5 is written as the text that is not wanted.
#[test]
fn below_a_bound_there_are_more_numbers_than_one() {
    let when = json!([{"claim": "level", "lessThan": 6}, {"claim": "level", "notEquals": "5"}]);
    let claims = allowed_claims(&of_rules(&json!([{"name": "low", "when": when}])));
    let level = claims.expect("a request with another number")["level"].as_f64().unwrap();
    assert!(level < 6.0 && level != 5.0, "{level}");
}
