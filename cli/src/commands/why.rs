//! `attache why`.

use crate::exit::Status;
use crate::explain::{
    Client, ClientOptions, TextOrJson, WorkloadOptions, decoded, from_file, read_claims,
    read_header, read_token, workload,
};
use crate::in_force::notes;
use crate::input::{Configuration, InputOptions};
use crate::logged::{
    Before, Fate, Judge, Judged, Logged, LoggedToken, Outcome, Recorded, Taking, TokenState,
};
use crate::shown::{escaped, json_text};
use crate::why::{
    Case, Ids, Picked, PickedLine, Search, Told, differs, document, doubts, pick, tell,
};
use anstream::{AutoStream, ColorChoice};
use attache_engine::policy::View;
use attache_plugin_config::{Action, Config};
use clap::Args;
use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::time::UNIX_EPOCH;

/// Says why a request was refused, from its line in the log: the rule, the test that failed, and
/// the smallest change of token or rule that would let it through
///
/// Takes an audit line as `kubectl logs` or Envoy prints it; of several, the last refusal. What the
/// line does not hold, as the token, is told as not known, with the option that gives it. Every
/// change is decided anew by the engine before it is told. Ends with status 0 where this
/// configuration allows the request, and with 1 where it does not, or that can't be told.
#[derive(Args)]
pub(crate) struct Options {
    /// The line, or `-` for the standard input
    #[arg(value_name = "LINE")]
    line: String,
    #[command(flatten)]
    input: InputOptions,
    /// The request that is asked about, where there are several lines, by its x-request-id
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// The same, by the id of its trace
    #[arg(long, value_name = "ID")]
    trace_id: Option<String>,
    /// The claims of its token, or a file that holds them: '{"sub":"alice"}'
    #[arg(long, conflicts_with = "token")]
    claims: Option<String>,
    /// Its token, or a file that holds it: @token.jwt. Its claims are read, its signature is not
    /// verified
    #[arg(long)]
    token: Option<String>,
    /// A header of the request: 'x-tenant: acme'
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    #[command(flatten)]
    client: ClientOptions,
    #[command(flatten)]
    workload: WorkloadOptions,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    if options.line == "-" && options.input.has_standard_input() {
        return Err(
            "the line and the configuration can't both come from the standard input; save one as a file"
                .into(),
        );
    }
    let ids = Ids { request: options.request_id.as_deref(), trace: options.trace_id.as_deref() };
    let picked = if options.line == "-" {
        pick(stdin().lock(), ids)?
    } else {
        pick(options.line.as_bytes(), ids).map_err(|error| mistaken(&options.line, error))?
    };
    let configuration = options.input.read()?.only()?;
    let config = configuration.usable()?;
    let line = of_line(&picked, &config);
    let logged = options.beside(line.clone(), &config)?;
    let doubts = doubts(&picked, &line, &logged, &config);
    if picked.requests > 1 {
        anstream::eprintln!(
            "note: of {} lines this is the last refusal, line {}; --request-id or --trace-id chooses another",
            picked.requests,
            picked.number
        );
    }
    told(options, &picked, &configuration, &config, &logged, &doubts)
}

/// Returns the request as its line alone tells it.
fn of_line(picked: &Picked, config: &Config) -> Logged {
    match &picked.line {
        PickedLine::Audit(line) => Logged::of_audit(line, Some(&config.audit.claims)),
        PickedLine::Access(line) => Logged::of_access(line),
    }
}

/// Returns an error, with what was meant where the line is the name of a file.
fn mistaken(line: &str, error: String) -> String {
    if std::path::Path::new(line).is_file() {
        format!("`{line}` is a file; write `attache why - FILE < {line}`")
    } else {
        error
    }
}

fn told(
    options: &Options,
    picked: &Picked,
    configuration: &Configuration,
    config: &Config,
    logged: &Logged,
    doubts: &[String],
) -> Result<Status, Box<dyn Error>> {
    let workload = workload(options.workload.query()?, configuration, config);
    if let Some(note) = configuration.why_not_for(&workload) {
        anstream::eprintln!("note: {}", escaped(&note));
    }
    for note in notes(configuration, config) {
        anstream::eprintln!("note: {note}");
    }
    let view = if is_of_shadow(picked) { View::WithShadow } else { View::Enforced };
    let has_claims = logged.token.whole.is_some();
    let now = logged.time.as_deref().and_then(seconds).unwrap_or_else(crate::explain::seconds_now);
    let taking = if has_claims { Taking::GoodClaims { now } } else { Taking::EveryToken };
    let judge = Judge::new(configuration, config, workload.clone(), view, taking)?;
    let judged = judge.judge(logged).map_err(|error| format!("the line can't be read: {error}"))?;
    let recorded = recorded(&judged, logged);
    let fate = judged.fate(&recorded);
    let good_token = good_token(picked, config);
    let case = Case {
        configuration,
        workload: &workload,
        view,
        taking,
        judge: &judge,
        logged,
        recorded: &recorded,
        good_token: &good_token,
    };
    let is_allowed = matches!(fate, Fate::Known(Outcome::Allowed { .. }));
    let proposals = if is_allowed { Vec::new() } else { Search::run(&case) };
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    let told = Told {
        picked,
        logged,
        configuration,
        workload: &workload,
        judged: &judged,
        fate: &fate,
        recorded: &recorded,
        proposals: &proposals,
        doubts,
        has_claims,
        is_styled,
    };
    let text = match options.format {
        TextOrJson::Text => tell(&told),
        TextOrJson::Json => json_text(&document(&told)),
    };
    stdout().write_all(text.as_bytes())?;
    Ok(if is_allowed { Status::Fine } else { Status::Found })
}

/// Returns whether a line is about what SHADOW or a dry run would refuse.
fn is_of_shadow(picked: &Picked) -> bool {
    matches!(&picked.line, PickedLine::Audit(line) if line.shadow.is_some())
}

/// Returns the seconds since 1970 of a time that a line has.
fn seconds(time: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Returns what the reason of a line tells of rules as a whole, where this configuration may have
/// given it.
fn recorded(judged: &Judged<'_>, logged: &Logged) -> Recorded {
    let Before::Refused(Some(reason)) = &logged.before else { return Recorded::default() };
    let lacks_roles = reason == "role-missing";
    let rule = logged.rule.as_deref().and_then(|name| judged.judge.rule_index(name));
    let is_told = (lacks_roles && rule.is_some()) || reason == "no-rule-matched";
    if !is_told || differs(&judged.fate(&Recorded::default()), logged) {
        return Recorded::default();
    }
    let rules = judged.trace.readings.first().into_iter().flat_map(|reading| &reading.anonymous);
    let denying = rules.filter(|rule| rule.action == Action::Deny);
    Recorded {
        matched_nothing: denying.map(|rule| rule.index).collect(),
        lacked_roles_only: rule.filter(|_| lacks_roles),
        ..Recorded::default()
    }
}

/// Returns what a good token would be in place of the one that was refused.
fn good_token(picked: &Picked, config: &Config) -> String {
    let PickedLine::Audit(line) = &picked.line else {
        return "the request brings a good token".to_owned();
    };
    let issuer = line.unverified_issuer.as_deref();
    let issuer =
        config.issuers.iter().find(|own| issuer.is_none_or(|iss| own.issuer.takes(Some(iss))));
    let Some(issuer) = issuer else {
        let known = config.issuers.iter().filter_map(|issuer| issuer.issuer.text());
        return format!(
            "the request brings a good token, whose `iss` is one of {}",
            known.collect::<Vec<_>>().join(", ")
        );
    };
    match line.reason() {
        Some("token-expired") => "the request brings a token that has not expired".to_owned(),
        Some("audience-mismatch") => {
            format!(
                "the request brings a token whose `aud` has one of {}",
                issuer.audiences.join(", ")
            )
        }
        Some("token-missing") => format!("the request brings a good token of {}", issuer.name),
        _ => format!("the request brings a good token of {}, as its entry asks for", issuer.name),
    }
}

impl Options {
    /// Returns a request with what the options tell beside its line.
    fn beside(&self, mut logged: Logged, config: &Config) -> Result<Logged, Box<dyn Error>> {
        let Client { principal, address, client_address, port } = self.client.client();
        if principal.is_some() {
            logged.client.principal = principal;
            logged.knows.caller = true;
        }
        if port.is_some() {
            logged.client.port = port;
            logged.knows.port = true;
        }
        if address.is_some() || client_address.is_some() {
            (logged.client.address, logged.client.client_address) = (address, client_address);
            logged.knows.address = address.is_some();
            logged.knows.client_address = true;
        }
        for header in &self.header {
            let (name, value) =
                read_header(header).map_err(|error| format!("--header: {error}"))?;
            logged.headers.push((name.to_owned(), value.to_owned()));
            logged.knows.headers = true;
        }
        self.add_claims(&mut logged.token, config)?;
        Ok(logged)
    }

    fn add_claims(&self, token: &mut LoggedToken, config: &Config) -> Result<(), Box<dyn Error>> {
        let claims = match (&self.claims, &self.token) {
            (Some(claims), _) => {
                read_claims(&from_file(claims)?).map_err(|error| format!("--claims: {error}"))?
            }
            (None, Some(text)) => decoded(&read_token(text)?)?.claims,
            (None, None) => return Ok(()),
        };
        let iss = claims.get("iss").and_then(serde_json::Value::as_str);
        let issuer = config.issuers.iter().find(|issuer| issuer.issuer.takes(iss));
        token.issuer = issuer.map(|issuer| issuer.name.to_string()).or_else(|| token.issuer.take());
        token.state = TokenState::Good;
        token.whole = Some(claims);
        Ok(())
    }
}
