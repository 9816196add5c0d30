//! One rule of an AuthorizationPolicy, as the rules that it becomes.

use super::claim::{Alternatives, Claim, MAX_ALTERNATIVES, and, nothing_asked};
use super::clause::{Draft, Effect};
use super::documents::{ConditionDocument, RuleDocument, SourceDocument};
use super::operation::{Ports, operation};
use super::output::{ConditionOut, OperationOut, RuleOut, SourceOut};
use super::place::{LEFT_OUT, NARROWER, NO_EQUAL, NOT_ISTIO, Place};
use super::request_principal;
use super::source::{Asked, Attribute, Meaning, Source};
use super::trust::TrustDomains;
use attache_config_reader::{List, quote};

/// What rules are read against.
pub(super) struct Context<'c> {
    /// What `iss` may be in the workloads that the configuration is for.
    pub(super) issuers: &'c [String],
    /// The claims that Envoy splits at spaces where they are texts.
    pub(super) split_claims: &'c [String],
    pub(super) trust_domains: &'c TrustDomains,
    /// The namespace of the policy.
    pub(super) namespace: &'c str,
}

/// What `when` asks, in the parts of a rule.
struct When {
    source: Source,
    ports: Ports,
    conditions: Alternatives,
}

/// What may be asked of the caller: where the request comes from, and claims.
type Callers = (Option<SourceOut>, Alternatives);

/// Returns the rules that one becomes, without names; none where it can never match.
pub(super) fn rules(
    document: &RuleDocument,
    context: &Context<'_>,
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
    context: &Context<'_>,
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
    context: &Context<'_>,
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
        source.and_document(document, &place, &meaning(context), draft);
        let alternatives = of_request_principals(document, context, &place, draft)?;
        callers.extend(finish(source).map(|source| (source, alternatives)));
    }
    Some(callers.into_iter().filter(|(_, alternatives)| !alternatives.is_empty()).collect())
}

fn of_request_principals(
    document: &SourceDocument,
    context: &Context<'_>,
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

fn meaning<'c>(context: &'c Context<'_>) -> Meaning<'c> {
    Meaning { namespace: context.namespace, trust_domains: context.trust_domains }
}

/// Returns what `when` asks: `Some(None)` where it never holds, `None` where there are too many
/// alternatives.
fn when(
    list: Option<&List<ConditionDocument>>,
    context: &Context<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<Option<When>> {
    let mut when = When { source: Source::any(), ports: Ports::any(), conditions: nothing_asked() };
    let mut holds = true;
    for (index, document) in list.into_iter().flat_map(List::iter) {
        holds &= add(&mut when, document, context, &place.index(index), draft)?;
    }
    Some(holds.then_some(when))
}

/// Adds a condition. Returns whether it can hold; `None` where there are too many alternatives.
fn add(
    when: &mut When,
    document: &ConditionDocument,
    context: &Context<'_>,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<bool> {
    let Ok(key) = document.key.get() else { return Some(false) };
    let places = [&place.key("values"), &place.key("notValues")];
    let asked = Asked {
        values: document.values.as_ref(),
        not_values: document.not_values.as_ref(),
        places,
    };
    if [asked.values, asked.not_values].into_iter().all(|list| list.is_none_or(List::is_empty)) {
        draft.notes.add(
            &NOT_ISTIO,
            place,
            "a condition needs `values` or `notValues`; give one of them",
        );
        return Some(true);
    }
    if let Some(attribute) = Attribute::of_key(key) {
        when.source.and(attribute, &asked, &meaning(context), draft);
        return Some(true);
    }
    if key == "destination.port" {
        let ports = std::mem::replace(&mut when.ports, Ports::any());
        when.ports = ports.and(asked.values, asked.not_values, places, draft);
        return Some(true);
    }
    let alternatives = if key == "request.auth.principal" {
        request_principal::alternatives(&asked, context.issuers, draft)?
    } else if let Some(claim) = claim(key, context) {
        claim.alternatives(&asked, draft)
    } else {
        return Some(without_equal(key, place, draft));
    };
    when.conditions = and(&when.conditions, &alternatives)?;
    Some(!when.conditions.is_empty())
}

/// Notes a condition that has no equal. Returns whether the rule does without it, as a DENY rule
/// may.
fn without_equal(key: &str, place: &Place, draft: &mut Draft<'_>) -> bool {
    let why = if key.starts_with("request.headers[") {
        "no rule looks at a header by itself"
    } else if key == "destination.ip" {
        "no rule looks at the address that a request was sent to"
    } else if key == "connection.sni" {
        "no rule looks at the server name of TLS"
    } else if key.starts_with("experimental.envoy.filters.") {
        "no rule looks at what other filters say"
    } else {
        let message = format!("{} is no key of a condition; see Istio's list of them", quote(key));
        draft.notes.add(&NOT_ISTIO, &place.key("key"), message);
        return false;
    };
    let is_deny = draft.effect == Effect::Deny;
    let message = if is_deny {
        format!("the rule refuses whatever {} is: {why}", quote(key))
    } else {
        format!("the rule is left out, so more is refused: {why}")
    };
    draft.notes.add(&NARROWER, place, message);
    draft.is_for_more |= is_deny;
    is_deny
}

/// Returns the claim that a key of `when` is about.
fn claim(key: &str, context: &Context<'_>) -> Option<Claim> {
    let steps = match key {
        "request.auth.audiences" => vec!["aud".to_owned()],
        "request.auth.presenter" => vec!["azp".to_owned()],
        _ => brackets(key.strip_prefix("request.auth.claims")?)?,
    };
    let is_split = matches!(steps.as_slice(), [only] if context.split_claims.contains(only));
    Some(Claim { steps, is_split })
}

/// Returns what stands in brackets, one behind the other; where they are nested, in the outermost
/// alone.
fn brackets(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let steps: Vec<String> = inner.split("][").map(str::to_owned).collect();
    let are_names = steps.iter().all(|step| !step.contains(['[', ']']));
    let steps = if are_names { steps } else { vec![inner.to_owned()] };
    (!steps.iter().any(String::is_empty)).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::brackets;

    #[test]
    fn brackets_are_steps_as_istiod_reads_them() {
        for (text, steps) in [
            ("[iss]", vec!["iss"]),
            ("[a][b]", vec!["a", "b"]),
            ("[a.b]", vec!["a.b"]),
            ("[a[b]]", vec!["a[b]"]),
            ("[https://example.com/roles]", vec!["https://example.com/roles"]),
        ] {
            let steps: Vec<String> = steps.into_iter().map(str::to_owned).collect();
            assert_eq!(brackets(text), Some(steps), "{text}");
        }
        for text in ["", "[", "[]", "a", "[a][]"] {
            assert_eq!(brackets(text), None, "{text}");
        }
    }
}
