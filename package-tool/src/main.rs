//! What `scripts/package` runs: writes an OCI layout, pushes it, and prints the image's digest.

use anyhow::{Context, Result};
use attache_package_tool::image::{self, Origin};
use attache_package_tool::push::Registry;
use attache_package_tool::{layout, sbom};
use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What an image is made of.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The Wasm module.
    Filter,
    /// The issuer's program.
    Issuer,
}

/// Makes an OCI image of the Wasm module or of the issuer, and prints its digest.
#[derive(Parser)]
struct Arguments {
    /// What the image is made of.
    kind: Kind,
    /// Where to push: `registry/repository[:tag]`; the tag is the version where it is left out.
    /// Nowhere if absent.
    reference: Option<String>,
    /// The module, or the program: a static one.
    #[arg(long)]
    file: PathBuf,
    /// Where the OCI layout is written, in place of one that is there.
    #[arg(long)]
    layout: PathBuf,
    /// A bill of materials to attach: CycloneDX in JSON.
    #[arg(long)]
    sbom: Option<PathBuf>,
    /// Speak plain HTTP to the registry. On this machine that is done anyway.
    #[arg(long)]
    plain_http: bool,
    /// The version, if not that of the sources.
    #[arg(long = "set-version", default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// Where the sources are.
    #[arg(long)]
    source: Option<String>,
    /// The commit that it was built from.
    #[arg(long)]
    revision: Option<String>,
    /// When that commit was made, RFC 3339.
    #[arg(long)]
    created: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(digest) => {
            println!("{digest}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<String> {
    let Arguments {
        kind,
        reference,
        file,
        layout,
        sbom,
        plain_http,
        version,
        source,
        revision,
        created,
    } = arguments;
    // First, so that a name with a slip in it is not found out after everything else.
    let registry = reference.map(|text| Registry::new(&text, &version, plain_http)).transpose()?;
    let origin = Origin { created, revision, source, version };
    let bytes = read(&file)?;
    let image = match kind {
        Kind::Filter => image::filter(&bytes, &origin),
        Kind::Issuer => image::issuer(&bytes, &origin),
    }
    .with_context(|| format!("`{}` can't be packaged", file.display()))?;
    let mut attached = Vec::new();
    if let Some(file) = sbom {
        let artifact = sbom::attach(&image, read(&file)?, &origin)
            .with_context(|| format!("`{}` can't be attached", file.display()))?;
        attached.push((artifact, sbom::CYCLONEDX));
    }
    layout::write(&layout, &origin.version, &image, &attached)?;
    eprintln!("{}: {}", layout.display(), image.manifest.digest);
    if let Some(registry) = registry {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            registry.log_in().await?;
            registry.push(&image).await?;
            for (artifact, kind) in &attached {
                registry.attach(artifact, &image.manifest, kind).await?;
            }
            anyhow::Ok(())
        })?;
        eprintln!("pushed: {} (tag {})", registry.by_digest(&image.manifest), registry.tag());
    }
    Ok(image.manifest.digest)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("could not read `{}`", file.display()))
}
