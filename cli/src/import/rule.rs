//! One rule of an AuthorizationPolicy, as the rules that it becomes.

use super::claim::{Alternatives, MAX_ALTERNATIVES, and, nothing_asked};
use super::clause::{Draft, Effect};
use super::documents::{RuleDocument, SourceDocument};
use super::operation::{Ports, operation};
use super::output::{ConditionOut, OperationOut, RuleOut, SourceOut};
use super::place::{LEFT_OUT, NARROWER, NO_EQUAL, NOT_ISTIO, Place};
use super::request_principal;
use super::rule_context::RuleContext;
use super::source::{Asked, Source};
use super::when::{When, when};

/// What may be asked of the caller: where the request comes from, and claims.
type Callers = (Option<SourceOut>, Alternatives);

/// Returns the rules that one becomes, without names; none where it can never match.
pub(super) fn rules(
    document: &RuleDocument,
    context: &RuleContext<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Vec<RuleOut> {
    let Some(rules) = parts(document, context, place, draft) else {
        let message = format!("it would become more than {MAX_ALTERNATIVES} rules; split it");
        draft.notes.add(&NO_EQUAL, place, message);
        return Vec::new();
    };
    if rules.is_empty() {
        match draft.effect {
            Effect::Allow => {
                draft.notes.add(
                    &NARROWER,
                    place,
                    "nothing of the rule is left, so nothing is allowed by it",
                );
            }
            Effect::Deny => draft.notes.add(&LEFT_OUT, place, "the rule never matches a request"),
        }
    }
    let is_for_all =
        |rule: &RuleOut| rule.from.is_empty() && rule.to.is_empty() && rule.when.is_empty();
    if draft.effect == Effect::Deny && draft.is_for_more && rules.iter().any(is_for_all) {
        let message = "without what has no equal, the rule would refuse every request; keep its policy in force beside \
                       Attaché, and name it with `--keep NAMESPACE/NAME`";
        draft.notes.add(&NO_EQUAL, place, message);
    }
    rules
}

/// Returns the rules; `None` where they are too many.
fn parts(
    document: &RuleDocument,
    context: &RuleContext<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<Vec<RuleOut>> {
    let Some(when) = when(document.when.as_ref(), context, &place.key("when"), draft)? else {
        return Some(Vec::new());
    };
    let callers = callers(document, &when, context, &place.key("from"), draft)?;
    let operations = operations(document, &when.ports, &place.key("to"), draft);
    if operations.is_empty() {
        return Some(Vec::new());
    }
    let is_any = |operation: &OperationOut| *operation == OperationOut::default();
    let to = if operations.iter().any(is_any) { Vec::new() } else { operations };
    let mut rules = Vec::new();
    for (from, alternatives) in together(callers) {
        for conditions in and(&alternatives, &when.conditions)? {
            rules.push(rule(from.clone(), to.clone(), conditions, draft.effect));
        }
    }
    (rules.len() <= MAX_ALTERNATIVES).then_some(rules)
}

fn rule(
    from: Vec<SourceOut>,
    to: Vec<OperationOut>,
    when: Vec<ConditionOut>,
    effect: Effect,
) -> RuleOut {
    let needs_token = when.iter().any(|condition| !condition.test.holds_without_token());
    let is_allow = effect == Effect::Allow;
    RuleOut {
        name: String::new(),
        action: (!is_allow).then_some("DENY"),
        authentication: (is_allow && !needs_token).then_some("OPTIONAL"),
        from,
        to,
        when,
    }
}

/// Puts all sources that ask nothing of claims into one list. A source that asks for nothing makes
/// it one for every caller.
fn together(callers: Vec<Callers>) -> Vec<(Vec<SourceOut>, Alternatives)> {
    let (mut plain, mut is_open) = (Vec::new(), false);
    let mut others = Vec::new();
    for (source, alternatives) in callers {
        if alternatives == nothing_asked() {
            is_open |= source.is_none();
            plain.extend(source);
        } else {
            others.push((source.into_iter().collect(), alternatives));
        }
    }
    if is_open {
        plain.clear();
    }
    let first = (is_open || !plain.is_empty()).then(|| (plain, nothing_asked()));
    first.into_iter().chain(others).collect()
}

/// Returns who may send the request, for each entry of `from`; `None` where there are too many
/// alternatives.
fn callers(
    document: &RuleDocument,
    when: &When,
    context: &RuleContext<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<Vec<Callers>> {
    let finish = |source: Source| {
        let found = source.finish()?;
        Some(if found == SourceOut::default() { None } else { Some(found) })
    };
    let Some(list) = &document.from else {
        let source = finish(when.source.clone());
        return Some(source.into_iter().map(|source| (source, nothing_asked())).collect());
    };
    if list.is_empty() {
        draft.notes.add(
            &NOT_ISTIO,
            place,
            "`from` is empty; leave it out, or say where the request comes from",
        );
    }
    let mut callers = Vec::new();
    for (index, entry) in list.iter() {
        let Ok(document) = entry.source.get() else { continue };
        let place = place.index(index).key("source");
        let mut source = when.source.clone();
        source.and_document(document, &place, &context.meaning(), draft);
        let alternatives = of_request_principals(document, context, &place, draft)?;
        callers.extend(finish(source).map(|source| (source, alternatives)));
    }
    Some(callers.into_iter().filter(|(_, alternatives)| !alternatives.is_empty()).collect())
}

fn of_request_principals(
    document: &SourceDocument,
    context: &RuleContext<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<Alternatives> {
    let asked = Asked {
        values: document.request_principals.as_ref(),
        not_values: document.not_request_principals.as_ref(),
        places: [&place.key("requestPrincipals"), &place.key("notRequestPrincipals")],
    };
    request_principal::alternatives(&asked, context.issuers, draft)
}

fn operations(
    document: &RuleDocument,
    ports: &Ports,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Vec<OperationOut> {
    let Some(list) = &document.to else {
        // What `when` asks of the port alone.
        let wanted = super::meet::without(ports.wanted.clone(), ports.unwanted.clone());
        let only = wanted.map(|(ports, not_ports)| OperationOut {
            ports,
            not_ports,
            ..OperationOut::default()
        });
        return only.into_iter().collect();
    };
    if list.is_empty() {
        draft.notes.add(
            &NOT_ISTIO,
            place,
            "`to` is empty; leave it out, or say what the request is for",
        );
    }
    let entries = list.iter().filter_map(|(index, entry)| {
        let place = place.index(index).key("operation");
        operation(entry.operation.get().ok()?, ports, &place, draft)
    });
    entries.collect()
}
