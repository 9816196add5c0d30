//! How tokens are made: who issues them, with which keys, and what a session puts into them.

use super::read::{FileUse, Node, all};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct Mint {
    /// `iss`, an `http` or `https` URL without query, fragment and final slash.
    pub issuer: String,
    /// Where verifiers find the keys.
    pub jwks_uri: String,
    /// `exp` - `iat`: 10 seconds to 1 hour, whole seconds.
    pub lifetime: Duration,
    /// How many tokens are kept for reuse, of 512 bytes without their base64url: 0 to 10 million.
    pub cache_tokens: u64,
    /// The folder with the keys.
    pub keys: KeyFolder,
    /// Where `sub` comes from; the first source that has a value. Never empty.
    pub subject: Vec<SubjectRule>,
    /// Further claims.
    pub claims: Vec<ClaimRule>,
    /// Roles.
    pub roles: RoleRules,
}

/// A folder with keys.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    /// The folder.
    pub folder: PathBuf,
    /// How often it is looked at: 100 ms to 5 minutes.
    pub poll: Duration,
    /// How long a new key is published before it signs: 0 to 24 hours.
    pub publish_before: Duration,
    /// How long a key is published after its file went away: 0 to 24 hours.
    pub publish_after: Duration,
}

/// A source for `sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRule {
    /// The source.
    pub from: Source,
    /// Put before the value, so that sources can't be taken for one another: none begins as another does.
    pub prefix: String,
    /// Whether the organisation comes between prefix and value, so that two can't be taken for one another either.
    pub per_organisation: bool,
}

/// A claim.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimRule {
    /// Its name.
    pub claim: String,
    /// Where its value comes from; a source without a value leaves the claim away.
    pub taken: Taken,
}

/// Where a claim's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// From the session.
    From(Source),
    /// From the configuration.
    Value(Value),
}

/// What a session knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The organisation.
    OrgId,
    /// The alias of a key; a session that was made from a JWT has none.
    Alias,
    /// The identity of a session that was made from a JWT.
    JwtIdentity,
    /// A hash of the key (SHA-256, 128 bits of it, as hex).
    KeyHash,
    /// The OAuth client.
    OauthClient,
    /// The ids of the policies, as a list.
    Policies,
    /// The tags, as a list.
    Tags,
    /// An entry of the metadata.
    Metadata(String),
    /// A top-level claim of the caller's JWT, where the gateway verified one.
    JwtClaim(String),
    /// The id of the API.
    ApiId,
}

/// Where roles come from; all sources are joined.
#[derive(Clone, Debug)]
pub struct RoleRules {
    /// The claim that receives them, as a list.
    pub claim: String,
    /// The roles of each policy, by its id.
    pub policies: BTreeMap<String, Vec<String>>,
    /// The roles of each tag.
    pub tags: BTreeMap<String, Vec<String>>,
    /// Tags that begin so are roles; what follows is the role's name.
    pub tag_prefix: Option<String>,
    /// Metadata entries that hold roles.
    pub metadata: Vec<RoleMetadata>,
}

impl Default for RoleRules {
    fn default() -> Self {
        Self {
            claim: "roles".to_owned(),
            policies: BTreeMap::new(),
            tags: BTreeMap::new(),
            tag_prefix: None,
            metadata: Vec::new(),
        }
    }
}

/// A metadata entry that holds roles: a JSON list of texts, or a text that is parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMetadata {
    /// The entry.
    pub key: String,
    /// What parts a text.
    pub split: String,
    /// The roles that it may give; empty: any.
    pub allow: BTreeSet<String>,
}

pub(super) fn mint(node: &Node<'_>) -> Option<Mint> {
    let secs = Duration::from_secs;
    let mut section = node.section()?;
    let issuer = section.need("issuer").and_then(|node| url(&node));
    let jwks_uri = section.maybe("jwksUri", url);
    let lifetime = section.or("lifetime", secs(60), |node| {
        let lifetime = node.duration(secs(10)..=secs(3600))?;
        if lifetime.subsec_nanos() == 0 { Some(lifetime) } else { node.wrong("use whole seconds") }
    });
    let cache_tokens = section.or("cacheTokens", 100_000, |node| node.integer(0..=10_000_000));
    let keys = section.need("keys").and_then(|node| key_folder(&node, lifetime));
    let subject = section.or("subject", default_subject(), subjects);
    let roles = section.or("roles", RoleRules::default(), roles);
    let claims = section.or("claims", Vec::new(), |node| all(node.items()?.iter().map(claim)));
    claims_once(node);
    section.end();
    let issuer = issuer?;
    Some(Mint {
        jwks_uri: jwks_uri?.unwrap_or_else(|| format!("{issuer}/jwks.json")),
        issuer,
        lifetime: lifetime?,
        cache_tokens: cache_tokens?,
        keys: keys?,
        subject: subject?,
        claims: claims?,
        roles: roles?,
    })
}

/// Reports claims that two rules write, or that the issuer writes itself.
fn claims_once(mint: &Node<'_>) {
    let mut taken: BTreeSet<_> = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"].map(str::to_owned).into();
    let roles = mint.json().pointer("/roles/claim").and_then(Value::as_str).unwrap_or("roles");
    let mut places = vec![(mint.below("roles").below("claim"), roles)];
    let claims = mint.json().get("claims").and_then(Value::as_array);
    for (index, rule) in claims.into_iter().flatten().enumerate() {
        if let Some(name) = rule.get("claim").and_then(Value::as_str) {
            places.push((mint.below(&format!("claims[{index}]")).below("claim"), name));
        }
    }
    for (place, name) in places {
        if !taken.insert(name.to_owned()) {
            let _: Option<()> =
                place.wrong(format!("claim `{name}` is written by another rule or by the issuer itself"));
        }
    }
}

fn default_subject() -> Vec<SubjectRule> {
    [Source::OauthClient, Source::JwtIdentity, Source::Alias, Source::KeyHash]
        .into_iter()
        .map(|from| SubjectRule { prefix: kind(&from), from, per_organisation: true })
        .collect()
}

/// The prefix that tells a source's values from those of others.
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

fn subjects(node: &Node<'_>) -> Option<Vec<SubjectRule>> {
    let nodes = node.items()?;
    if nodes.is_empty() {
        return node.wrong("is empty; name a source for `sub`");
    }
    let rules: Vec<_> = nodes.iter().map(subject).collect();
    for (index, (node, rule)) in nodes.iter().zip(&rules).enumerate() {
        let Some(rule) = rule else { continue };
        let alike = |other: &SubjectRule| {
            other.prefix.starts_with(&rule.prefix) || rule.prefix.starts_with(&other.prefix)
        };
        let earlier = rules.iter().take(index).position(|other| other.as_ref().is_some_and(alike));
        if let Some(earlier) = earlier {
            let _: Option<()> = node.below("prefix").wrong(format!(
                "`{}` and the prefix of `mint.subject[{earlier}]` begin alike, so that one caller could be taken for another; give each source its own",
                rule.prefix
            ));
        }
    }
    all(rules.into_iter())
}

fn url(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = |rest: &str| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && !rest.ends_with('/')
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte))
    };
    if rest.is_some_and(fits) {
        Some(text)
    } else {
        node.wrong(format!(
            "`{text}` is no URL that fits; use `https://HOST[/PATH]` without query and final slash"
        ))
    }
}

fn key_folder(node: &Node<'_>, lifetime: Option<Duration>) -> Option<KeyFolder> {
    let (secs, day) = (Duration::from_secs, Duration::from_secs(24 * 3600));
    let mut section = node.section()?;
    let folder = section.need("folder").and_then(|node| node.file(FileUse::Keys));
    let poll = section.or("poll", secs(10), |node| node.duration(Duration::from_millis(100)..=secs(300)));
    let publish_before = section.or("publishBefore", secs(600), |node| node.duration(Duration::ZERO..=day));
    // A verifier tolerates a minute of skew unless told otherwise.
    let after = lifetime.unwrap_or_default().saturating_add(secs(60));
    let publish_after = section.or("publishAfter", after, |node| node.duration(Duration::ZERO..=day));
    section.end();
    Some(KeyFolder {
        folder: folder?.into(),
        poll: poll?,
        publish_before: publish_before?,
        publish_after: publish_after?,
    })
}

fn subject(node: &Node<'_>) -> Option<SubjectRule> {
    let mut section = node.section()?;
    let from = section.need("from").and_then(|node| word(&node));
    let key = section.maybe("key", Node::text);
    let prefix = section.maybe("prefix", Node::any_text);
    let source = source(node, from, key);
    let source = match source {
        Some(Source::Policies | Source::Tags) => section.below("from").wrong("a list can't be a subject"),
        other => other,
    };
    // An organisation needs no other beside it.
    let per_organisation = section.or("perOrganisation", source != Some(Source::OrgId), Node::boolean);
    section.end();
    let (from, prefix) = (source?, prefix?);
    Some(SubjectRule {
        prefix: prefix.unwrap_or_else(|| kind(&from)),
        from,
        per_organisation: per_organisation?,
    })
}

fn claim(node: &Node<'_>) -> Option<ClaimRule> {
    let mut section = node.section()?;
    let claim = section.need("claim").and_then(|node| node.text());
    let value = section.get("value");
    let from = section.get("from");
    let key = section.maybe("key", Node::text);
    let taken = match (from, value) {
        (Some(from), None) => source(node, word(&from), key).map(Taken::From),
        (None, Some(_)) if !matches!(key, Some(None)) => {
            section.below("key").wrong("goes with `from` only; leave it out beside `value`")
        }
        (None, Some(value)) => Some(Taken::Value(value.json().clone())),
        _ => node.wrong("give either `from` or `value`"),
    };
    section.end();
    Some(ClaimRule { claim: claim?, taken: taken? })
}

#[derive(Clone, Copy)]
enum Word {
    Plain(Plain),
    Metadata,
    JwtClaim,
}

#[derive(Clone, Copy)]
enum Plain {
    OrgId,
    Alias,
    JwtIdentity,
    KeyHash,
    OauthClient,
    Policies,
    Tags,
    ApiId,
}

fn word(node: &Node<'_>) -> Option<Word> {
    node.word(&[
        ("ORG_ID", Word::Plain(Plain::OrgId)),
        ("ALIAS", Word::Plain(Plain::Alias)),
        ("JWT_IDENTITY", Word::Plain(Plain::JwtIdentity)),
        ("KEY_HASH", Word::Plain(Plain::KeyHash)),
        ("OAUTH_CLIENT", Word::Plain(Plain::OauthClient)),
        ("POLICIES", Word::Plain(Plain::Policies)),
        ("TAGS", Word::Plain(Plain::Tags)),
        ("API_ID", Word::Plain(Plain::ApiId)),
        ("METADATA", Word::Metadata),
        ("JWT_CLAIM", Word::JwtClaim),
    ])
}

#[expect(clippy::option_option, reason = "as a section's reader gives it")]
fn source(node: &Node<'_>, word: Option<Word>, key: Option<Option<String>>) -> Option<Source> {
    match (word?, key?) {
        (Word::Metadata, Some(key)) => Some(Source::Metadata(key)),
        (Word::JwtClaim, Some(key)) => Some(Source::JwtClaim(key)),
        (Word::Metadata | Word::JwtClaim, None) => {
            node.wrong("`key` is missing; name the entry or the claim")
        }
        (Word::Plain(_), Some(_)) => node.wrong("`key` goes with `METADATA` and `JWT_CLAIM` only"),
        (Word::Plain(plain), None) => Some(match plain {
            Plain::OrgId => Source::OrgId,
            Plain::Alias => Source::Alias,
            Plain::JwtIdentity => Source::JwtIdentity,
            Plain::KeyHash => Source::KeyHash,
            Plain::OauthClient => Source::OauthClient,
            Plain::Policies => Source::Policies,
            Plain::Tags => Source::Tags,
            Plain::ApiId => Source::ApiId,
        }),
    }
}

fn roles(node: &Node<'_>) -> Option<RoleRules> {
    let default = RoleRules::default();
    let mut section = node.section()?;
    let claim = section.or("claim", default.claim, Node::text);
    let policies = section.or("policies", default.policies, role_map);
    let tags = section.or("tags", default.tags, role_map);
    let tag_prefix = section.maybe("tagPrefix", Node::text);
    let metadata =
        section.or("metadata", default.metadata, |node| all(node.items()?.iter().map(role_metadata)));
    section.end();
    Some(RoleRules {
        claim: claim?,
        policies: policies?,
        tags: tags?,
        tag_prefix: tag_prefix?,
        metadata: metadata?,
    })
}

fn role_map(node: &Node<'_>) -> Option<BTreeMap<String, Vec<String>>> {
    let entries = node.section()?.entries();
    let roles = all(entries.iter().map(|(key, node)| Some(((*key).to_owned(), node.texts()?))))?;
    Some(roles.into_iter().collect())
}

fn role_metadata(node: &Node<'_>) -> Option<RoleMetadata> {
    let mut section = node.section()?;
    let key = section.need("key").and_then(|node| node.text());
    let split = section.or("split", ",".to_owned(), Node::text);
    let allow = section.or("allow", Vec::new(), |node| {
        let roles = node.texts()?;
        if roles.is_empty() {
            node.wrong("is empty; name the roles, or leave the key out for any")
        } else {
            Some(roles)
        }
    });
    section.end();
    Some(RoleMetadata { key: key?, split: split?, allow: allow?.into_iter().collect() })
}
