//! How tokens are made: who issues them, with which keys, and whom they are for.

use super::claim::{claims, source};
use super::named::FileUse;
use super::roles::roles;
use super::{Checker, all};
use crate::config::document::{KeyFolderDocument, MintDocument, SubjectDocument};
use crate::config::{KeyFolder, Mint, RoleRules, Source, SubjectRule};
use attache_config_reader::{List, PathRef, Reported, quote};
use std::time::Duration;

pub(super) fn mint(
    document: &MintDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Mint, Reported> {
    let issuer = document.issuer.get().and_then(|text| url(text, &at.key("issuer"), checker));
    let jwks_uri = document.jwks_uri.as_ref();
    let jwks_uri = jwks_uri.map(|text| url(text, &at.key("jwksUri"), checker)).transpose();
    let lifetime = lifetime(document, &at.key("lifetime"), checker);
    let cache_tokens =
        checker.number(document.cache_tokens, 100_000, 0..=10_000_000, &at.key("cacheTokens"));
    let keys = document.keys.get();
    let keys = keys.and_then(|keys| key_folder(keys, lifetime, &at.key("keys"), checker));
    let at_subject = at.key("subject");
    let subject = match &document.subject {
        Some(list) => subjects(list, &at_subject, checker),
        None => Ok(default_subjects()),
    };
    let no_subject = "is empty; name a source for `sub`";
    let subject = subject.and_then(|rules| checker.some(rules, &at_subject, no_subject));
    let role_rules = document.roles.as_ref();
    let role_rules =
        role_rules.map_or(Ok(RoleRules::default()), |one| roles(one, &at.key("roles"), checker));
    let claims = claims(document, at, checker);
    let issuer = issuer?;
    Ok(Mint {
        jwks_uri: jwks_uri?.unwrap_or_else(|| format!("{issuer}/jwks.json")),
        issuer,
        lifetime: lifetime?,
        cache_tokens: cache_tokens?,
        keys: keys?,
        subject: subject?,
        claims: claims?,
        roles: role_rules?,
    })
}

fn lifetime(
    document: &MintDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Duration, Reported> {
    let range = Duration::from_secs(10)..=Duration::from_secs(3600);
    let lifetime = checker.duration(document.lifetime, Duration::from_secs(60), range, at)?;
    if lifetime.subsec_nanos() == 0 {
        Ok(lifetime)
    } else {
        Err(checker.error(at, "use whole seconds"))
    }
}

fn key_folder(
    document: &KeyFolderDocument,
    lifetime: Result<Duration, Reported>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<KeyFolder, Reported> {
    let secs = Duration::from_secs;
    let folder = document.folder.get();
    let folder = folder.and_then(|name| checker.file(name, FileUse::Keys, &at.key("folder")));
    let poll = Duration::from_millis(100)..=secs(300);
    let poll = checker.duration(document.poll, secs(10), poll, &at.key("poll"));
    let day = Duration::ZERO..=secs(24 * 3600);
    let before =
        checker.duration(document.publish_before, secs(600), day.clone(), &at.key("publishBefore"));
    // A verifier tolerates a minute of skew unless told otherwise.
    let after = lifetime.unwrap_or_default().saturating_add(secs(60));
    let after = checker.duration(document.publish_after, after, day, &at.key("publishAfter"));
    Ok(KeyFolder {
        folder: folder?.into(),
        poll: poll?,
        publish_before: before?,
        publish_after: after?,
    })
}

fn default_subjects() -> Vec<SubjectRule> {
    [Source::OauthClient, Source::JwtIdentity, Source::Alias, Source::KeyHash]
        .into_iter()
        .map(|from| SubjectRule { prefix: kind(&from), from, per_organisation: true })
        .collect()
}

/// Returns the prefix that tells a source's values from those of others.
fn kind(source: &Source) -> String {
    match source {
        Source::OauthClient => "client:".to_owned(),
        Source::JwtIdentity => "jwt:".to_owned(),
        Source::Alias => "alias:".to_owned(),
        Source::KeyHash => "key:".to_owned(),
        Source::OrgId => "org:".to_owned(),
        Source::ApiId => "api:".to_owned(),
        Source::Metadata(key) => format!("metadata.{key}:"),
        Source::JwtClaim(name) => format!("claim.{name}:"),
        Source::Policies | Source::Tags => String::new(),
    }
}

fn subjects(
    list: &List<SubjectDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Vec<SubjectRule>, Reported> {
    let rules: Vec<_> = list
        .iter()
        .map(|(index, document)| (index, subject(document, &at.index(index), checker)))
        .collect();
    for (position, (index, rule)) in rules.iter().enumerate() {
        let Ok(rule) = rule else { continue };
        let mut earlier = rules.iter().take(position);
        let alike =
            earlier.find(|(_, other)| other.as_ref().is_ok_and(|other| begin_alike(rule, other)));
        if let Some((other, _)) = alike {
            let message = format!(
                "{} and the prefix of `mint.subject[{other}]` begin alike, so that one caller could be taken for another; \
                 give each source its own",
                quote(&rule.prefix)
            );
            checker.error(&at.index(*index).key("prefix"), message);
        }
    }
    all(rules.into_iter().map(|(_, rule)| rule))
}

fn begin_alike(one: &SubjectRule, other: &SubjectRule) -> bool {
    other.prefix.starts_with(&one.prefix) || one.prefix.starts_with(&other.prefix)
}

fn subject(
    document: &SubjectDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<SubjectRule, Reported> {
    let key = checker.optional_text(document.key.as_ref(), &at.key("key"));
    let from = source(*document.from.get()?, key?, at, checker)?;
    if matches!(from, Source::Policies | Source::Tags) {
        return Err(checker.error(&at.key("from"), "a list can't be a subject"));
    }
    Ok(SubjectRule {
        prefix: document.prefix.clone().unwrap_or_else(|| kind(&from)),
        // An organisation needs no other beside it.
        per_organisation: document.per_organisation.unwrap_or(from != Source::OrgId),
        from,
    })
}

fn url(text: &str, at: &PathRef<'_>, checker: &mut Checker) -> Result<String, Reported> {
    let text = checker.text(text, at)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && !rest.ends_with('/')
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte))
    });
    if fits {
        return Ok(text);
    }
    let message = format!(
        "{} is no URL that fits; use `https://HOST[/PATH]` without query and final slash",
        quote(&text)
    );
    Err(checker.error(at, message))
}
