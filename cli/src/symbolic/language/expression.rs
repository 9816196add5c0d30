//! Regular expressions as automata.
//!
//! The engine reads them with regex-lite, which takes letters past ASCII for no digit, no letter
//! and no space. So that both say the same, texts hold of those only letters that an expression
//! writes, and [`BEYOND`] for all others.

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;

/// A letter past ASCII that is no digit, no letter and no space to anybody.
pub(super) const BEYOND: char = '\u{2192}';

/// What an automaton may weigh, in bytes.
const MAX_WEIGHT: usize = 4 * 1024 * 1024;

/// A regular expression that matches a whole text.
pub(in super::super) struct Expression {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
    /// The letters past ASCII that it writes.
    pub(super) letters: Vec<char>,
}

impl Expression {
    /// Makes an automaton of an expression that is anchored at both ends; `None` where that can't
    /// be done.
    pub(in super::super) fn new(text: &str) -> Option<Self> {
        let config = dense::Config::new()
            .dfa_size_limit(Some(MAX_WEIGHT))
            .determinize_size_limit(Some(MAX_WEIGHT));
        let automaton = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new())
            .build(text)
            .ok()?;
        let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let letters = text.chars().filter(|letter| !letter.is_ascii()).collect();
        Some(Self { automaton, start, letters })
    }

    pub(super) fn start(&self) -> StateID {
        self.start
    }

    pub(super) fn after(&self, state: StateID, letter: char) -> StateID {
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).bytes();
        bytes.fold(state, |state, byte| self.automaton.next_state(state, byte))
    }

    /// Returns whether the text that led to a state matches.
    pub(super) fn accepts(&self, state: StateID) -> bool {
        self.automaton.is_match_state(self.automaton.next_eoi_state(state))
    }

    /// Returns whether no text that goes on from a state matches.
    pub(super) fn is_dead(&self, state: StateID) -> bool {
        self.automaton.is_dead_state(state)
    }
}
