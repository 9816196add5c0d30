//! `when` of an AuthorizationPolicy's rule, in the parts of a rule that it comes to.

use super::claim::{Alternatives, Claim, and, nothing_asked};
use super::clause::{Draft, Effect};
use super::documents::ConditionDocument;
use super::operation::Ports;
use super::place::{NARROWER, NOT_ISTIO, Place};
use super::request_principal;
use super::rule_context::RuleContext;
use super::source::{Asked, Attribute, Source};
use attache_config_reader::{List, quote};

/// What `when` asks, in the parts of a rule.
pub(super) struct When {
    pub(super) source: Source,
    pub(super) ports: Ports,
    pub(super) conditions: Alternatives,
}

/// Returns what `when` asks: `Some(None)` where it never holds, `None` where there are too many
/// alternatives.
pub(super) fn when(
    list: Option<&List<ConditionDocument>>,
    context: &RuleContext<'_>,
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
    context: &RuleContext<'_>,
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
        when.source.and(attribute, &asked, &context.meaning(), draft);
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
fn claim(key: &str, context: &RuleContext<'_>) -> Option<Claim> {
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
