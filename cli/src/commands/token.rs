//! `attache token`.

use super::keys;
use crate::exit::Status;
use crate::explain::{complete_claims, decoded, from_file, is_of_issuer, read_claims, seconds_now};
use crate::input::InputOptions;
use crate::test_keys::Leave;
use clap::Args;
use serde_json::json;
use std::error::Error;
use std::io::{Read, Write, stdin, stdout};
use std::path::PathBuf;

/// Signs a token for trials with a key that `attache keys` has made, or shows what a token says
///
/// Of a token that is shown neither the signature nor whether it is good is told;
/// `attache explain --token` verifies one.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    leave: Leave,
    /// The key that signs
    #[arg(long, value_name = "FILE", requires = "claims")]
    key: Option<PathBuf>,
    /// The claims to sign, or a file that holds them: '{"sub":"alice"}'; `exp` and `iat` are added
    /// where they are missing
    #[arg(long, requires = "key")]
    claims: Option<String>,
    /// A configuration: its issuer's `iss`, `aud` and token type are added where they are missing
    #[arg(long, value_name = "FILE", requires = "claims")]
    against: Option<PathBuf>,
    /// Whose token it is, where the configuration has several issuers
    #[arg(long, requires = "against")]
    issuer: Option<String>,
    /// The key's `kid`; the thumbprint of its public half where none is given (RFC 7638)
    #[arg(long, requires = "claims")]
    kid: Option<String>,
    /// Show header and claims of this token, of the file that holds it (@token.jwt), or of the
    /// standard input (-)
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["key", "claims", "against", "issuer", "kid"], required_unless_present = "key")]
    decode: Option<String>,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    if let Some(token) = &options.decode {
        return decode(token);
    }
    options.leave.check()?;
    let (Some(key), Some(claims)) = (&options.key, &options.claims) else {
        return Err("say what to do: --key FILE --claims '{…}', or --decode TOKEN".into());
    };
    let key = keys::read(key)?.with_key_id(options.kid.as_deref());
    let mut claims =
        read_claims(&from_file(claims)?).map_err(|error| format!("--claims: {error}"))?;
    let mut typ = None;
    if let Some(file) = &options.against {
        let configuration = InputOptions::of_file(file).read()?.only()?;
        let config = configuration.usable()?;
        let issuer = options.issuer.as_deref();
        is_of_issuer(&claims, issuer, &config)?;
        complete_claims(&mut claims, &[], issuer, seconds_now(), &config)?;
        let entry = config
            .issuers
            .iter()
            .find(|own| issuer.is_none_or(|issuer| issuer == own.name.as_str()));
        typ = entry.and_then(|issuer| issuer.token_types.first()).cloned();
    }
    let now = seconds_now();
    claims.entry("exp").or_insert_with(|| json!(now.saturating_add(300)));
    claims.entry("iat").or_insert_with(|| json!(now));
    writeln!(stdout(), "{}", key.sign(claims, typ.as_deref())?)?;
    Ok(Status::Fine)
}

fn decode(token: &str) -> Result<Status, Box<dyn Error>> {
    let text = if token == "-" {
        let mut text = String::new();
        // No token is longer.
        stdin()
            .take(1 << 20)
            .read_to_string(&mut text)
            .map_err(|error| format!("can't read a token: {error}"))?;
        text
    } else {
        from_file(token)?
    };
    let text = text.trim();
    let token = decoded(text.strip_prefix("Bearer ").unwrap_or(text))?;
    let told = format!("{:#}", json!({"header": token.header, "claims": token.claims}));
    let lines = told.lines().map(crate::shown::shown);
    writeln!(stdout(), "{}", lines.collect::<Vec<_>>().join("\n"))?;
    Ok(Status::Fine)
}
