//! `attache explain`.

use crate::exit::Status;
use crate::explain::{
    ClientOptions, Credential, Query, RequestLine, Simulation, TextOrJson, WorkloadOptions,
    document, from_file, is_refused, no_policy, read_claims, read_header, read_seconds, read_token,
    seconds_now, tell,
};
use crate::in_force::resource_notes;
use crate::input::{Configuration, InputOptions, SourceFile, read_text};
use crate::shown::{escaped, json_text};
use anstream::{AutoStream, ColorChoice};
use attache_engine::policy::View;
use attache_plugin_config::{Config, KeySet};
use clap::Args;
use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;

/// Says what becomes of a request, and why: its token, every rule that applies, and the test that
/// failed
///
/// Ends with status 1 where the request is refused, with --with-shadow where what is in SHADOW
/// would refuse it. Of a token neither the text nor the signature is written.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,
    /// The request: 'GET /orders/1'
    #[arg(long, value_name = "LINE")]
    request: RequestLine,
    /// A header of the request: 'x-tenant: acme'
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// The host that it is sent to
    #[arg(long, default_value = "service")]
    host: String,
    /// A token, or a file that holds one: @token.jwt
    #[arg(long, conflicts_with = "claims")]
    token: Option<String>,
    /// Claims that count as if an issuer had signed them, or a file that holds them:
    /// '{"sub":"alice"}'; `iss`, `aud`, `exp` and `iat` are added where they are missing
    #[arg(long)]
    claims: Option<String>,
    /// Whose claims they are, where there are several issuers
    #[arg(long, requires = "claims", conflicts_with = "token")]
    issuer: Option<String>,
    /// The keys of an issuer that has a provider, which a token is verified by: tyk=jwks.json
    #[arg(long, value_name = "ISSUER=FILE", conflicts_with = "claims")]
    jwks: Vec<String>,
    #[command(flatten)]
    client: ClientOptions,
    #[command(flatten)]
    workload: WorkloadOptions,
    /// When it comes, in seconds since 1970; now where none is given
    #[arg(long, value_name = "SECONDS", value_parser = read_seconds)]
    time: Option<u64>,
    /// The request has a body
    #[arg(long)]
    body: bool,
    /// Count what is in SHADOW, too
    #[arg(long)]
    with_shadow: bool,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let configuration = options.input.read()?.only()?;
    let config = configuration.usable()?;
    explain(options, &configuration, &config)
}

fn explain(
    options: &Options,
    configuration: &Configuration,
    config: &Config,
) -> Result<Status, Box<dyn Error>> {
    let query = options.query()?;
    let view = query.view;
    let simulation = Simulation::new(query, configuration, config)?;
    let explanation = simulation.explain();
    let Simulation { engine, workload, host, .. } = &simulation;
    for note in resource_notes(configuration) {
        anstream::eprintln!("note: {note}");
    }
    if let Some(note) = configuration.why_not_for(workload) {
        anstream::eprintln!("note: {}", escaped(&note));
    }
    if let Some(note) = no_policy(engine, config, "--workload and --label") {
        anstream::eprintln!("note: {}", escaped(&note));
    }
    if let Some(note) = options.request.why_another_method() {
        anstream::eprintln!("note: {}", escaped(&note));
    }
    let text = match options.format {
        TextOrJson::Text => {
            let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
            tell(&explanation, engine, configuration, workload, &host.client, is_styled)
        }
        TextOrJson::Json => {
            json_text(&document(&explanation, engine, configuration, workload, &host.client))
        }
    };
    stdout().write_all(text.as_bytes())?;
    Ok(if is_refused(&explanation.decision, view) { Status::Found } else { Status::Fine })
}

impl Options {
    fn query(&self) -> Result<Query, Box<dyn Error>> {
        let headers =
            self.header.iter().map(|text| read_header(text)).collect::<Result<Vec<_>, _>>();
        let headers = headers.map_err(|error| format!("--header: {error}"))?;
        Ok(Query {
            request: self.request.clone(),
            host: self.host.clone(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            credential: self.credential()?,
            keys: self.jwks.iter().map(|option| read_keys(option)).collect::<Result<_, _>>()?,
            client: self.client.client(),
            workload: self.workload.query()?,
            now: self.time.unwrap_or_else(seconds_now),
            ends_with_headers: !self.body,
            view: if self.with_shadow { View::WithShadow } else { View::Enforced },
        })
    }

    fn credential(&self) -> Result<Credential, Box<dyn Error>> {
        match (&self.token, &self.claims) {
            (Some(token), _) => Ok(Credential::Token(read_token(token)?)),
            (None, Some(claims)) => {
                let claims = read_claims(&from_file(claims)?)
                    .map_err(|error| format!("--claims: {error}"))?;
                Ok(Credential::Claims { claims, issuer: self.issuer.clone() })
            }
            (None, None) => Ok(Credential::Nothing),
        }
    }
}

/// Reads the keys of an issuer from a file: `issuer=file`. What is no such option may hold a key,
/// and is not repeated.
fn read_keys(option: &str) -> Result<(String, KeySet), String> {
    let (name, path) = option
        .split_once('=')
        .filter(|(name, _)| !name.contains(['{', '"']))
        .ok_or("--jwks: that is no set of keys; write --jwks issuer=file")?;
    let text = read_text(Path::new(path))?;
    let set = KeySet::parse(text.as_bytes()).map_err(|errors| {
        let (file, _) = SourceFile::new(path.to_owned(), text.clone());
        file.told(&errors)
    })?;
    Ok((name.to_owned(), set))
}
