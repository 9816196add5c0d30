//! Keys and tokens for trials. Whoever has such a key can say anything of anybody, so every use of
//! one must be asked for by name.

mod key;

pub(crate) use key::{TestAlgorithm, TestKey};

use clap::Args;

/// The leave to make or to use keys for trials.
#[derive(Args)]
pub(crate) struct Leave {
    /// Yes, the key is for trials: whoever has it can say anything of anybody, wherever its public
    /// half is trusted
    #[arg(long)]
    insecure_test_keys: bool,
}

impl Leave {
    /// Refuses where nobody has asked for it by name.
    ///
    /// # Errors
    /// Nobody has.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.insecure_test_keys {
            return Ok(());
        }
        Err("this makes or uses a key for trials, which no proxy that serves anybody may trust; say --insecure-test-keys, \
             and have your identity provider issue all other tokens"
            .to_owned())
    }
}
