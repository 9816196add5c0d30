//! Claims: every class of values that no question tells apart.

use super::claim_draft::{ClaimDraft, OfList, Question};
use super::claim_value::{insert, list};
use super::dimension::Dimension;
use super::values::candidates;
use crate::symbolic::diagram::{Bit, Diagram, Set};
use crate::symbolic::too_complex::TooComplex;
use attache_plugin_config::{ClaimPath, RoleForm};
use foldhash::{HashSet, HashSetExt as _};
use serde_json::{Map, Value, json};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// A claim, and every class of its values.
pub(in super::super) struct Claim {
    pub(in super::super) path: ClaimPath,
    /// A value of each class that is no list; the first is absent.
    pub(in super::super) singles: Vec<Option<Value>>,
    /// What may stand in a list.
    pub(in super::super) elements: Vec<Value>,
    form: RoleForm,
    /// Whether lists come before other values: where roles are read, people write lists.
    lists_first: bool,
    /// How many kinds of lists there are: with two, the second has a `null`, which is no element,
    /// so that it is another list.
    lists: usize,
    /// Which of its classes a value is in; has its bits once somebody asks.
    kind: OnceCell<Dimension>,
    /// Whether an element is in the list; given out when it is first asked for.
    element_bits: Vec<Option<Bit>>,
}

impl Claim {
    /// Finds the classes.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn find(path: &ClaimPath, draft: &ClaimDraft<'_>) -> Result<Self, TooComplex> {
        let form = draft.form.clone().unwrap_or(RoleForm::Strings);
        let mut found: Vec<Value> = match &draft.only {
            Some(only) => only.iter().flatten().cloned().collect(),
            None => candidates(&draft.drafts)?,
        };
        if draft.is_compared_with_claim && draft.holds_claims {
            // What lies in it is not known yet, so it must be like no other.
            found.push(json!({"of": path.to_string()}));
        } else if draft.is_compared_with_claim {
            found.extend([json!({}), json!({"other": true})]);
        } else if draft.only.is_none() {
            found.push(json!({}));
        }
        let in_list = |value: &Value| list(&form, std::slice::from_ref(&value), false);
        let answers = |value: &Value| {
            let told: Vec<bool> =
                draft.questions.iter().map(|question| (question.holds)(Some(value))).collect();
            let roles: Vec<Option<BTreeSet<String>>> =
                draft.roles.iter().map(|read| read(value)).collect();
            (told, roles)
        };
        let mut elements = Vec::new();
        if draft.may_be_list {
            let mut seen = HashSet::new();
            let nothing = answers(&list(&form, &[], false));
            let scalars = found.iter().filter(|value| !value.is_object());
            for value in scalars {
                let told = answers(&in_list(value));
                let text = draft.is_compared.then(|| value.to_string());
                if (draft.is_compared || told != nothing) && seen.insert((told, text)) {
                    elements.push(value.clone());
                }
            }
        }
        let absent_only = draft.questions.is_empty() && !draft.is_compared && !draft.holds_claims;
        let mut singles = vec![None];
        let mut seen = HashSet::new();
        // A claim that is asked for roles alone needs no other form than a list.
        for value in found.iter().filter(|_| !absent_only) {
            let text = draft.is_compared.then(|| value.to_string());
            let is_holder = draft.holds_claims && value.is_object();
            if seen.insert((answers(value), text, is_holder)) {
                singles.push(Some(value.clone()));
            }
        }
        if let Some(only) = &draft.only
            && !only.contains(&None)
        {
            // A request without a token has none of its claims.
            singles.retain(|value| value.is_none() || only.contains(value));
        }
        let lists = usize::from(draft.may_be_list)
            .saturating_mul(if draft.is_compared_with_claim { 2 } else { 1 });
        let element_bits = vec![None; elements.len()];
        let lists_first = !draft.roles.is_empty();
        Ok(Self {
            path: path.clone(),
            singles,
            elements,
            form,
            lists_first,
            lists,
            kind: OnceCell::new(),
            element_bits,
        })
    }

    /// Gives out the bit of an element, if the claim may have it.
    pub(super) fn reserve(&mut self, element: &Value, diagram: &mut Diagram) {
        let place = self.elements.iter().position(|own| own == element);
        if let Some(bit) = place.and_then(|place| self.element_bits.get_mut(place)) {
            bit.get_or_insert_with(|| diagram.take_bits(1));
        }
    }

    /// Takes the bits that tell which class a value is in.
    pub(super) fn take_kind(&self, diagram: &mut Diagram) {
        self.kind(diagram);
    }

    fn kind(&self, diagram: &mut Diagram) -> Dimension {
        let count = self.singles.len().saturating_add(self.lists);
        *self.kind.get_or_init(|| Dimension::new(diagram, count))
    }

    /// Returns the requests whose claim has a class.
    pub(in super::super) fn valid(&self, diagram: &mut Diagram) -> Set {
        self.kind(diagram).valid(diagram)
    }

    /// Returns the requests without this claim.
    pub(in super::super) fn absent(&self, diagram: &mut Diagram) -> Set {
        self.kind(diagram).member(diagram, 0)
    }

    /// Returns the requests whose claim is a list of this kind.
    pub(in super::super) fn list_of_kind(&self, diagram: &mut Diagram, kind: usize) -> Set {
        self.kind(diagram).member(diagram, self.first_list().saturating_add(kind))
    }

    /// Returns the requests whose claim is a list.
    pub(in super::super) fn any_list(&self, diagram: &mut Diagram) -> Set {
        let kinds: Vec<usize> = (self.first_list()..).take(self.lists).collect();
        self.kind(diagram).members(diagram, &kinds)
    }

    /// Returns how many kinds of lists there are.
    pub(in super::super) fn list_kinds(&self) -> usize {
        self.lists
    }

    /// Returns the requests in whose claim an element is, if it is a list.
    pub(in super::super) fn has_element(&mut self, diagram: &mut Diagram, element: usize) -> Set {
        let Some(bit) = self.element_bits.get_mut(element) else { return Set::NONE };
        let bit = *bit.get_or_insert_with(|| diagram.take_bits(1));
        diagram.bit(bit)
    }

    /// Returns the requests whose claim is, or as a list has, a value that is so.
    pub(in super::super) fn any(
        &mut self,
        diagram: &mut Diagram,
        is: &dyn Fn(&Value) -> bool,
    ) -> Set {
        let singles = self.those(&|value| value.is_some_and(is));
        let elements = (0..).zip(&self.elements).filter(|(_, value)| is(value));
        let elements: Vec<usize> = elements.map(|(number, _)| number).collect();
        self.of_classes(diagram, &singles, &elements)
    }

    /// Returns the requests whose claim is in one of these classes, or as a list has an element of
    /// these. Both are in order.
    pub(in super::super) fn of_classes(
        &mut self,
        diagram: &mut Diagram,
        singles: &[usize],
        elements: &[usize],
    ) -> Set {
        // Its class is told before what is in it.
        self.take_kind(diagram);
        let elements = elements.iter().map(|element| self.has_element(diagram, *element)).collect();
        let has = diagram.any(elements);
        let list = self.any_list(diagram);
        let in_list = diagram.and(list, has);
        let single = self.single(diagram, singles);
        diagram.or(single, in_list)
    }

    /// Returns the requests for whose claim a question holds.
    pub(in super::super) fn asked(
        &mut self,
        diagram: &mut Diagram,
        question: &Question<'_>,
    ) -> Set {
        let single = self.those(&|value| (question.holds)(value));
        let single = self.single(diagram, &single);
        let wanted = question.of_list == OfList::Any;
        let mut telling = Vec::new();
        for element in 0..self.elements.len() {
            let Some(value) = self.elements.get(element) else { continue };
            let list = list(&self.form, std::slice::from_ref(&value), false);
            if (question.holds)(Some(&list)) == wanted {
                telling.push(element);
            }
        }
        let telling =
            telling.into_iter().map(|element| self.has_element(diagram, element)).collect();
        let any = diagram.any(telling);
        // Whatever is in a list, it is there.
        let empty = (question.holds)(Some(&list(&self.form, &[], false)));
        let of_list = match question.of_list {
            OfList::Any => diagram.or(any, Set::of(empty)),
            OfList::All => diagram.without(Set::of(empty), any),
        };
        let list = self.any_list(diagram);
        let of_list = diagram.and(list, of_list);
        diagram.or(single, of_list)
    }

    /// Returns the requests whose claim is one of these: values that are no lists, by their
    /// numbers.
    pub(in super::super) fn single(&self, diagram: &mut Diagram, those: &[usize]) -> Set {
        let classes: Vec<usize> = those.iter().map(|number| self.class_of(*number)).collect();
        self.kind(diagram).members(diagram, &classes)
    }

    /// Returns the numbers of values that are so.
    pub(in super::super) fn those(&self, are: &dyn Fn(Option<&Value>) -> bool) -> Vec<usize> {
        let all = (0..).zip(&self.singles);
        all.filter(|(_, value)| are(value.as_ref())).map(|(number, _)| number).collect()
    }

    /// Returns the value of a request's claim, given the bits that are set.
    pub(in super::super) fn value(&self, bits: &[Bit]) -> Option<Value> {
        // Nobody asks for what has no bits, so it is absent.
        let class = self.kind.get().map_or(0, |kind| kind.class(bits));
        let kind = class.checked_sub(self.first_list()).filter(|kind| *kind < self.lists);
        let Some(kind) = kind else {
            let single = (0..self.singles.len()).find(|number| self.class_of(*number) == class)?;
            return self.singles.get(single).cloned().flatten();
        };
        let is_in = |bit: &Option<Bit>| bit.is_some_and(|bit| bits.contains(&bit));
        let elements = self.elements.iter().zip(&self.element_bits).filter(|(_, bit)| is_in(bit));
        let mut elements: Vec<&Value> = elements.map(|(value, _)| value).collect();
        // Lists of the same elements are the same list, whatever order their claims know these in.
        elements.sort_by_cached_key(|value| value.to_string());
        Some(list(&self.form, &elements, kind > 0))
    }

    /// Returns the class of lists, the first of them.
    fn first_list(&self) -> usize {
        if self.lists_first { 1 } else { self.singles.len() }
    }

    /// Returns the class of a value that is no list, by its number.
    fn class_of(&self, single: usize) -> usize {
        if self.lists_first && single > 0 { single.saturating_add(self.lists) } else { single }
    }

    /// Returns a claims set in which this claim has a value.
    pub(in super::super) fn within(path: &ClaimPath, value: &Value) -> Map<String, Value> {
        let mut claims = Map::new();
        insert(&mut claims, path.steps(), value.clone());
        claims
    }

    /// Returns a list with one element, in the form that the claim has.
    pub(in super::super) fn list_with(&self, element: &Value) -> Value {
        list(&self.form, &[element], false)
    }
}
