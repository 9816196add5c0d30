//! What is asked of tokens, and what services are told of them.

use super::clause::{Change, Owner};
use super::conditions;
use super::document::{list, shown, word};
use super::lists::{demands, each_dropped};
use super::mutation::{Effect, Mutation};
use attache_config_reader::{Node, Path};

/// Keys of an issuer without which it accepts more.
const DEMANDS: [&str; 8] = [
    "audiences",
    "tokenTypes",
    "subjects",
    "presenters",
    "maxLifetime",
    "maxAge",
    "issuerSegment",
    "subjectPrefix",
];

/// Notes the mutants of all issuers. Keys and algorithms have none: tests write tokens as claims,
/// whose signatures count as good.
pub(super) fn add(configuration: &Node, mutations: &mut Vec<Mutation>) {
    for (index, issuer) in list(configuration, "issuers").iter().enumerate() {
        let path = Path::default().key("issuers").index(index);
        let name = format!("issuer {}", word(issuer, "name"));
        let mut owner = Owner { name, path, wider: Effect::More, mutations };
        add_issuer(&mut owner, issuer);
    }
}

fn add_issuer(owner: &mut Owner<'_>, issuer: &Node) {
    for key in DEMANDS.into_iter().filter(|key| issuer.get(key).is_some()) {
        let at = owner.path.clone().key(key);
        owner.remove(&at.clone(), at, Change::Wider, format!("`{key}` dropped"));
        let issuer_at = owner.path.clone();
        each_dropped(owner, issuer, &issuer_at, key);
    }
    if issuer.get("requireExpiration") != Some(&Node::Bool(false)) {
        flag(owner, issuer, "requireExpiration");
    }
    if issuer.get("requireIssuedAt") == Some(&Node::Bool(true)) {
        flag(owner, issuer, "requireIssuedAt");
    }
    conditions::claims(owner, issuer, "claims");
    if let Some(revoked) = issuer.get("revoked") {
        let at = owner.path.clone().key("revoked");
        for key in ["tokenIds", "keyIds", "subjects"] {
            demands(owner, revoked, &at, key, None);
        }
    }
    role_claims(owner, issuer);
    headers(owner, issuer);
}

/// Notes the mutant that does not ask for a claim.
fn flag(owner: &mut Owner<'_>, issuer: &Node, key: &str) {
    let place = owner.path.clone().key(key);
    let at = if issuer.get(key).is_some() { place.clone() } else { owner.path.clone().key("name") };
    owner.set(&at, place, Node::Bool(false), Change::Wider, format!("`{key}` made false"));
}

fn role_claims(owner: &mut Owner<'_>, issuer: &Node) {
    for (index, source) in list(issuer, "roleClaims").iter().enumerate() {
        let at = owner.path.clone().key("roleClaims").index(index);
        let claim = source.get("claim").map(shown).unwrap_or_default();
        owner.remove(
            &at.clone(),
            at.clone(),
            Change::Narrower,
            format!("roles of `{claim}` not read"),
        );
        if source.get("prefix").is_some() {
            let at = at.key("prefix");
            owner.remove(
                &at.clone(),
                at,
                Change::Wider,
                format!("`prefix` of roles of `{claim}` dropped"),
            );
        }
    }
}

/// Notes the mutants that do not write a header: a client may then write it itself.
fn headers(owner: &mut Owner<'_>, issuer: &Node) {
    for (index, entry) in list(issuer, "outputClaimToHeaders").iter().enumerate() {
        let at = owner.path.clone().key("outputClaimToHeaders").index(index);
        let words = format!("header `{}` left to the client", word(entry, "header"));
        owner.remove(&at.clone(), at, Change::Wider, words);
    }
    if issuer.get("outputPayloadToHeader").is_some() {
        let at = owner.path.clone().key("outputPayloadToHeader");
        let words =
            format!("header `{}` left to the client", word(issuer, "outputPayloadToHeader"));
        owner.remove(&at.clone(), at, Change::Wider, words);
    }
}
