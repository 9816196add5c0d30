//! What issuers ask of their tokens, and where they have roles.

use super::{Drafts, is_within};
use crate::shown::quoted;
use crate::symbolic::side::Side;
use crate::symbolic::universe::claim_draft::ClaimDraft;
use crate::symbolic::universe::questions::{is_named, role_reader};
use attache_plugin_config::{ClaimPath, Issuer, IssuerId, RoleClaim, RoleForm, StringMatch, Test};
use foldhash::HashSet;
use std::collections::BTreeSet;

impl<'u> Drafts<'u> {
    /// Adds what an issuer asks of every token.
    pub(super) fn issuer(&mut self, issuer: &Issuer, asked: &mut HashSet<String>) {
        for condition in &issuer.claims {
            self.condition(condition, false, asked);
            if let Test::EqualsClaim(other) = &condition.test
                && !issuer.subject_prefix.is_empty()
                && [&condition.claim, other].into_iter().any(|path| is_named(path, "sub"))
            {
                self.limits.insert(format!(
                    "issuer `{}` compares `sub` with another claim and puts a prefix before it; not every pair of values was \
                     looked at",
                    issuer.name
                ));
            }
        }
        if !issuer.subjects.is_empty()
            && let Ok(subject) = ClaimPath::parse("sub")
        {
            self.draft(&subject);
        }
        if let IssuerId::Pattern(pattern) = &issuer.issuer
            && let Some(claim) = pattern.equals_claim()
        {
            self.draft(claim);
        }
        for (path, draft) in &mut self.claims {
            if let [name] = path.steps() {
                registered(name, issuer, draft);
            }
        }
    }

    /// Adds the claims that an issuer's roles are read from.
    pub(super) fn role_claims(
        &mut self,
        side: &'u Side,
        issuer: &'u Issuer,
        roles: &BTreeSet<String>,
    ) {
        for source in &issuer.role_claims {
            let draft = self.claims.entry(source.claim.clone()).or_default();
            if draft.form.as_ref().is_some_and(|form| *form != source.form)
                || !is_plain(source, draft)
            {
                let claim = quoted(&source.claim.to_string());
                self.limits.insert(format!(
                    "{claim} holds roles in another form than a list of them, and is asked for in another way too; \
                     of its values only lists of roles were looked at"
                ));
            }
            draft.form = Some(source.form.clone());
            draft.roles.push(role_reader(side.role_table(), source));
            for role in roles {
                if let Some(written) = role.strip_prefix(source.prefix.as_str()) {
                    draft.drafts.add_text(written);
                }
            }
        }
    }

    /// Adds the claims that go into headers and hold what is asked for.
    pub(super) fn written_claims(&mut self, issuer: &Issuer) {
        for to in &issuer.output_claim_to_headers {
            if self.claims.keys().any(|used| is_within(used, &to.claim)) {
                self.draft(&to.claim);
            }
        }
    }
}

/// Returns whether a claim's roles are strings, each a role, or it is asked for its roles alone.
fn is_plain(source: &RoleClaim, draft: &ClaimDraft<'_>) -> bool {
    let is_list = source.form == RoleForm::Strings && source.split.is_none();
    is_list || (draft.questions.is_empty() && !draft.is_compared)
}

/// Adds what an issuer asks of a claim with a name of its own.
fn registered(name: &str, issuer: &Issuer, draft: &mut ClaimDraft<'_>) {
    let drafts = &mut draft.drafts;
    match (name, &issuer.issuer) {
        ("sub", _) => {
            let prefix = issuer.subject_prefix.as_str();
            drafts.add_match(&StringMatch::Prefix(String::new()), prefix);
            let revoked = issuer.revoked.subjects.iter().cloned().map(StringMatch::Exact);
            issuer
                .subjects
                .iter()
                .cloned()
                .chain(revoked)
                .for_each(|wanted| drafts.add_match(&wanted, prefix));
            let asked = issuer.claims.iter().filter(|condition| condition.claim.steps() == ["sub"]);
            asked.for_each(|condition| drafts.add_behind(&condition.test, prefix));
        }
        ("jti", _) => issuer.revoked.token_ids.iter().for_each(|id| drafts.add_text(id)),
        ("aud", _) => issuer.audiences.iter().for_each(|audience| drafts.add_text(audience)),
        ("iss", IssuerId::Exact(iss)) => drafts.add_text(iss),
        ("iss", IssuerId::Pattern(pattern)) => {
            let segments = pattern.values().iter().map(String::as_str).chain(["x"]);
            segments.for_each(|segment| drafts.add_text(&pattern.with(segment)));
        }
        _ => {}
    }
}
