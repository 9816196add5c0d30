//! What is told of a configuration that does not refuse what it says.

use attache_plugin_config::{Config, DryRun};

/// Returns that a configuration is a dry run, for answers that are about what it would do in force;
/// `None` where it is in force everywhere.
pub(crate) const fn note(config: &Config) -> Option<&'static str> {
    match config.dry_run {
        DryRun::Nowhere => None,
        DryRun::Everywhere => Some(
            "the configuration is a dry run (`mode: SHADOW`), so nothing of this is enforced until that line is taken away",
        ),
        DryRun::For(_) => Some(
            "the configuration is a dry run for some workloads (`shadowSelectors`), where nothing of this is enforced",
        ),
    }
}
