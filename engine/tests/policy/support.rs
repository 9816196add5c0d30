//! Rules and requests in few words, and the verdict on them.

use attache_engine::policy::View;
use attache_plugin_config::*;
use attache_test_policies::{Ask, Compiled, config, policy};

pub(crate) fn exact(path: &str) -> PathPattern {
    PathPattern::Exact(path.into())
}

pub(crate) fn paths(patterns: &[PathPattern]) -> Vec<Operation> {
    vec![Operation { paths: patterns.to_vec(), ..Operation::default() }]
}

pub(crate) fn when(claim: &str, test: Test) -> Vec<Condition> {
    vec![Condition { claim: ClaimPath::new(vec![claim.into()]).unwrap(), test }]
}

pub(crate) fn is(text: &str) -> Test {
    Test::Equals(Scalar::String(text.into()))
}

pub(crate) fn with(claims: serde_json::Value) -> Ask {
    Ask { claims: Some(claims), ..Ask::get("/") }
}

pub(crate) fn verdict(policies: &[Policy], view: View, ask: &Ask) -> String {
    let compiled = Compiled::new(&config(policies.to_vec()));
    compiled.names(&compiled.say(view, ask).verdict)
}

pub(crate) fn by_rules(rules: Vec<Rule>, ask: &Ask) -> String {
    verdict(&[policy("p", rules)], View::Enforced, ask)
}
