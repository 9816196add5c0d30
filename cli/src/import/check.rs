//! Whether the filter takes what comes of an import, and where that came from which it refuses.

use super::output::ConfigurationOut;
use super::place::{NO_EQUAL, Notes, Place};
use crate::input::NoVariables;
use attache_config_reader::{Diagnostic, Step};
use attache_engine::Engine;
use attache_engine::host::Workload;

/// Where issuers came from, and policies with each of their rules.
pub(super) struct Origins {
    pub(super) issuers: Vec<Place>,
    pub(super) policies: Vec<(Place, Vec<Place>)>,
}

/// Reads the configuration as the filter does, and notes what is wrong with it where that came
/// from.
pub(super) fn check(configuration: &ConfigurationOut, origins: &Origins, notes: &mut Notes) {
    let Ok(json) = serde_json::to_vec(configuration) else { return };
    let errors: Vec<Diagnostic> = match attache_plugin_config::parse(&json) {
        Err(errors) => errors.into_iter().collect(),
        // No setting that is imported reads a variable.
        Ok(config) => match Engine::new(&config, &Workload::default(), &NoVariables) {
            Ok(_) => return,
            Err(errors) => errors.into_iter().collect(),
        },
    };
    for error in errors {
        let Some(place) = origin(&error, origins) else { continue };
        let message = format!("the configuration that comes of it is refused: {error}");
        notes.add(&NO_EQUAL, place, message);
    }
}

/// Returns where that came from which an error is about.
fn origin<'p>(error: &Diagnostic, origins: &'p Origins) -> Option<&'p Place> {
    let Origins { issuers, policies } = origins;
    let found = match error.path.steps() {
        [Step::Key(list), Step::Index(issuer), ..] if list == "issuers" => issuers.get(*issuer),
        [Step::Key(list), Step::Index(policy), Step::Key(below), Step::Index(rule), ..]
            if list == "policies" && below == "rules" =>
        {
            policies.get(*policy).and_then(|(_, rules)| rules.get(*rule))
        }
        [Step::Key(list), Step::Index(policy), ..] if list == "policies" => {
            policies.get(*policy).map(|(place, _)| place)
        }
        _ => None,
    };
    found.or_else(|| issuers.first()).or_else(|| policies.first().map(|(place, _)| place))
}
