//! Rules found by their paths, against the slow and obvious reference that the engine's own tests
//! use.

#![no_main]

use arbitrary::Arbitrary;
use attache_engine::policy::{View, read_path};
use attache_plugin_config::{
    AmbiguousPaths, Mode, Operation, PathEquality, PathPattern, PathSegment, Policy, Rule,
};
use attache_test_policies::{Ask, Compiled, allow, config, deny, policy, reference};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

#[derive(Arbitrary, Debug)]
struct Case {
    rules: Vec<FuzzedRule>,
    any_case: bool,
    any_trailing_slash: bool,
    paths: Vec<Vec<FuzzedPart>>,
    raw: Vec<u8>,
}

#[derive(Arbitrary, Debug)]
struct FuzzedRule {
    denies: bool,
    shadow: bool,
    paths: Vec<Pattern>,
    not_paths: Vec<Pattern>,
}

#[derive(Arbitrary, Debug)]
enum Pattern {
    Exact(Vec<FuzzedPart>),
    Prefix(Vec<FuzzedPart>),
    Suffix(Vec<FuzzedPart>),
    Any,
    Template(Vec<Segment>),
}

#[derive(Arbitrary, Debug)]
enum Segment {
    Literal(Word),
    One,
    Named,
    Many,
}

/// Few words, so that patterns and paths meet.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Word {
    A,
    B,
    Aa,
    Ab,
    Capital,
    Umlaut,
    CapitalUmlaut,
    Empty,
}

#[derive(Arbitrary, Debug)]
enum FuzzedPart {
    Slash,
    Word(Word),
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::Aa => "aa",
            Self::Ab => "ab",
            Self::Capital => "B",
            Self::Umlaut => "ä",
            Self::CapitalUmlaut => "Ä",
            Self::Empty => "",
        }
    }
}

/// Slashes stand alone: what has two of them is read in two ways, and never matched.
fn text(parts: &[FuzzedPart]) -> String {
    let part = |part: &FuzzedPart| match part {
        FuzzedPart::Slash => "/",
        FuzzedPart::Word(word) => word.text(),
    };
    let mut text: String = parts.iter().map(part).collect();
    while text.contains("//") {
        text = text.replace("//", "/");
    }
    text
}

fn rooted(parts: &[FuzzedPart]) -> String {
    let text = text(parts);
    if text.starts_with('/') { text } else { format!("/{text}") }
}

/// A pattern as a configuration can hold it; `None` for one that the configuration refuses.
fn pattern(pattern: &Pattern) -> Option<PathPattern> {
    Some(match pattern {
        Pattern::Exact(parts) => PathPattern::Exact(rooted(parts)),
        Pattern::Prefix(parts) => PathPattern::Prefix(rooted(parts)),
        Pattern::Suffix(parts) => {
            let text = text(parts);
            if text.is_empty() {
                return None;
            }
            PathPattern::Suffix(text)
        }
        Pattern::Any => PathPattern::Any,
        Pattern::Template(segments) => {
            if segments.is_empty() || segments.len() > 8 {
                return None;
            }
            let many = segments.iter().filter(|segment| matches!(segment, Segment::Many)).count();
            let hollow = segments
                .iter()
                .rev()
                .skip(1)
                .any(|segment| matches!(segment, Segment::Literal(Word::Empty)));
            if many > 1 || hollow {
                return None;
            }
            let segment = |(index, segment): (usize, &Segment)| match segment {
                Segment::Literal(word) => PathSegment::Literal(word.text().to_owned()),
                Segment::One => PathSegment::One,
                Segment::Named => PathSegment::Named(format!("n{index}")),
                Segment::Many => PathSegment::Many,
            };
            PathPattern::Template(segments.iter().enumerate().map(segment).collect())
        }
    })
}

fn rule(index: usize, fuzzed: &FuzzedRule) -> Rule {
    let name = format!("r{index}");
    let mut rule = if fuzzed.denies { deny(&name) } else { allow(&name) };
    rule.mode = if fuzzed.shadow { Mode::Shadow } else { Mode::Enforce };
    let patterns = |list: &[Pattern]| list.iter().take(4).filter_map(pattern).collect::<Vec<_>>();
    let operation = Operation {
        paths: patterns(&fuzzed.paths),
        not_paths: patterns(&fuzzed.not_paths),
        ..Operation::default()
    };
    rule.to = vec![operation];
    rule
}

/// The readings of a path, after what must hold of them.
fn readings(raw: &[u8]) -> Vec<String> {
    let modes = [AmbiguousPaths::Refuse, AmbiguousPaths::Compare, AmbiguousPaths::Normalize];
    let [plain, compared, normal] = modes.map(|mode| read_path(raw, mode));
    if let Ok(plain) = &plain {
        assert!(
            plain.others.is_empty() && plain.rewritten.is_none(),
            "a plain path has one reading"
        );
        assert_eq!((Ok(plain), Ok(plain)), (compared.as_ref(), normal.as_ref()));
    }
    if let Ok(normal) = normal
        && let Some(form) = &normal.rewritten
    {
        let again = read_path(form.as_bytes(), AmbiguousPaths::Normalize)
            .expect("a normal form can be read");
        assert!(again.rewritten.is_none(), "a normal form stays as it is");
        assert_eq!((again.matched, again.others), (normal.matched, normal.others));
    }
    let Ok(compared) = compared else { return Vec::new() };
    assert_eq!(compared.rewritten, None, "what is forwarded is what came");
    let readings: Vec<String> =
        std::iter::once(compared.matched.into_owned()).chain(compared.others).collect();
    let distinct: BTreeSet<&String> = readings.iter().collect();
    assert!(distinct.len() == readings.len() && readings.len() <= 32, "{readings:?}");
    for reading in &readings {
        // The one control byte stands for a slash that is data.
        assert!(!reading.bytes().any(|byte| byte.is_ascii_control() && byte != 1), "{reading:?}");
        assert!(reading.starts_with('/') || matches!(reading.as_str(), "" | "*"), "{reading:?}");
    }
    readings
}

fuzz_target!(|case: Case| {
    let rules =
        case.rules.iter().take(12).enumerate().map(|(index, fuzzed)| rule(index, fuzzed)).collect();
    let paths =
        PathEquality { any_case: case.any_case, any_trailing_slash: case.any_trailing_slash };
    let config = config(vec![Policy { paths, ..policy("fuzzed", rules) }]);
    let compiled = Compiled::new(&config);
    let paths = case.paths.iter().take(8).map(|parts| rooted(parts));
    for path in paths.chain(readings(&case.raw)) {
        let ask = Ask::get(&path);
        for view in View::ALL {
            assert_eq!(
                compiled.say(view, &ask),
                reference::say(&config, view, &ask),
                "{view:?} of {}",
                ask.path
            );
        }
    }
});
