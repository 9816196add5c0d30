//! The compiled policies say what the obvious reading of the configuration says.

use crate::generated::{asks, documents};
use attache_engine::policy::View;
use attache_plugin_config::{Authentication, Mode};
use attache_test_policies::{Compiled, reference};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_policies_agree_with_the_reference(config in documents(), asks in vec(asks(), 1..16)) {
        let compiled = Compiled::new(&config);
        for ask in &asks {
            for view in View::ALL {
                let (said, expected) = (compiled.say(view, ask), reference::say(&config, view, ask));
                prop_assert_eq!(said, expected, "{:?} of {:?}", view, ask);
            }
        }
    }

    /// What a tool tells of a verdict is what the filter does, and each test that it names has the
    /// outcome that counts.
    #[test]
    fn a_trace_says_what_is_decided(config in documents(), asks in vec(asks(), 1..16)) {
        let compiled = Compiled::new(&config);
        for ask in &asks {
            for view in View::ALL {
                let (said, trace) = (compiled.say(view, ask), compiled.trace(&config, view, ask));
                prop_assert_eq!(trace.authentication, said.authentication, "{:?} of {:?}", view, ask);
                prop_assert_eq!(trace.verdict, said.verdict, "{:?} of {:?}: {:#?}", view, ask, trace.rules);
                let is_for: Vec<u32> =
                    trace.rules.iter().filter(|rule| rule.is_for()).map(|rule| rule.index.0).collect();
                prop_assert_eq!(is_for, said.candidates, "{:?} of {:?}", view, ask);
            }
        }
    }

    /// So many rules share one site that they are found by role and claim.
    #[test]
    fn rules_that_differ_only_in_what_they_ask_of_a_token_agree_too(
        mut config in documents(),
        asks in vec(asks(), 1..16),
    ) {
        for rule in config.policies.iter_mut().flat_map(|policy| &mut policy.rules) {
            (rule.to, rule.from) = (Vec::new(), Vec::new());
            if rule.authentication == Authentication::None {
                rule.authentication = Authentication::Required;
            }
        }
        let compiled = Compiled::new(&config);
        for ask in &asks {
            for view in View::ALL {
                let (said, expected) = (compiled.say(view, ask), reference::say(&config, view, ask));
                prop_assert_eq!(said, expected, "{:?} of {:?}", view, ask);
            }
        }
    }

    #[test]
    fn without_shadow_both_views_agree(mut config in documents(), asks in vec(asks(), 1..8)) {
        for policy in &mut config.policies {
            policy.mode = Mode::Enforce;
            policy.rules.iter_mut().for_each(|rule| rule.mode = Mode::Enforce);
        }
        let compiled = Compiled::new(&config);
        prop_assert!(!compiled.policies.has_shadow());
        for ask in &asks {
            prop_assert_eq!(compiled.say(View::Enforced, ask), compiled.say(View::WithShadow, ask));
        }
    }

    #[test]
    fn what_is_in_shadow_changes_nothing_that_is_enforced(config in documents(), asks in vec(asks(), 1..8)) {
        let mut enforced = config.clone();
        enforced.policies.retain(|policy| policy.mode == Mode::Enforce);
        for policy in &mut enforced.policies {
            policy.rules.retain(|rule| rule.mode == Mode::Enforce);
        }
        let (whole, enforced) = (Compiled::new(&config), Compiled::new(&enforced));
        prop_assert_eq!(whole.policies.uses_paths(View::Enforced), enforced.policies.uses_paths(View::Enforced));
        for ask in &asks {
            let (with, without) = (whole.say(View::Enforced, ask), enforced.say(View::Enforced, ask));
            prop_assert_eq!(with.authentication, without.authentication);
            prop_assert_eq!(whole.names(&with.verdict), enforced.names(&without.verdict));
        }
    }
}
