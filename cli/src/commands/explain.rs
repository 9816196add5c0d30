//! `attache explain`.

use crate::exit::Status;
use crate::explain::{
    Client, RequestLine, TokenSource, TrialHost, document, header_map, place_for_token, read_claims,
    read_header, seconds_now, tell, trusting, unsigned,
};
use crate::input::{Configuration, InputOptions};
use anstream::{AutoStream, ColorChoice};
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_engine::token::IssuerKeys;
use attache_engine::{Decided, Decision, Engine};
use attache_plugin_config::{Config, KeySet};
use clap::{Args, ValueEnum};
use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::net::IpAddr;
use std::rc::Rc;

/// Says what becomes of a request, and why: its token, every rule that applies, and the test that failed
///
/// Ends with status 1 where the request is refused, with --with-shadow where what is in SHADOW would refuse it. Of a token neither the text nor the signature is written.
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
    /// Claims that count as if an issuer had signed them, or a file that holds them: '{"sub":"alice"}'; `iss`, `aud`, `exp`
    /// and `iat` are added where they are missing
    #[arg(long)]
    claims: Option<String>,
    /// Whose claims they are, where there are several issuers
    #[arg(long, requires = "claims")]
    issuer: Option<String>,
    /// The keys of an issuer that has a provider: tyk=jwks.json
    #[arg(long, value_name = "ISSUER=FILE")]
    jwks: Vec<String>,
    /// The caller's mTLS identity: spiffe://cluster.local/ns/shop/sa/web
    #[arg(long, value_name = "SPIFFE")]
    caller: Option<String>,
    /// The address of the direct peer
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// The address that a header such as x-forwarded-for tells the proxy: that of the direct peer is unknown then, as with
    /// Envoy
    #[arg(long, value_name = "IP", conflicts_with = "address")]
    client_address: Option<IpAddr>,
    /// The port that it comes in on
    #[arg(long)]
    port: Option<u16>,
    /// The workload that it is for: shop/orders
    #[arg(long, value_name = "NAMESPACE/NAME")]
    workload: Option<String>,
    /// A label of that workload: app=orders
    #[arg(long, value_name = "NAME=VALUE")]
    label: Vec<String>,
    /// The service account of that workload
    #[arg(long)]
    service_account: Option<String>,
    /// When it comes, in seconds since 1970; now where none is given
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// The request has a body
    #[arg(long)]
    body: bool,
    /// Count what is in SHADOW, too
    #[arg(long)]
    with_shadow: bool,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let input = options.input.read()?;
    let [configuration] = input.configurations.as_slice() else {
        let all: Vec<String> = input.configurations.iter().map(ToString::to_string).collect();
        return Err(format!("name one configuration; there are {}: {}", all.len(), all.join(", ")).into());
    };
    let config = configuration.parse().map_err(|errors| {
        format!("{configuration} has errors; `attache check` shows them where they stand:\n{errors}")
    })?;
    explain(options, configuration, &config)
}

fn explain(
    options: &Options,
    configuration: &Configuration,
    config: &Config,
) -> Result<Status, Box<dyn Error>> {
    let now = options.time.unwrap_or_else(seconds_now);
    let (token, trusting) = match options.token_source()? {
        Some(TokenSource::Token(token)) => (Some(token), None),
        Some(TokenSource::Claims(claims)) => {
            let token = unsigned(read_claims(&claims)?, options.issuer.as_deref(), now, config)?;
            (Some(token), Some(trusting(config)?))
        }
        None => (None, None),
    };
    let config = trusting.as_ref().unwrap_or(config);
    let workload = options.workload(configuration, config)?;
    let engine = Engine::new(config, &workload, &configuration.environment())
        .map_err(|errors| format!("{configuration} has errors:\n{errors}"))?;
    options.set_keys(&engine)?;
    let sent = options.header.iter().map(|text| read_header(text)).collect::<Result<Vec<_>, _>>()?;
    let mut headers = header_map(&options.request, &options.host, sent);
    if let Some(token) = &token {
        headers.push(place_for_token(config, token));
    }
    let host = TrialHost {
        client: options.client(),
        trusts_signatures: trusting.is_some(),
        now,
        ends_with_headers: !options.body,
    };
    let view = if options.with_shadow { View::WithShadow } else { View::Enforced };
    let explanation = engine.explain(config, &workload, view, &headers, &host.context());
    let text = match options.format {
        Format::Text => {
            let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
            tell(&explanation, &engine, configuration, &workload, &host.client, is_styled)
        }
        Format::Json => format!("{:#}\n", document(&explanation, &engine, configuration, &workload)),
    };
    stdout().write_all(text.as_bytes())?;
    let is_refused = match &explanation.decision {
        Decision::Decided(Decided { shadow: Some(shadow), .. }) if options.with_shadow => {
            shadow.cause.is_some()
        }
        Decision::Decided(decided) => decided.reason().is_some(),
        Decision::Wait { .. } => true,
    };
    Ok(if is_refused { Status::Found } else { Status::Fine })
}

impl Options {
    fn token_source(&self) -> Result<Option<TokenSource>, Box<dyn Error>> {
        match (&self.token, &self.claims) {
            (Some(token), _) => TokenSource::token(token).map(Some),
            (None, Some(claims)) => TokenSource::claims(claims).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn client(&self) -> Client {
        let principal =
            self.caller.as_ref().map(|uri| uri.strip_prefix("spiffe://").unwrap_or(uri).to_owned());
        Client { principal, address: self.address, client_address: self.client_address, port: self.port }
    }

    /// Returns the workload that is described; where none is, the first that a policy is for.
    fn workload(&self, configuration: &Configuration, config: &Config) -> Result<Workload, String> {
        let mut workload = configuration.own_workload();
        if self.workload.is_none() && self.label.is_empty() && self.service_account.is_none() {
            let environment = configuration.environment();
            let applies = |workload: &Workload| {
                Engine::new(config, workload, &environment).is_ok_and(|engine| engine.coverage().applying > 0)
            };
            return Ok(configuration.workloads(config).into_iter().find(applies).unwrap_or(workload));
        }
        if let Some(name) = &self.workload {
            let (namespace, name) = name
                .split_once('/')
                .ok_or_else(|| format!("`{name}` is no workload; write --workload namespace/name"))?;
            workload.namespace = Some(namespace.to_owned());
            workload.name = Some(name.to_owned());
        }
        for label in &self.label {
            let (name, value) = label
                .split_once('=')
                .ok_or_else(|| format!("`{label}` is no label; write --label name=value"))?;
            workload.labels.insert(name.to_owned(), value.to_owned());
        }
        if self.service_account.is_some() {
            workload.service_account.clone_from(&self.service_account);
        }
        Ok(workload)
    }

    /// Gives issuers the keys that their providers serve.
    fn set_keys(&self, engine: &Engine) -> Result<(), Box<dyn Error>> {
        for option in &self.jwks {
            let (name, path) = option
                .split_once('=')
                .ok_or_else(|| format!("`{option}` is no set of keys; write --jwks issuer=file"))?;
            let issuer = engine
                .remote_issuers()
                .find(|issuer| issuer.name.as_str() == name)
                .ok_or_else(|| format!("no issuer `{name}` has keys that a provider serves"))?
                .index;
            let text = fs::read(path).map_err(|error| format!("can't read `{path}`: {error}"))?;
            let set = KeySet::parse(&text).map_err(|errors| format!("{path}: {errors}"))?;
            let keys = IssuerKeys::from_set(&set).map_err(|errors| format!("{path}: {errors}"))?;
            engine.set_keys(issuer, Some(Rc::new(keys)));
        }
        Ok(())
    }
}
