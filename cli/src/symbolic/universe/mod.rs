//! Everything that requests may differ in, so far as anybody asks: for each thing its classes, with
//! a value of each.

mod claim_draft;
mod claim_value;
mod claims;
mod dimension;
mod distinct;
mod drafts;
mod headers;
mod hosts;
mod issuers;
mod origins;
mod part;
mod paths;
mod questions;
mod values;

pub(super) use claim_draft::Question;
pub(super) use claim_value::insert;
pub(super) use claims::Claim;
pub(super) use dimension::Dimension;
pub(super) use drafts::is_within;
pub(super) use headers::{HeaderValue, Headers};
pub(super) use hosts::Hosts;
pub(super) use origins::{Addresses, Callers};
pub(super) use part::{Part, of_scope};
pub(super) use paths::Paths;
pub(super) use questions::{
    as_issued, is_named, looks_at_claim_alone, of_good_token, of_test, role_reader,
};

use super::diagram::Diagram;
use super::region::Scope;
use super::side::Side;
use super::too_complex::TooComplex;
use attache_plugin_config::{ClaimPath, Issuer, Operation, Source};
use distinct::distinct;
use foldhash::HashMap;
use issuers::{SharedIssuer, alone, presenters, shared_issuers};
use part::parts;
use std::collections::BTreeSet;

/// Everything that requests may differ in.
pub(super) struct Universe<'u> {
    pub(super) sides: &'u [Side],
    pub(super) paths: Paths,
    pub(super) path: Dimension,
    pub(super) methods: Vec<String>,
    pub(super) method: Dimension,
    /// That of its methods which no rule names: it stands for all such.
    pub(super) unnamed_method: String,
    pub(super) hosts: Hosts,
    pub(super) host: Dimension,
    pub(super) ports: Vec<u16>,
    pub(super) port: Dimension,
    pub(super) callers: Callers,
    pub(super) caller: Dimension,
    pub(super) addresses: Addresses,
    pub(super) address: Dimension,
    /// Whose token it is; class 0 is a request without one.
    pub(super) issuers: Vec<SharedIssuer>,
    pub(super) issuer: Dimension,
    pub(super) claims: Vec<Claim>,
    pub(super) headers: Headers,
    /// What was not followed to the end, as sentences.
    pub(super) limits: BTreeSet<String>,
    numbers: HashMap<ClaimPath, usize>,
}

impl<'u> Universe<'u> {
    /// Finds everything that rules and scopes can tell apart.
    ///
    /// # Errors
    /// That is too much.
    pub(super) fn new(
        sides: &'u [Side],
        scopes: &[&'u Scope],
        diagram: &mut Diagram,
    ) -> Result<Self, TooComplex> {
        let parts = parts(sides, scopes);
        let issuers = shared_issuers(sides);
        let operations = || parts.iter().flat_map(|part| &part.rule.to);
        let sources: Vec<&Source> = distinct(parts.iter().flat_map(|part| &part.rule.from));
        let mut drafts = drafts::Drafts::gather(sides, &issuers, &parts);
        let paths = Paths::find(paths::Probes::of(&parts), &drafts.segments(&parts))?;
        drafts.add_segments(&parts, &paths);
        let hosts = Hosts::find(
            &operations().flat_map(|it| it.hosts.iter().chain(&it.not_hosts)).cloned().collect(),
        )?;
        let callers = Callers::find(&sources, &presenters(sides, &issuers))?;
        let addresses = Addresses::find(&sources);
        let ((methods, unnamed_method), ports) = (methods(operations()), ports(operations()));
        let mut dimension = |count: usize| Dimension::new(diagram, count);
        let path = dimension(paths.texts.len());
        let method = dimension(methods.len());
        let host = dimension(hosts.texts.len());
        let port = dimension(ports.len());
        let caller = dimension(callers.principals.len());
        let address = dimension(addresses.clients.len());
        let issuer = dimension(issuers.len().saturating_add(1));
        let claims = drafts.claims(diagram)?;
        let headers = Headers::find(&drafts.compared_headers, &claims, diagram);
        let numbers =
            claims.iter().enumerate().map(|(number, claim)| (claim.path.clone(), number)).collect();
        let mut limits = drafts.limits;
        limits.extend(alone(sides, &issuers));
        Ok(Self {
            sides,
            paths,
            path,
            methods,
            method,
            unnamed_method,
            hosts,
            host,
            ports,
            port,
            callers,
            caller,
            addresses,
            address,
            issuers,
            issuer,
            claims,
            headers,
            limits,
            numbers,
        })
    }

    /// Returns the number of a claim that somebody asks for.
    pub(super) fn claim(&self, path: &ClaimPath) -> Option<usize> {
        self.numbers.get(path).copied()
    }

    /// Returns an issuer as one side has it.
    pub(super) fn issuer_of(&self, side: usize, shared: usize) -> Option<&'u Issuer> {
        let number = *self.issuers.get(shared)?.get(side)?;
        self.sides.get(side)?.config.issuers.get(number)
    }
}

/// Returns each method that is named, and first those that people know best, and one among them
/// that is not named: that one once more.
fn methods<'o>(operations: impl Iterator<Item = &'o Operation>) -> (Vec<String>, String) {
    let named: BTreeSet<&str> = operations
        .flat_map(|it| it.methods.iter().chain(&it.not_methods))
        .map(String::as_str)
        .collect();
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let other = known.iter().copied().find(|method| !named.contains(method));
    let unknown =
        (0..).map(|number| format!("X{number}")).find(|method| !named.contains(method.as_str()));
    let unnamed = other.map(str::to_owned).or_else(|| unknown.clone()).unwrap_or_default();
    let mut methods: Vec<String> = known
        .iter()
        .filter(|method| named.contains(*method) || other == Some(**method))
        .map(|method| (*method).to_owned())
        .collect();
    methods.extend(
        named.iter().filter(|method| !known.contains(method)).map(|method| (*method).to_owned()),
    );
    methods.extend(unknown.filter(|_| other.is_none()));
    (methods, unnamed)
}

/// Returns one port that nobody names, and each that is named.
fn ports<'o>(operations: impl Iterator<Item = &'o Operation>) -> Vec<u16> {
    let named: BTreeSet<u16> =
        operations.flat_map(|it| it.ports.iter().chain(&it.not_ports)).copied().collect();
    let other = (8080..=u16::MAX).chain(1..8080).find(|port| !named.contains(port));
    other.into_iter().chain(named.iter().copied()).collect()
}
