//! What the keys of a set come to together.

use super::read::Outcome;
use super::{Jwk, KeySet, Skipped};
use attache_config_reader::{Diagnostic, Diagnostics, PathRef};

/// The most keys of a set that are used.
const MAX_KEYS: usize = 256;
/// The most keys that are named one by one where they are left out.
const MAX_NAMED: usize = 64;

/// What was found of a set so far.
#[derive(Default)]
pub(super) struct Gathered {
    keys: Vec<Jwk>,
    /// With the `kid` of each.
    unfit: Vec<(Option<String>, Diagnostic)>,
    /// How many more are unfit than are named.
    unnamed: usize,
    private: Vec<Diagnostic>,
}

impl Gathered {
    /// Takes what a key at a place of the set came to.
    pub(super) fn add(&mut self, at: &PathRef<'_>, key_id: Option<String>, outcome: Outcome) {
        match outcome {
            Outcome::Private(error) if self.private.len() < MAX_NAMED => self.private.push(error),
            Outcome::Private(_) => {}
            Outcome::Unfit(error) => self.leave_out(key_id, error),
            Outcome::Key(key) => match self.why_not(&key) {
                Some(message) => self.leave_out(key_id, at.error(message)),
                None => self.keys.push(key),
            },
        }
    }

    /// Returns why a key that could be used is none for this set.
    fn why_not(&self, key: &Jwk) -> Option<String> {
        if self.keys.len() >= MAX_KEYS {
            return Some(format!(
                "a set has {MAX_KEYS} keys at most, and this one comes after them"
            ));
        }
        let Jwk { path: _, key_id, algorithms, material } = key;
        let same = self.keys.iter().find(|other| {
            (&other.material, &other.key_id, &other.algorithms) == (material, key_id, algorithms)
        })?;
        Some(format!("is the same key as `{}`", same.path))
    }

    fn leave_out(&mut self, key_id: Option<String>, error: Diagnostic) {
        if self.unfit.len() < MAX_NAMED {
            self.unfit.push((key_id, error));
        } else {
            self.unnamed = self.unnamed.saturating_add(1);
        }
    }

    /// Returns the set, or what makes it unfit as a whole.
    pub(super) fn finish(mut self, list: &PathRef<'_>) -> Result<KeySet, Diagnostics> {
        Diagnostics::check(self.private)?;
        let named = self.unfit.len();
        if self.unnamed > 0 {
            let message = format!("{} more keys cannot be used", self.unnamed);
            self.unfit.push((None, list.error(message)));
        }
        if self.keys.is_empty() {
            let all = named.saturating_add(self.unnamed);
            let message = match all {
                0 => "there is no key; give at least one".to_owned(),
                all => format!("none of {all} keys can verify a signature here"),
            };
            let reasons = self.unfit.into_iter().map(|(_, error)| error);
            return Err(Diagnostics::new(list.error(message), reasons));
        }
        let skipped =
            self.unfit.into_iter().map(|(key_id, error)| Skipped { key_id, reason: error });
        Ok(KeySet { keys: self.keys, skipped: skipped.collect() })
    }
}
