//! Policies and requests in few words, what the engine says of them, and a [`mod@reference`] that
//! says the same in a slow and obvious way. The engine's tests and its fuzz targets compare the
//! two.
//!
//! ```
//! use attache_engine::policy::View;
//! use attache_test_policies::{Ask, Compiled, allow, config, policy};
//!
//! let compiled = Compiled::new(&config(vec![policy("shop", vec![allow("all")])]));
//! let said = compiled.say(View::Enforced, &Ask::get("/orders"));
//! assert_eq!(compiled.names(&said.verdict), "allow: shop/all");
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what tests share fails as a test does"
)]

mod ask;
mod compiled;
mod concluded;
pub mod reference;

pub use ask::Ask;
pub use compiled::{Compiled, Said};
pub use concluded::{Conclusion, concluded};

use attache_plugin_config::*;

/// Returns a configuration of these policies, without issuers.
pub fn config(policies: Vec<Policy>) -> Config {
    Config { policies, ..Config::default() }
}

/// Returns an enforced policy for every workload, which denies what no rule allows.
pub fn policy(name: &str, rules: Vec<Rule>) -> Policy {
    Policy {
        name: Name::new(name).unwrap(),
        selector: Selector::default(),
        default_action: Action::Deny,
        mode: Mode::Enforce,
        paths: PathEquality::default(),
        rules,
    }
}

/// Returns a rule that allows every request with a token.
pub fn allow(name: &str) -> Rule {
    Rule {
        name: Name::new(name).unwrap(),
        action: Action::Allow,
        mode: Mode::Enforce,
        authentication: Authentication::Required,
        on_keys_unavailable: None,
        to: Vec::new(),
        from: Vec::new(),
        roles: RoleRequirement::default(),
        when: Vec::new(),
    }
}

/// Returns a rule that denies every request.
pub fn deny(name: &str) -> Rule {
    Rule { action: Action::Deny, ..allow(name) }
}
