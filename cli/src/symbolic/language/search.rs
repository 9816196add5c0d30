//! Reads all texts at once, letter by letter: what all patterns make of a text so far is a state,
//! and texts that lead to the same state need no second look.

use super::super::too_complex::TooComplex;
use super::expression::BEYOND;
use super::languages::{Languages, TextClass};
use super::letters::{alike, fresh};
use super::program::{Letters, Step};
use foldhash::{HashMap, HashMapExt as _};
use regex_automata::util::primitives::StateID;
use std::collections::BTreeSet;

/// So many states that no answer comes in bearable time.
const MAX_STATES: usize = 200_000;

/// What all patterns make of a text so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// Where programs stand, in order.
    places: Box<[u32]>,
    expressions: Box<[StateID]>,
    form: Option<StateID>,
    /// After a slash: the programs that match the text without it. Only those for which it does not
    /// count.
    before_slash: Box<[u32]>,
    /// Whether a slash was read last that does not count for programs that trim.
    is_after_slash: bool,
    /// Whether nothing was read yet: the empty text is valid in few places, and stands for no
    /// other.
    is_empty: bool,
}

/// The programs that match a text, in order, and whether each expression does.
type Matches = (Box<[u32]>, Box<[bool]>);

/// How a state was reached first.
#[derive(Clone, Copy)]
struct Origin {
    before: usize,
    letter: char,
}

impl Languages {
    /// Returns every class, that of the shortest text first. A class of which no text is valid is
    /// left out.
    ///
    /// # Errors
    /// There are too many.
    pub(in super::super) fn classes(
        &self,
        is_valid: impl Fn(&str) -> bool,
    ) -> Result<Vec<TextClass>, TooComplex> {
        Search::new(self).run(is_valid)
    }
}

struct Search<'l> {
    languages: &'l Languages,
    /// Where each program's places begin.
    offsets: Vec<u32>,
    /// The program and the step of each place.
    places: Vec<(u32, u32)>,
    fresh: char,
    states: Vec<(State, Option<Origin>)>,
    known: HashMap<State, usize>,
}

impl<'l> Search<'l> {
    fn new(languages: &'l Languages) -> Self {
        let mut offsets = Vec::new();
        let mut places = Vec::new();
        for (number, program) in (0_u32..).zip(&languages.programs) {
            offsets.push(u32::try_from(places.len()).unwrap_or(u32::MAX));
            places.extend(
                (0_u32..).take(program.steps.len().saturating_add(1)).map(|step| (number, step)),
            );
        }
        let fresh = fresh(languages);
        Self { languages, offsets, places, fresh, states: Vec::new(), known: HashMap::new() }
    }

    fn run(mut self, is_valid: impl Fn(&str) -> bool) -> Result<Vec<TextClass>, TooComplex> {
        self.begin();
        let mut classes: Vec<TextClass> = Vec::new();
        let mut known: HashMap<Matches, usize> = HashMap::new();
        let mut next = 0;
        while let Some((state, _)) = self.states.get(next) {
            let state = state.clone();
            if let Some(accepted) = self.accepted(&state) {
                match known.get(&accepted).and_then(|class| classes.get_mut(*class)) {
                    // A slash at the end is an odd thing to show.
                    Some(class) if is_odd(&class.text) => {
                        let text = self.text(next);
                        if !is_odd(&text) && is_valid(&text) {
                            class.text = text;
                        }
                    }
                    Some(_) => {}
                    None => {
                        let text = self.text(next);
                        if is_valid(&text) {
                            let programs =
                                accepted.0.iter().map(|program| *program as usize).collect();
                            known.insert(accepted, classes.len());
                            classes.push(TextClass { text, programs });
                        }
                    }
                }
            }
            for letter in self.letters(&state) {
                self.step(next, &state, letter)?;
            }
            next = next.saturating_add(1);
        }
        Ok(classes)
    }

    fn begin(&mut self) {
        let mut places = BTreeSet::new();
        for number in 0..self.languages.programs.len() {
            self.enter(self.offsets.get(number).copied().unwrap_or_default(), &mut places);
        }
        let expressions =
            self.languages.expressions.iter().map(|expression| expression.start()).collect();
        let state = State {
            places: places.into_iter().collect(),
            expressions,
            form: self.languages.form.as_ref().map(|form| form.start()),
            before_slash: Box::default(),
            is_after_slash: false,
            is_empty: true,
        };
        self.known.insert(state.clone(), 0);
        self.states.push((state, None));
    }

    /// Adds a place, and those that are reached from it without a letter.
    fn enter(&self, place: u32, places: &mut BTreeSet<u32>) {
        match self.step_at(place) {
            Some(Step::MaySkip(count)) => {
                self.enter(place.saturating_add(1), places);
                let behind = u32::try_from(count.saturating_add(1)).unwrap_or(u32::MAX);
                self.enter(place.saturating_add(behind), places);
            }
            Some(Step::ReadMany(_)) => {
                places.insert(place);
                self.enter(place.saturating_add(1), places);
            }
            Some(Step::Read(_)) | None => _ = places.insert(place),
        }
    }

    /// Returns the step of a place; `None` at the end of its program.
    fn step_at(&self, place: u32) -> Option<Step> {
        let (program, step) = self.places.get(place as usize)?;
        self.languages.programs.get(*program as usize)?.steps.get(*step as usize).copied()
    }

    fn step(&mut self, from: usize, state: &State, letter: char) -> Result<(), TooComplex> {
        let mut places = BTreeSet::new();
        for &place in &state.places {
            match self.step_at(place) {
                Some(Step::Read(letters)) if letters.have(letter) => {
                    self.enter(place.saturating_add(1), &mut places);
                }
                Some(Step::ReadMany(letters)) if letters.have(letter) => {
                    self.enter(place, &mut places)
                }
                _ => {}
            }
        }
        let expressions = self.languages.expressions.iter().zip(&state.expressions);
        let form =
            self.languages.form.as_ref().zip(state.form).map(|(form, at)| form.after(at, letter));
        if self.languages.form.as_ref().zip(form).is_some_and(|(form, at)| form.is_dead(at)) {
            return Ok(());
        }
        // The text `/` keeps its slash.
        let is_after_slash =
            letter == '/' && from != 0 && self.languages.programs.iter().any(|it| it.trims);
        let next = State {
            places: places.into_iter().collect(),
            expressions: expressions
                .map(|(expression, at)| expression.after(*at, letter))
                .collect(),
            form,
            before_slash: if is_after_slash { self.trimmed(state) } else { Box::default() },
            is_after_slash,
            is_empty: false,
        };
        if self.known.contains_key(&next) {
            return Ok(());
        }
        if self.states.len() >= MAX_STATES {
            return Err(TooComplex::Patterns);
        }
        self.known.insert(next.clone(), self.states.len());
        self.states.push((next, Some(Origin { before: from, letter })));
        Ok(())
    }

    /// Returns the programs that match so far and for which a slash at the end does not count.
    fn trimmed(&self, state: &State) -> Box<[u32]> {
        let ends = state.places.iter().filter(|place| self.step_at(**place).is_none());
        let programs =
            ends.filter_map(|place| self.places.get(*place as usize).map(|(program, _)| *program));
        programs.filter(|program| self.trims(*program)).collect()
    }

    fn trims(&self, program: u32) -> bool {
        self.languages.programs.get(program as usize).is_some_and(|program| program.trims)
    }

    /// Returns the programs and the expressions that match the text so far; `None` where it is no
    /// text.
    fn accepted(&self, state: &State) -> Option<Matches> {
        if let Some((form, at)) = self.languages.form.as_ref().zip(state.form)
            && !form.accepts(at)
        {
            return None;
        }
        let ends = state.places.iter().filter(|place| self.step_at(**place).is_none());
        let programs =
            ends.filter_map(|place| self.places.get(*place as usize).map(|(program, _)| *program));
        let mut matched: Vec<u32> =
            programs.filter(|program| !(state.is_after_slash && self.trims(*program))).collect();
        matched.extend(&state.before_slash);
        matched.sort_unstable();
        matched.dedup();
        let expressions = self.languages.expressions.iter().zip(&state.expressions);
        Some((
            matched.into(),
            expressions.map(|(expression, at)| expression.accepts(*at)).collect(),
        ))
    }

    fn text(&self, state: usize) -> String {
        let mut letters = Vec::new();
        let mut at = state;
        while let Some((_, Some(Origin { before, letter }))) = self.states.get(at) {
            letters.push(*letter);
            at = *before;
        }
        letters.iter().rev().collect()
    }

    /// Returns the letters that need trying: those that a pattern names here, and one that none
    /// does.
    fn letters(&self, state: &State) -> Vec<char> {
        let mut letters = vec![self.fresh, '/'];
        letters.extend(self.languages.letters.chars());
        let mut add = |letter: char| {
            if !letters.contains(&letter) {
                letters.push(letter);
            }
        };
        for place in &state.places {
            match self.step_at(*place) {
                Some(Step::Read(Letters::One(letter)) | Step::ReadMany(Letters::One(letter))) => {
                    add(letter)
                }
                Some(
                    Step::Read(Letters::Folded(letter)) | Step::ReadMany(Letters::Folded(letter)),
                ) => {
                    alike(letter).for_each(&mut add);
                }
                _ => {}
            }
        }
        if !self.languages.expressions.is_empty() {
            (' '..='~').chain([BEYOND]).for_each(&mut add);
            self.languages
                .expressions
                .iter()
                .flat_map(|it| &it.letters)
                .copied()
                .for_each(&mut add);
        }
        letters
    }
}

/// Returns whether a text ends in a slash, and is more than that.
fn is_odd(text: &str) -> bool {
    text.len() > 1 && text.ends_with('/')
}
