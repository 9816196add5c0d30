//! Rules.

use super::roles::Hierarchy;
use super::{Checker, condition, operation, roles, source, text};
use crate::document::{RolesDocument, RuleDocument};
use crate::{Action, Authentication, Mode, RoleRequirement, Rule};
use attache_config_reader::{HeaderName, PathRef, Reported, quote};
use std::collections::BTreeSet;

/// What rules are checked against.
pub(super) struct Context<'a> {
    pub(super) identity_headers: &'a BTreeSet<HeaderName>,
    pub(super) hierarchy: &'a Hierarchy,
    /// Whether some issuer's keys come from a provider, or may: what could not be read is not held
    /// against a rule.
    pub(super) has_remote_keys: bool,
}

#[inline(never)]
pub(super) fn rule(
    document: &RuleDocument,
    policy_mode: Mode,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<Rule, Reported> {
    let name = checker.name(document.name.get(), &at.key("name"));
    let to = operation::operations(document.to.as_ref(), &at.key("to"), checker);
    let from = source::sources(document.from.as_ref(), &at.key("from"), checker);
    let roles = role_requirement(document.roles.as_ref(), &at.key("roles"), context, checker);
    let conditions = condition::Context::Rule {
        identity_headers: context.identity_headers,
        to: checker.report.readable(&at.key("to")).map(|()| to.as_slice()),
    };
    let (when, anonymous) =
        condition::conditions(document.when.as_ref(), &at.key("when"), &conditions, checker);
    let rule_action = document.action.unwrap_or(Action::Allow);
    check_on_keys_unavailable(document, at, context, checker);
    if rule_action == Action::Deny {
        check_deny(document, at, checker);
    } else {
        check_authentication(document, anonymous, at, checker);
    }
    Ok(Rule {
        name: name?,
        action: rule_action,
        mode: if policy_mode == Mode::Shadow {
            Mode::Shadow
        } else {
            document.mode.unwrap_or_default()
        },
        authentication: document.authentication.unwrap_or_default(),
        on_keys_unavailable: document.on_keys_unavailable,
        to,
        from,
        roles,
        when,
    })
}

fn check_deny(document: &RuleDocument, at: &PathRef<'_>, checker: &mut Checker) {
    if let Some(Authentication::None | Authentication::Optional) = document.authentication {
        let message = "a DENY rule opens nothing: it refuses whom it matches; leave `authentication` out, and put it on \
                       an ALLOW rule if callers without a token may come in";
        checker.error(&at.key("authentication"), message);
    }
}

fn check_on_keys_unavailable(
    document: &RuleDocument,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) {
    if document.on_keys_unavailable.is_none() {
        return;
    }
    let message = if matches!(document.action, Some(Action::Deny)) {
        "a DENY rule opens nothing: leave it out, and put it on the ALLOW rule that is for the same requests"
    } else if matches!(document.authentication, Some(Authentication::None)) {
        "with `authentication: NONE` no keys are needed; leave it out"
    } else if !context.has_remote_keys {
        "no issuer has keys that could be unavailable; leave it out, or give an issuer `jwksUri` or `discovery`"
    } else {
        return;
    };
    checker.error(&at.key("onKeysUnavailable"), message);
}

/// Refuses an ALLOW rule that asks for no token and that no caller without one could match.
fn check_authentication(
    document: &RuleDocument,
    anonymous: bool,
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    let place = at.key("authentication");
    match document.authentication {
        Some(Authentication::None) if document.roles.is_some() || document.when.is_some() => {
            let message = "with NONE no token is looked at, so there are no roles and claims; leave out `roles` and \
                           `when`, or use OPTIONAL or REQUIRED";
            checker.error(&place, message);
        }
        Some(Authentication::Optional) => {
            let needs_role = document
                .roles
                .as_ref()
                .is_some_and(|roles| roles.any_of.is_some() || roles.all_of.is_some());
            if needs_role || !anonymous {
                let message = "with OPTIONAL a caller may come without a token, but has then none of the roles and \
                               claims that this rule needs, so it never matches; use REQUIRED";
                checker.error(&place, message);
            }
        }
        _ => {}
    }
}

#[inline(never)]
fn role_requirement(
    document: Option<&RolesDocument>,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> RoleRequirement {
    let Some(document) = document else { return RoleRequirement::default() };
    if document.any_of.is_none() && document.all_of.is_none() && document.none_of.is_none() {
        checker
            .error(at, "no role is named; leave the key out or give `anyOf`, `allOf` or `noneOf`");
    }
    let requirement = RoleRequirement {
        any_of: checker.strings(document.any_of.as_ref(), &at.key("anyOf"), text::role),
        all_of: checker.strings(document.all_of.as_ref(), &at.key("allOf"), text::role),
        none_of: checker.strings(document.none_of.as_ref(), &at.key("noneOf"), text::role),
    };
    if !requirement.none_of.is_empty() {
        for (key, list) in [("anyOf", &document.any_of), ("allOf", &document.all_of)] {
            for (index, role) in list.iter().flat_map(|list| list.iter()) {
                check_excluded(
                    role,
                    &requirement.none_of,
                    &at.key(key).index(index),
                    context,
                    checker,
                );
            }
        }
    }
    requirement
}

/// Notes an error where a role comes only together with one that is excluded: it can never satisfy
/// the rule.
fn check_excluded(
    role: &str,
    none_of: &[String],
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) {
    let included = roles::closure(context.hierarchy, role);
    let Some(excluded) = none_of.iter().find(|none| included.contains(none.as_str())) else {
        return;
    };
    let message = if excluded == role {
        format!("{} is also in `noneOf`, so nobody satisfies both; keep one of them", quote(role))
    } else {
        format!(
            "{} includes {}, which `noneOf` excludes; keep one of them",
            quote(role),
            quote(excluded)
        )
    };
    checker.error(at, message);
}
