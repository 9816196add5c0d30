//! Patterns as programs that read a text letter by letter.

use attache_engine::policy::{PathProbe, fold_path};
use attache_plugin_config::{PathPattern, PathSegment, StringPattern};

/// Which letters may stand in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum Letters {
    /// This one.
    One(char),
    /// Those that count as this one where letter case does not matter.
    Folded(char),
    /// All but a slash.
    OfSegment,
    /// All.
    Any,
}

impl Letters {
    pub(super) fn have(self, letter: char) -> bool {
        match self {
            Self::One(own) => own == letter,
            Self::Folded(own) => {
                own == letter || fold_path(letter.encode_utf8(&mut [0; 4])).chars().eq([own])
            }
            Self::OfSegment => letter != '/',
            Self::Any => true,
        }
    }
}

/// One step of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    /// Reads one letter.
    Read(Letters),
    /// Reads any number of letters.
    ReadMany(Letters),
    /// May leave out so many steps that follow.
    MaySkip(usize),
}

/// A pattern that matches a whole text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct Program {
    pub(super) steps: Vec<Step>,
    /// A slash at the end of the text is not read, but for that of `/`.
    pub(super) trims: bool,
}

impl Program {
    /// Returns what matches one text.
    pub(in super::super) fn text(text: &str) -> Self {
        Self::default().then(text)
    }

    /// Returns what matches a pattern of strings.
    pub(in super::super) fn string(pattern: &StringPattern) -> Self {
        Self::default().then_pattern(pattern, Letters::Any)
    }

    /// Returns what matches a pattern of paths, in the form in which a rule compares it. With a
    /// name and a program, the segment of this name must match the program.
    pub(in super::super) fn path(probe: &PathProbe, constrained: Option<(&str, &Self)>) -> Self {
        let any_case = probe.equality().any_case;
        let mut program = Self { steps: Vec::new(), trims: probe.equality().any_trailing_slash };
        match probe.pattern() {
            PathPattern::Exact(text) => program.add(text, any_case),
            PathPattern::Prefix(text) => {
                program.add(text, any_case);
                program.steps.push(Step::ReadMany(Letters::Any));
            }
            PathPattern::Suffix(text) => {
                program.steps.push(Step::ReadMany(Letters::Any));
                program.add(text, any_case);
            }
            PathPattern::Any => program.steps.extend(one_or_more(Letters::Any)),
            PathPattern::Template(segments) => {
                for segment in segments {
                    program.add_segment(segment, any_case, constrained);
                }
            }
        }
        program
    }

    /// Returns this and then a text.
    #[must_use]
    pub(in super::super) fn then(mut self, text: &str) -> Self {
        self.add(text, false);
        self
    }

    /// Returns this and then one letter of these at least.
    #[must_use]
    pub(in super::super) fn then_some(mut self, letters: Letters) -> Self {
        self.steps.extend(one_or_more(letters));
        self
    }

    /// Returns this and then any number of these letters.
    #[must_use]
    pub(in super::super) fn then_any(mut self, letters: Letters) -> Self {
        self.steps.push(Step::ReadMany(letters));
        self
    }

    /// Returns this and then what a pattern of strings matches, where a `*` stands for these
    /// letters.
    #[must_use]
    pub(in super::super) fn then_pattern(self, pattern: &StringPattern, letters: Letters) -> Self {
        match pattern {
            StringPattern::Exact(text) => self.then(text),
            StringPattern::Prefix(text) => self.then(text).then_any(letters),
            StringPattern::Suffix(text) => self.then_any(letters).then(text),
            StringPattern::Any => self.then_some(letters),
        }
    }

    /// Returns this and then another program.
    #[must_use]
    pub(in super::super) fn then_program(mut self, other: &Self) -> Self {
        self.steps.extend(&other.steps);
        self
    }

    /// Returns this and then, perhaps, another program.
    #[must_use]
    pub(in super::super) fn then_perhaps(mut self, other: &Self) -> Self {
        self.steps.push(Step::MaySkip(other.steps.len()));
        self.then_program(other)
    }

    fn add(&mut self, text: &str, any_case: bool) {
        let letters = text
            .chars()
            .map(|letter| if any_case { Letters::Folded(letter) } else { Letters::One(letter) });
        self.steps.extend(letters.map(Step::Read));
    }

    fn add_segment(
        &mut self,
        segment: &PathSegment,
        any_case: bool,
        constrained: Option<(&str, &Self)>,
    ) {
        let slash = Step::Read(Letters::One('/'));
        match (segment, constrained) {
            (PathSegment::Literal(text), _) => {
                self.steps.push(slash);
                self.add(text, any_case);
            }
            (PathSegment::Named(own), Some((name, program))) if own == name => {
                self.steps.push(slash);
                self.steps.extend(program.steps.iter().map(|step| within_segment(*step)));
            }
            (PathSegment::One | PathSegment::Named(_), _) => {
                self.steps.push(slash);
                self.steps.extend(one_or_more(Letters::OfSegment));
            }
            (PathSegment::Many, _) => {
                self.steps.extend([Step::MaySkip(2), slash, Step::ReadMany(Letters::Any)]);
            }
        }
    }
}

fn one_or_more(letters: Letters) -> [Step; 2] {
    [Step::Read(letters), Step::ReadMany(letters)]
}

fn within_segment(step: Step) -> Step {
    match step {
        Step::Read(Letters::Any) => Step::Read(Letters::OfSegment),
        Step::ReadMany(Letters::Any) => Step::ReadMany(Letters::OfSegment),
        other => other,
    }
}
