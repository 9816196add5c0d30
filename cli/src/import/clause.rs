//! Lists of values: each is taken over as it is, or the list becomes one that lets no more requests
//! through.

use super::place::{LEFT_OUT, NARROWER, Notes, Place, WIDER};
use attache_config_reader::{List, quote};

/// What a rule does where it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// What a value of Istio's becomes.
#[derive(Debug)]
pub(super) enum Fit<T> {
    /// These stand for the same requests.
    Same(Vec<T>),
    /// These stand for more: why.
    More(Vec<T>, String),
    /// These stand for fewer: why.
    Less(Vec<T>, String),
    /// Nothing stands for it: why.
    Nothing(String),
    /// It is for no request at all: why.
    Never(String),
    /// It is for every request.
    Always,
}

/// What a list of values becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clause<T> {
    /// It asks for nothing.
    Any,
    /// It asks for one of these, or of a `not…` key for none of them. Not empty.
    These(Vec<T>),
    /// It never holds.
    Never,
}

impl<T> Clause<T> {
    /// Returns the values, `None` where it never holds.
    pub(super) fn values(self) -> Option<Vec<T>> {
        match self {
            Self::Any => Some(Vec::new()),
            Self::These(values) => Some(values),
            Self::Never => None,
        }
    }
}

/// The rule that is being imported.
pub(super) struct Draft<'n> {
    pub(super) effect: Effect,
    /// Whether what comes out a little wider is taken over.
    pub(super) accepts_wider: bool,
    /// Whether the rule became one for more requests, as a DENY rule may where it can't be for the
    /// same.
    pub(super) is_for_more: bool,
    pub(super) notes: &'n mut Notes,
}

/// One of the two lists of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// One of its values has to fit.
    Positive,
    /// None of its values may fit.
    Negative,
}

impl Draft<'_> {
    /// Returns whether more requests are let through where the values of a list fit more of them.
    pub(super) fn more_is_wider(&self, sign: Sign) -> bool {
        (self.effect == Effect::Allow) == (sign == Sign::Positive)
    }

    /// Returns what a list becomes, given what each of its values does. An absent list asks for
    /// nothing; Istio refuses an empty value.
    pub(super) fn clause<T: PartialEq>(
        &mut self,
        list: Option<&List<String>>,
        sign: Sign,
        place: &Place,
        fit: impl Fn(&str) -> Fit<T>,
    ) -> Clause<T> {
        let Some(list) = list.filter(|list| !list.is_empty()) else { return Clause::Any };
        let mut these: Vec<T> = Vec::new();
        let (mut is_always, mut is_impossible) = (false, false);
        for (index, text) in list.iter() {
            let at = place.index(index);
            match fit(text) {
                Fit::Always => is_always = true,
                Fit::Never(why) => {
                    let message = format!("{} fits no request: {why}", quote(text));
                    self.notes.add(&LEFT_OUT, &at, message);
                }
                found => match self.settle(found, sign, text, &at, place) {
                    Ok(values) => these.extend(values),
                    Err(Impossible) => is_impossible = true,
                },
            }
        }
        let these = without_repetition(these);
        match (sign, is_always, is_impossible) {
            (Sign::Positive, true, _) => Clause::Any,
            (Sign::Negative, true, _) => Clause::Never,
            (Sign::Positive, _, true) => {
                self.is_for_more = true;
                Clause::Any
            }
            (Sign::Negative, _, true) => Clause::Never,
            (Sign::Positive, ..) if these.is_empty() => Clause::Never,
            (Sign::Negative, ..) if these.is_empty() => Clause::Any,
            _ => Clause::These(these),
        }
    }

    /// Returns what of a value is taken over.
    ///
    /// # Errors
    /// The list can't be had as it is.
    fn settle<T>(
        &mut self,
        fit: Fit<T>,
        sign: Sign,
        text: &str,
        at: &Place,
        list: &Place,
    ) -> Result<Vec<T>, Impossible> {
        let more_is_wider = self.more_is_wider(sign);
        match fit {
            Fit::Same(values) => Ok(values),
            Fit::More(values, why) if !more_is_wider => {
                self.notes.add(&NARROWER, list, format!("here also for {why}, so more is refused"));
                Ok(values)
            }
            Fit::More(values, why) if self.accepts_wider => {
                let message = format!("{} is here also for {why}, so more is allowed", quote(text));
                self.notes.add(&WIDER, at, message);
                Ok(values)
            }
            Fit::More(_, why) => {
                let message = format!(
                    "{} is left out, so more is refused: it would be here also for {why}; `--accept-wider` takes it over",
                    quote(text)
                );
                self.without(sign, at, message);
                Ok(Vec::new())
            }
            Fit::Less(values, why) if more_is_wider => {
                let message =
                    format!("{} is here for less, so more is refused: {why}", quote(text));
                self.notes.add(&NARROWER, at, message);
                Ok(values)
            }
            Fit::Nothing(why) if more_is_wider => {
                let message = format!("{} is left out, so more is refused: {why}", quote(text));
                self.without(sign, at, message);
                Ok(Vec::new())
            }
            Fit::Less(_, why) | Fit::Nothing(why) => {
                self.impossible(sign, at, &why);
                Err(Impossible)
            }
            Fit::Never(_) | Fit::Always => Ok(Vec::new()),
        }
    }

    /// Notes that a value is left out where that lets nothing more through.
    fn without(&mut self, sign: Sign, at: &Place, message: String) {
        self.is_for_more |= sign == Sign::Negative;
        self.notes.add(&NARROWER, at, message);
    }

    /// Notes that a list can't be had as it is: a DENY rule does without it, an ALLOW rule can't.
    pub(super) fn impossible(&mut self, sign: Sign, at: &Place, why: &str) {
        let message = match sign {
            Sign::Positive => format!("the rule refuses whatever stands here: {why}"),
            Sign::Negative => format!("nothing is allowed that needs this: {why}"),
        };
        self.notes.add(&NARROWER, at, message);
    }
}

/// A list can't be had as it is.
struct Impossible;

/// Returns the values, each where it stands first.
pub(super) fn without_repetition<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}
