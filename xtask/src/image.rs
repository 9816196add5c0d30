//! What ships.

use crate::repository::root;
use crate::toolchain::{WASM, static_target};
use clap::ValueEnum;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;

/// What ships: as an image, or as a program beside a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The Wasm module.
    Filter,
    /// The issuer's program.
    Issuer,
    /// The tool, a program that no image is made of.
    Tool,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Issuer => "issuer",
            Self::Tool => "tool",
        }
    }

    /// Returns what it is called in a bill of materials.
    pub(crate) const fn product(self) -> &'static str {
        match self {
            Self::Filter => "attache",
            Self::Issuer => "attache-issuer",
            Self::Tool => "attache-cli",
        }
    }

    /// Returns the package that it is built from.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Filter => "attache-filter",
            Self::Issuer => "attache-issuer",
            Self::Tool => "attache-cli",
        }
    }

    /// Returns the folder of its package.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Issuer => "tyk",
            Self::Tool => "cli",
        }
    }

    /// Returns the target that it is built for.
    pub(crate) fn target(self) -> String {
        match self {
            Self::Filter => WASM.to_owned(),
            Self::Issuer | Self::Tool => static_target(),
        }
    }

    /// Returns where a build leaves it.
    pub(crate) fn artefact(self) -> PathBuf {
        root().join(match self {
            Self::Filter => "dist/plugin.wasm",
            Self::Issuer => "dist/attache-issuer",
            Self::Tool => "dist/attache",
        })
    }

    /// Returns what people type to build it.
    pub(crate) const fn build_command(self) -> &'static str {
        match self {
            Self::Filter => "scripts/build",
            Self::Issuer => "scripts/build --issuer",
            Self::Tool => "scripts/build --tool",
        }
    }

    /// Returns where its bill of materials is written.
    pub(crate) fn bill(self) -> PathBuf {
        root().join("dist").join(format!("{self}.cdx.json"))
    }

    /// Returns where its OCI layout is written.
    pub(crate) fn layout(self) -> PathBuf {
        root().join("dist/oci").join(self.name())
    }

    /// Returns crates that must be among those it is made of, and crates that can't be.
    pub(crate) const fn crates(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Filter => (
                &[
                    "attache-config-reader",
                    "attache-engine",
                    "attache-plugin-config",
                    "proxy-wasm",
                    "rsa",
                    "serde_json",
                ],
                &[
                    "tokio",
                    "attache-e2e",
                    "proxy-wasm-test-host",
                    "p256",
                    "hyper",
                    "schemars",
                    "serde-saphyr",
                ],
            ),
            Self::Issuer => (
                &["attache-config-reader", "jwt-simple", "ring", "rustls", "tonic", "tokio"],
                &["attache-e2e", "attache-engine", "proxy-wasm", "rcgen"],
            ),
            Self::Tool => (
                &[
                    "attache-config-reader",
                    "attache-engine",
                    "attache-plugin-config",
                    "clap",
                    "reqwest",
                    "rustls",
                ],
                &["attache-e2e", "attache-filter", "proxy-wasm", "tonic", "rcgen"],
            ),
        }
    }
}

impl Display for Kind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
