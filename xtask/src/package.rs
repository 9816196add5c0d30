//! Makes an OCI image of the filter or of the issuer, and pushes it where it is told.

use crate::image::Kind;
use crate::process::{command, on_path, output, run};
use crate::repository::{from_here, program};
use crate::toolchain::cargo;
use crate::{build, sbom};
use anyhow::{Result, ensure};
use clap::Args;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What is packaged, and where to.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Options {
    /// What to package: the filter or the issuer.
    kind: Kind,
    /// Where to push to: `REGISTRY/REPOSITORY[:TAG]`. The tag is the version where none is given.
    reference: Option<String>,
    /// Package this module, or this static program, instead of building it.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Attach this bill of materials (CycloneDX, JSON); without it one is made.
    #[arg(long, value_name = "FILE")]
    sbom: Option<PathBuf>,
    /// Attach no bill of materials.
    #[arg(long, conflicts_with = "sbom")]
    no_sbom: bool,
    /// Write the OCI layout there instead of to dist/oci/filter or dist/oci/issuer.
    #[arg(long, value_name = "FOLDER")]
    layout: Option<PathBuf>,
    /// Where the sources are; without it the remote `origin`, if that is a https or ssh address.
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Speak plain HTTP to the registry; on this machine (localhost, 127.0.0.1) that is done
    /// anyway.
    #[arg(long)]
    plain_http: bool,
    /// Sign with cosign, which must be on the path: with the key that COSIGN_KEY names, else
    /// keyless.
    #[arg(long, requires = "reference")]
    sign: bool,
}

/// Packages what the options say, and prints the image's digest.
///
/// # Errors
/// What is packaged or attached can't be built or read, or the registry does not take it.
pub(crate) fn package(options: &Options) -> Result<()> {
    if options.sign {
        ensure!(on_path("cosign"), "cosign is not on the path\n  install it, or leave out --sign");
    }
    let kind = options.kind;
    ensure!(kind != Kind::Tool, "no image is made of the tool\n  scripts/build --tool builds it");
    let file = match &options.file {
        Some(file) => from_here(file)?,
        None => build::artefact(kind)?,
    };
    let layout = options.layout.as_deref().map_or_else(|| Ok(kind.layout()), from_here)?;

    let mut tool = command(package_tool()?);
    tool.arg(kind.to_string()).arg("--file").arg(&file).arg("--layout").arg(&layout);
    if options.plain_http {
        tool.arg("--plain-http");
    }
    for (name, value) in origin(options.source.clone())? {
        tool.arg(name).arg(value);
    }
    if let Some(bill) = bill(options, &file)? {
        tool.arg("--sbom").arg(bill);
    }
    tool.args(&options.reference);
    let digest = output(&mut tool)?;
    if let (true, Some(reference)) = (options.sign, &options.reference) {
        sign(reference, &digest)?;
    }
    println!("{digest}");
    Ok(())
}

/// Builds what makes and pushes images, and returns its path. It is no part of this program, since
/// it brings a client for HTTP and TLS that no other task needs to wait for.
fn package_tool() -> Result<PathBuf> {
    run(cargo("build", "attache-package-tool").args(["--bin", "attache-package-tool"]))?;
    Ok(program("attache-package-tool"))
}

/// Returns the bill of materials to attach, if any; makes it where none was named.
fn bill(options: &Options, file: &Path) -> Result<Option<PathBuf>> {
    if options.no_sbom {
        return Ok(None);
    }
    if let Some(bill) = &options.sbom {
        return Ok(Some(from_here(bill)?));
    }
    let bill = options.kind.bill();
    let listed = sbom::write(options.kind, file, &bill)?;
    eprintln!("{}: {listed} crates", bill.display());
    Ok(Some(bill))
}

/// Returns what the image says of where it comes from, as options of the package tool. A folder
/// without a commit tells nothing but what was given.
fn origin(source: Option<String>) -> Result<Vec<(&'static str, String)>> {
    let mut origin = Vec::new();
    let mut source = source;
    if let Some(mut revision) = git(&["rev-parse", "--verify", "--quiet", "HEAD"]) {
        // What was changed and not committed has no name that anybody could look up.
        if !output(command("git").args(["status", "--porcelain", "--untracked-files=no"]))?
            .is_empty()
        {
            revision.push_str("-modified");
        }
        let format = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
        let created =
            output(command("git").args(["log", "-1", "--format=%cd", format]).env("TZ", "UTC"))?;
        origin.extend([("--revision", revision), ("--created", created)]);
        // A clone need not have come from anywhere.
        source = source.or_else(|| {
            git(&["remote", "get-url", "origin"]).and_then(|address| public_address(&address))
        });
    }
    origin.extend(source.map(|source| ("--source", source)));
    Ok(origin)
}

/// Returns what git says, or nothing where it does not know.
fn git(arguments: &[&str]) -> Option<String> {
    let told = command("git").args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (told.status.success() && !text.is_empty()).then_some(text)
}

/// Returns the https address of a https or ssh remote, without whatever login stands in it; nothing
/// for another one.
fn public_address(remote: &str) -> Option<String> {
    let place = match remote.split_once("://") {
        Some(("https" | "ssh", rest)) => {
            let (host, path) = rest.split_once('/')?;
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{host}/{path}")
        }
        Some(_) => return None,
        // As scp has it: user@host:path.
        None => {
            let (user, rest) = remote.split_once('@')?;
            let (host, path) = rest.split_once(':')?;
            if user.contains(['/', ':']) || host.contains('/') {
                return None;
            }
            format!("{host}/{path}")
        }
    };
    Some(format!("https://{}", place.strip_suffix(".git").unwrap_or(&place)))
}

fn sign(reference: &str, digest: &str) -> Result<()> {
    let mut cosign = command("cosign");
    cosign.args(["sign", "--yes", "--recursive=false"]);
    if let Some(key) = env::var_os("COSIGN_KEY").filter(|key| !key.is_empty()) {
        cosign.arg("--key").arg(key);
    }
    cosign.arg(format!("{}@{digest}", repository(reference)));
    // What it says is not the digest.
    run(cosign.stdout(std::io::stderr()))
}

/// Returns a reference without its tag. A colon before the last slash is that of a port.
fn repository(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_no_login_and_nothing_of_this_machine() {
        for (remote, expected) in [
            ("https://github.com/you/attache.git", Some("https://github.com/you/attache")),
            ("https://user:token@github.com/you/attache", Some("https://github.com/you/attache")),
            ("ssh://git@git.example.com/attache.git", Some("https://git.example.com/attache")),
            ("git@git.example.com:team/attache.git", Some("https://git.example.com/team/attache")),
            ("http://git.example.com/attache", None),
            ("/home/somebody/attache", None),
            ("../attache", None),
            ("file:///home/somebody/attache", None),
        ] {
            assert_eq!(public_address(remote).as_deref(), expected, "{remote}");
        }
    }

    #[test]
    fn a_tag_is_no_part_of_a_repository_and_a_port_is() {
        for (reference, expected) in [
            ("localhost:5000/attache/filter", "localhost:5000/attache/filter"),
            ("localhost:5000/attache/filter:1.0", "localhost:5000/attache/filter"),
            ("ghcr.io/you/filter:edge", "ghcr.io/you/filter"),
        ] {
            assert_eq!(repository(reference), expected);
        }
    }
}
