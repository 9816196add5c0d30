//! Paths: every class of plain ones.

use super::part::Part;
use crate::symbolic::language::{Expression, Languages, Program};
use crate::symbolic::too_complex::TooComplex;
use attache_engine::policy::PathProbe;
use foldhash::HashMap;

/// A path that has one reading: no segment is empty but the last, and none is a dot or two.
const PLAIN: &str =
    r"^(?:/(?:[^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+))*/(?:[^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+)?$";

/// Tests of paths, each once.
#[derive(Default)]
pub(in super::super) struct Probes {
    all: Vec<PathProbe>,
    numbers: HashMap<PathProbe, usize>,
}

impl Probes {
    /// Returns the tests of all parts.
    pub(super) fn of(parts: &[Part<'_>]) -> Self {
        let mut probes = Self::default();
        for part in parts {
            for operation in &part.rule.to {
                let wanted = operation.paths.iter().flat_map(|pattern| part.probes(pattern));
                let unwanted =
                    operation.not_paths.iter().flat_map(|pattern| part.not_probes(pattern));
                wanted.chain(unwanted).for_each(|probe| _ = probes.add(probe));
            }
        }
        probes
    }

    pub(in super::super) fn add(&mut self, probe: PathProbe) -> usize {
        let next = self.all.len();
        let number = *self.numbers.entry(probe.clone()).or_insert(next);
        if number == next {
            self.all.push(probe);
        }
        number
    }

    pub(in super::super) fn number(&self, probe: &PathProbe) -> Option<usize> {
        self.numbers.get(probe).copied()
    }
}

/// The classes of paths.
#[derive(Default)]
pub(in super::super) struct Paths {
    /// A path of each class, decoded.
    pub(in super::super) texts: Vec<String>,
    /// The classes that match, by the number of the test.
    members: Vec<Vec<usize>>,
    probes: Probes,
}

impl Paths {
    /// Finds the classes. Where a claim is compared with a segment, the class tells also which
    /// patterns of the claim the segment matches: `segments` are tests, names of segments, and such
    /// patterns.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn find(
        probes: Probes,
        segments: &[(usize, String, Program)],
    ) -> Result<Self, TooComplex> {
        let mut programs: Vec<Program> =
            probes.all.iter().map(|probe| Program::path(probe, None)).collect();
        for (probe, name, program) in segments {
            if let Some(probe) = probes.all.get(*probe) {
                programs.push(Program::path(probe, Some((name, program))));
            }
        }
        let languages =
            Languages { programs, form: Expression::new(PLAIN), ..Languages::default() };
        let mut classes = languages.classes(is_plain)?;
        // What ends in a slash comes last, as it is an odd thing to show.
        classes.sort_by_key(|class| class.text.len() > 1 && class.text.ends_with('/'));
        let mut members = vec![Vec::new(); probes.all.len()];
        for (number, class) in classes.iter().enumerate() {
            for program in &class.programs {
                if let Some(members) = members.get_mut(*program) {
                    members.push(number);
                }
            }
        }
        Ok(Self { texts: classes.into_iter().map(|class| class.text).collect(), members, probes })
    }

    /// Returns the classes that match.
    pub(in super::super) fn matching(&self, probe: &PathProbe) -> &[usize] {
        self.probes
            .number(probe)
            .and_then(|number| self.members.get(number))
            .map_or(&[], Vec::as_slice)
    }
}

/// Returns whether a decoded path has one reading, as far as its letters go.
fn is_plain(path: &str) -> bool {
    !path.contains(|letter: char| matches!(letter, '\\' | ';' | '%') || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_plugin_config::{Action, PathEquality, PathPattern};

    /// Every path of a few letters is in a class whose path matches the same tests.
    #[test]
    fn every_path_has_a_class() {
        let looser = PathEquality { any_case: false, any_trailing_slash: true };
        let sets: [&[(&str, Action, PathEquality)]; 4] = [
            &[("/a", Action::Allow, PathEquality::default()), ("/a", Action::Deny, looser)],
            &[
                ("/a/{*}", Action::Allow, PathEquality::default()),
                ("/a*", Action::Allow, looser),
                ("*b", Action::Deny, PathEquality::default()),
            ],
            &[
                ("/{**}/b", Action::Allow, PathEquality::default()),
                ("/a/{x}/{**}", Action::Deny, looser),
                ("/A/", Action::Allow, looser),
                ("*", Action::Deny, looser),
            ],
            &[
                ("/{x}/a/", Action::Deny, looser),
                ("*/b/", Action::Allow, looser),
                ("/a/*", Action::Deny, looser),
            ],
        ];
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            let longer = texts
                .iter()
                .flat_map(|text| ["/", "a", "A", "b", "z"].map(|letter| format!("{text}{letter}")));
            let longer: Vec<String> = longer.collect();
            texts.extend(longer);
            texts.sort();
            texts.dedup();
        }
        texts.retain(|text| text.starts_with('/') && !text.contains("//"));
        for patterns in sets {
            let mut probes = Probes::default();
            for (pattern, action, service) in patterns {
                let pattern = PathPattern::parse(pattern).unwrap();
                for probe in PathProbe::of_paths(&pattern, *action, *service) {
                    probes.add(probe);
                }
                for probe in PathProbe::of_not_paths(&pattern, *action, *service) {
                    probes.add(probe);
                }
            }
            let paths = Paths::find(probes, &[]).unwrap();
            let answers = |path: &str| -> Vec<bool> {
                paths.probes.all.iter().map(|probe| probe.matches(path)).collect()
            };
            let mut classes = Vec::new();
            for (number, text) in paths.texts.iter().enumerate() {
                let expected = answers(text);
                let found: Vec<bool> = paths
                    .probes
                    .all
                    .iter()
                    .map(|probe| paths.matching(probe).contains(&number))
                    .collect();
                assert_eq!(found, expected, "{text}");
                assert!(!classes.contains(&expected), "{text} is in a class of its own");
                classes.push(expected);
            }
            for text in &texts {
                assert!(classes.contains(&answers(text)), "{text} has no class in {patterns:?}");
            }
        }
    }
}
