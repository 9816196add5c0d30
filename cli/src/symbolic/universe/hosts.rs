//! Hosts: every class of plain ones.

use crate::symbolic::language::{Expression, Languages, Letters, Program};
use crate::symbolic::too_complex::TooComplex;
use attache_engine::policy::{HostProbe, is_plain_host};
use attache_plugin_config::{HostPattern, StringPattern};
use foldhash::{HashSet, HashSetExt as _};

/// What a host is made of, with a port or without.
const PLAIN: &str = r"^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::[1-9][0-9]*)?$";

/// The host where no pattern tells any from this.
const PLAINEST: &str = "service";

/// The classes of hosts.
#[derive(Default)]
pub(in super::super) struct Hosts {
    /// A host of each class.
    pub(in super::super) texts: Vec<String>,
}

impl Hosts {
    /// Finds the classes.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn find(patterns: &HashSet<HostPattern>) -> Result<Self, TooComplex> {
        let port = Program::text(":").then_any(Letters::Any);
        let programs = patterns.iter().flat_map(|HostPattern(pattern)| {
            let whole = Program::string(pattern);
            [whole.clone().then_perhaps(&port), whole]
        });
        let languages = Languages {
            programs: programs.collect(),
            form: Expression::new(PLAIN),
            letters: "1.:",
            ..Languages::default()
        };
        let mut texts = vec![PLAINEST.to_owned()];
        // An address of IPv6 is more than letters and dots.
        texts.extend(patterns.iter().filter_map(|HostPattern(pattern)| match pattern {
            StringPattern::Exact(text) if text.starts_with('[') => Some(text.clone()),
            _ => None,
        }));
        if !patterns.is_empty() {
            texts.extend(languages.classes(is_plain_host)?.into_iter().map(|class| class.text));
        }
        let probes: Vec<HostProbe> = patterns.iter().map(HostProbe::new).collect();
        let mut seen = HashSet::new();
        texts.retain(|text| {
            is_plain_host(text)
                && seen
                    .insert(probes.iter().map(|probe| probe.matches(text)).collect::<Vec<bool>>())
        });
        Ok(Self { texts })
    }

    /// Returns the classes that one of these patterns matches.
    pub(in super::super) fn matching(&self, patterns: &[HostPattern]) -> Vec<usize> {
        let probes: Vec<HostProbe> = patterns.iter().map(HostProbe::new).collect();
        let matches = |text: &str| probes.iter().any(|probe| probe.matches(text));
        (0..).zip(&self.texts).filter(|(_, text)| matches(text)).map(|(number, _)| number).collect()
    }
}
