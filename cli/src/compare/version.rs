//! One version of a configuration.

use crate::input::Configuration;
use attache_plugin_config::Config;

/// A configuration, read.
pub(crate) struct Version<'c> {
    pub(crate) configuration: &'c Configuration,
    pub(crate) config: Config,
}
