//! How tokens are made: who issues them, with which keys, and what a session puts into them.

use attache_config_reader::NonEmpty;
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
    /// Where `sub` comes from; the first source that has a value.
    pub subject: NonEmpty<SubjectRule>,
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
    /// Put before the value, so that sources can't be taken for one another: none begins as another
    /// does.
    pub prefix: String,
    /// Whether the organisation comes between prefix and value, so that two can't be taken for one
    /// another either.
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
    /// The roles that it may give; absent: any.
    pub allow: Option<BTreeSet<String>>,
}
