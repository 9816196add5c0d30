//! Where requests come from: every class of mTLS callers, and every class of addresses.

use crate::explain::Client;
use crate::symbolic::language::{Languages, Letters, Program};
use crate::symbolic::too_complex::TooComplex;
use attache_engine::policy::SourceProbe;
use attache_plugin_config::{IpBlock, Source, StringPattern};
use foldhash::{HashSet, HashSetExt as _};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The classes of callers.
#[derive(Default)]
pub(in super::super) struct Callers {
    /// A principal of each class; `None`: no certificate.
    pub(in super::super) principals: Vec<Option<String>>,
}

impl Callers {
    /// Finds the classes. `presenters` are patterns of principals that stand elsewhere.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn find(
        sources: &[&Source],
        presenters: &[&StringPattern],
    ) -> Result<Self, TooComplex> {
        let mut principals = vec![None];
        let sources: Vec<Source> = sources.iter().map(|source| of_caller(source)).collect();
        if sources.iter().all(|source| *source == Source::default()) && presenters.is_empty() {
            return Ok(Self { principals });
        }
        principals.extend(accounts(&sources).into_iter().map(Some));
        let patterns = sources
            .iter()
            .flat_map(|source| [&source.principals, &source.not_principals])
            .flatten();
        let mut programs: Vec<Program> =
            patterns.chain(presenters.iter().copied()).map(Program::string).collect();
        for source in &sources {
            programs.extend(
                [&source.namespaces, &source.not_namespaces]
                    .into_iter()
                    .flatten()
                    .map(of_namespace),
            );
            let accounts = [&source.service_accounts, &source.not_service_accounts];
            programs.extend(accounts.into_iter().flatten().map(|name| of_account(name)));
        }
        let languages = Languages { programs, ..Languages::default() };
        let classes = languages.classes(|text| !text.is_empty())?;
        let texts: Vec<String> = classes.into_iter().map(|class| class.text).collect();
        principals.extend(texts.iter().flat_map(|text| spiffe_ids_like(text)).map(Some));
        principals.extend(texts.into_iter().map(Some));
        let probes: Vec<SourceProbe> = sources.iter().map(SourceProbe::new).collect();
        let presents = |principal: &Option<String>| -> Vec<bool> {
            let matches = |pattern: &&StringPattern| {
                let principal = principal.as_deref();
                principal.is_some_and(|principal| matches_string(pattern, principal))
            };
            presenters.iter().map(matches).collect()
        };
        let mut seen = HashSet::new();
        principals.retain(|principal| {
            let client = Client { principal: principal.clone(), ..Client::default() };
            let answers: Vec<bool> =
                probes.iter().map(|probe| probe.matches(&client, false)).collect();
            seen.insert((principal.is_some(), answers, presents(principal)))
        });
        Ok(Self { principals })
    }

    /// Returns the classes that a source is for, whatever it says of addresses.
    pub(in super::super) fn matching(&self, source: &Source) -> Vec<usize> {
        let probe = SourceProbe::new(&of_caller(source));
        self.those(|principal| {
            probe.matches(
                &Client { principal: principal.map(str::to_owned), ..Client::default() },
                false,
            )
        })
    }

    /// Returns the classes that one of these patterns matches.
    pub(in super::super) fn presenting(&self, patterns: &[StringPattern]) -> Vec<usize> {
        self.those(|principal| {
            principal.is_some_and(|principal| {
                patterns.iter().any(|pattern| matches_string(pattern, principal))
            })
        })
    }

    fn those(&self, are: impl Fn(Option<&str>) -> bool) -> Vec<usize> {
        let all = (0..).zip(&self.principals);
        all.filter(|(_, principal)| are(principal.as_deref())).map(|(number, _)| number).collect()
    }
}

fn matches_string(pattern: &StringPattern, value: &str) -> bool {
    attache_engine::policy::PrincipalMatch::new(pattern).matches(value)
}

fn of_caller(source: &Source) -> Source {
    Source {
        ip_blocks: Vec::new(),
        not_ip_blocks: Vec::new(),
        remote_ip_blocks: Vec::new(),
        not_remote_ip_blocks: Vec::new(),
        ..source.clone()
    }
}

fn of_addresses(source: &Source) -> Source {
    let Source { ip_blocks, not_ip_blocks, remote_ip_blocks, not_remote_ip_blocks, .. } =
        source.clone();
    Source { ip_blocks, not_ip_blocks, remote_ip_blocks, not_remote_ip_blocks, ..Source::default() }
}

/// Returns principals as Istio writes them, so that one of these is shown rather than another text
/// of its class.
fn accounts(sources: &[Source]) -> Vec<String> {
    let (mut namespaces, mut names) = (BTreeSet::from(["x"]), BTreeSet::from(["x"]));
    for source in sources {
        for pattern in source.namespaces.iter().chain(&source.not_namespaces) {
            if let StringPattern::Exact(text) = pattern {
                namespaces.insert(text);
            }
        }
        for name in source.service_accounts.iter().chain(&source.not_service_accounts) {
            let (namespace, name) =
                name.split_once('/').map_or((None, name.as_str()), |(a, b)| (Some(a), b));
            namespaces.extend(namespace);
            names.insert(name);
        }
    }
    // All pairs only where they are few.
    let is_few = namespaces.len().saturating_mul(names.len()) <= 256;
    let pairs =
        namespaces.iter().flat_map(|namespace| names.iter().map(move |name| (*namespace, *name)));
    let written =
        |(namespace, name): (&str, &str)| format!("cluster.local/ns/{namespace}/sa/{name}");
    pairs
        .filter(|(namespace, name)| is_few || *namespace == "x" || *name == "x")
        .map(written)
        .collect()
}

/// Returns SPIFFE IDs that a text of a class leads to: some are of its class, and are shown in its
/// place, which may have no trust domain.
fn spiffe_ids_like(text: &str) -> Vec<String> {
    const OTHER: &str = "cluster.local/ns/x/sa/x";
    let behind = OTHER.trim_start_matches("cluster.local");
    let likely = [
        text.to_owned(),
        format!("cluster.local{text}"),
        format!("cluster.local/{text}"),
        format!("cluster.local/ns/x/sa/{text}"),
        format!("{OTHER}{text}"),
        format!("{text}{behind}"),
        format!("{text}/x"),
        format!("{text}x"),
        format!("{text}x{behind}"),
        format!("x{text}"),
    ];
    likely.into_iter().filter(|id| is_spiffe_id(id)).collect()
}

/// Returns whether a principal is what stands behind `spiffe://`: a trust domain and a path
/// (SPIFFE-ID sections 2.1 and 2.2).
fn is_spiffe_id(principal: &str) -> bool {
    let Some((domain, path)) = principal.split_once('/') else { return false };
    let is_of_domain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    !domain.is_empty() && domain.chars().all(is_of_domain) && path.split('/').all(is_segment)
}

fn of_namespace(pattern: &StringPattern) -> Program {
    let name = Program::default().then_any(Letters::OfSegment).then("/ns/");
    name.then_pattern(pattern, Letters::OfSegment).then("/sa/").then_some(Letters::OfSegment)
}

fn of_account(name: &str) -> Program {
    let domain = Program::default().then_any(Letters::OfSegment).then("/ns/");
    match name.split_once('/') {
        Some((namespace, name)) => domain.then(namespace).then("/sa/").then(name),
        None => domain.then_some(Letters::OfSegment).then("/sa/").then(name),
    }
}

/// The classes of addresses.
#[derive(Default)]
pub(in super::super) struct Addresses {
    /// A client of each class, of which only addresses are known.
    pub(in super::super) clients: Vec<Client>,
}

impl Addresses {
    /// Finds the classes.
    pub(super) fn find(sources: &[&Source]) -> Self {
        let sources: Vec<Source> = sources.iter().map(|source| of_addresses(source)).collect();
        let blocks = sources.iter().flat_map(|source| {
            [
                &source.ip_blocks,
                &source.not_ip_blocks,
                &source.remote_ip_blocks,
                &source.not_remote_ip_blocks,
            ]
        });
        let mut addresses: Vec<IpAddr> = vec![Ipv4Addr::new(192, 0, 2, 1).into()];
        addresses.extend(blocks.flatten().flat_map(ends));
        addresses.extend([IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]);
        let direct =
            addresses.iter().map(|address| Client { address: Some(*address), ..Client::default() });
        let told = addresses
            .iter()
            .map(|address| Client { client_address: Some(*address), ..Client::default() });
        let unknown = Client::default();
        let mut clients: Vec<Client> = direct.chain(told).chain([unknown]).collect();
        let probes: Vec<SourceProbe> = sources.iter().map(SourceProbe::new).collect();
        if sources.iter().all(|source| *source == Source::default()) {
            clients = vec![Client::default()];
        }
        let mut seen = HashSet::new();
        clients.retain(|client| {
            let answers = probes
                .iter()
                .flat_map(|probe| [false, true].map(|unknown| probe.matches(client, unknown)));
            seen.insert(answers.collect::<Vec<bool>>())
        });
        Self { clients }
    }

    /// Returns the classes that a source is for, whatever it says of callers.
    pub(in super::super) fn matching(&self, source: &Source, unknown_address: bool) -> Vec<usize> {
        let probe = SourceProbe::new(&of_addresses(source));
        let all = (0..).zip(&self.clients);
        all.filter(|(_, client)| probe.matches(*client, unknown_address))
            .map(|(number, _)| number)
            .collect()
    }
}

/// Returns the first address of a block and the first after it: between such addresses no block
/// begins or ends.
fn ends(block: &IpBlock) -> Vec<IpAddr> {
    let prefix = u32::from(block.prefix);
    let after: Option<IpAddr> = match block.address {
        IpAddr::V4(first) => {
            let length = 1_u32.checked_shl(32_u32.saturating_sub(prefix));
            length
                .and_then(|length| first.to_bits().checked_add(length))
                .map(|bits| Ipv4Addr::from_bits(bits).into())
        }
        IpAddr::V6(first) => {
            let length = 1_u128.checked_shl(128_u32.saturating_sub(prefix));
            length
                .and_then(|length| first.to_bits().checked_add(length))
                .map(|bits| Ipv6Addr::from_bits(bits).into())
        }
    };
    std::iter::once(block.address).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &Source) -> Vec<String> {
        let callers = Callers::find(&[source], &[]);
        let Ok(callers) = callers else { panic!("too complex") };
        callers.principals.into_iter().flatten().collect()
    }

    #[test]
    fn every_caller_is_a_spiffe_id_where_one_is_of_its_class() {
        let patterns = [
            StringPattern::Suffix("/ns/shop/sa/web".to_owned()),
            StringPattern::Suffix("/web".to_owned()),
            StringPattern::Suffix("web".to_owned()),
            StringPattern::Prefix("cluster.local/ns/shop/".to_owned()),
            StringPattern::Prefix("cluster".to_owned()),
            StringPattern::Prefix("td.example".to_owned()),
            StringPattern::Exact("td.example/ns/shop/sa/web".to_owned()),
            StringPattern::Any,
        ];
        for pattern in patterns {
            for source in [
                Source { principals: vec![pattern.clone()], ..Source::default() },
                Source { not_principals: vec![pattern.clone()], ..Source::default() },
                Source { namespaces: vec![pattern.clone()], ..Source::default() },
            ] {
                let principals = found(&source);
                assert!(!principals.is_empty());
                let odd: Vec<&String> =
                    principals.iter().filter(|principal| !is_spiffe_id(principal)).collect();
                assert!(odd.is_empty(), "{pattern:?}: {odd:?}");
            }
        }
    }
}
