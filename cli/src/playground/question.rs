//! What the form of the page asks.

use crate::explain::{
    Client, Credential, Query, RequestLine, WorkloadQuery, read_claims, read_header, read_label,
    read_workload, seconds_now,
};
use attache_engine::policy::View;
use attache_plugin_config::KeySet;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The texts of the form's fields. An empty one says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Question {
    /// YAML or JSON.
    pub(super) configuration: String,
    /// `GET /orders/1`.
    request: String,
    host: String,
    /// `name: value`, one a line.
    headers: String,
    /// Claims, as JSON; where there are none and no token, the caller shows nothing.
    claims: String,
    /// Whose claims they are.
    issuer: String,
    /// A token as it is.
    token: String,
    /// A JWKS for each issuer that has a provider, as JSON: `{"tyk": {"keys": []}}`.
    keys: String,
    caller: String,
    address: String,
    client_address: String,
    port: String,
    /// `namespace/name`.
    workload: String,
    /// `name=value`, one a line.
    labels: String,
    service_account: String,
    /// Seconds since 1970.
    time: String,
    body: bool,
    with_shadow: bool,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Configuration,
    Request,
    Headers,
    Claims,
    Keys,
    Address,
    ClientAddress,
    Port,
    Workload,
    Labels,
    Time,
}

impl Field {
    /// Returns its name, as [`Question`] has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Request => "request",
            Self::Headers => "headers",
            Self::Claims => "claims",
            Self::Keys => "keys",
            Self::Address => "address",
            Self::ClientAddress => "clientAddress",
            Self::Port => "port",
            Self::Workload => "workload",
            Self::Labels => "labels",
            Self::Time => "time",
        }
    }
}

/// What can't be asked, and where it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) field: Field,
    pub(super) problem: String,
}

impl Problem {
    pub(super) const fn new(field: Field, problem: String) -> Self {
        Self { field, problem }
    }
}

impl Question {
    /// Returns what is asked of a configuration.
    ///
    /// # Errors
    /// A field holds what it can't.
    pub(super) fn query(&self) -> Result<Query, Problem> {
        let host = non_empty(&self.host).unwrap_or("service").to_owned();
        Ok(Query {
            request: read(Field::Request, &self.request, RequestLine::from_str)?,
            host,
            headers: lines(Field::Headers, &self.headers, owned_header)?,
            credential: self.credential()?,
            keys: read_keys(&self.keys).map_err(|problem| Problem::new(Field::Keys, problem))?,
            client: self.client()?,
            workload: self.workload()?,
            now: optional(Field::Time, &self.time, read_time)?.unwrap_or_else(seconds_now),
            ends_with_headers: !self.body,
            view: if self.with_shadow { View::WithShadow } else { View::Enforced },
        })
    }

    fn credential(&self) -> Result<Credential, Problem> {
        if let Some(token) = non_empty(&self.token) {
            return Ok(Credential::Token(token.to_owned()));
        }
        let claims = optional(Field::Claims, &self.claims, read_claims)?;
        let issuer = non_empty(&self.issuer).map(str::to_owned);
        Ok(claims.map_or(Credential::Nothing, |claims| Credential::Claims { claims, issuer }))
    }

    fn client(&self) -> Result<Client, Problem> {
        let principal = non_empty(&self.caller)
            .map(|uri| uri.strip_prefix("spiffe://").unwrap_or(uri).to_owned());
        Ok(Client {
            principal,
            address: optional(Field::Address, &self.address, read_address)?,
            client_address: optional(Field::ClientAddress, &self.client_address, read_address)?,
            port: optional(Field::Port, &self.port, read_port)?,
        })
    }

    /// Returns the workload that is described, if one is.
    fn workload(&self) -> Result<Option<WorkloadQuery>, Problem> {
        let query = WorkloadQuery {
            name: optional(Field::Workload, &self.workload, read_workload)?,
            labels: lines(Field::Labels, &self.labels, read_label)?,
            service_account: non_empty(&self.service_account).map(str::to_owned),
        };
        let is_described =
            query.name.is_some() || !query.labels.is_empty() || query.service_account.is_some();
        Ok(is_described.then_some(query))
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn read<T>(
    field: Field,
    text: &str,
    reader: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Problem> {
    reader(text.trim()).map_err(|problem| Problem::new(field, problem))
}

fn optional<T>(
    field: Field,
    text: &str,
    reader: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    non_empty(text).map(|text| read(field, text, reader)).transpose()
}

fn lines<T>(
    field: Field,
    text: &str,
    reader: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Problem> {
    text.lines().filter_map(non_empty).map(|line| read(field, line, &reader)).collect()
}

fn owned_header(text: &str) -> Result<(String, String), String> {
    read_header(text).map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn read_address<A: FromStr>(text: &str) -> Result<A, String> {
    text.parse().map_err(|_| format!("`{text}` is no IP address; write 10.0.0.7 or 2001:db8::7"))
}

fn read_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{text}` is no port; write a number up to 65535"))
}

fn read_time(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no time; write seconds since 1970"))
}

fn read_keys(text: &str) -> Result<Vec<(String, KeySet)>, String> {
    let Some(text) = non_empty(text) else { return Ok(Vec::new()) };
    let sets: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|error| {
        format!("write a JWKS for each issuer, {{\"tyk\": {{\"keys\": []}}}}: {error}")
    })?;
    let mut keys = Vec::new();
    for (name, set) in sets {
        let set = KeySet::parse(set.to_string().as_bytes())
            .map_err(|errors| format!("keys of `{name}`: {errors}"))?;
        keys.push((name, set));
    }
    Ok(keys)
}
