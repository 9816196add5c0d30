//! For programs. Keys are added and never change their meaning.

use super::comparison::{Change, Comparison};
use super::setting::texts;
use serde_json::{Value, json as value};

/// Tells what differs between two versions.
pub(crate) fn json(comparison: &Comparison<'_>) -> Value {
    let Comparison { old, new, changes, settings, limits } = comparison;
    let told = |change: &Change| {
        let difference = &change.difference;
        value!({
            "workloads": change.workloads,
            "request": difference.witness.json(&new.config),
            "others": {
                "methods": difference.others.methods,
                "anyUnnamedMethod": difference.others.any_method,
                "paths": difference.others.paths,
                "morePaths": difference.others.more_paths,
            },
            "before": difference.old.json(old.configuration, &old.config),
            "now": difference.new.json(new.configuration, &new.config),
        })
    };
    let those = |allowed: bool| -> Value {
        changes.iter().filter(|it| it.is_allowed_now() == allowed).map(told).collect()
    };
    value!({
        "old": old.configuration.to_string(),
        "new": new.configuration.to_string(),
        "allowed": those(true),
        "refused": those(false),
        "notCompared": settings.iter().map(|it| &it.text).collect::<Vec<_>>(),
        "mayAllow": texts(settings, true),
        "notFollowed": limits,
    })
}
