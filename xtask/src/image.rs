//! What images are made of.

use crate::repository::root;
use crate::toolchain::{WASM, static_target};
use clap::ValueEnum;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;

/// What ships as an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The Wasm module.
    Filter,
    /// The issuer's program.
    Issuer,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Issuer => "issuer",
        }
    }

    /// Returns what it is called in a bill of materials.
    pub(crate) const fn product(self) -> &'static str {
        match self {
            Self::Filter => "attache",
            Self::Issuer => "attache-issuer",
        }
    }

    /// Returns the package that it is built from.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Filter => "attache-filter",
            Self::Issuer => "attache-issuer",
        }
    }

    /// Returns the folder of its package.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Issuer => "tyk",
        }
    }

    /// Returns the target that it is built for.
    pub(crate) fn target(self) -> String {
        match self {
            Self::Filter => WASM.to_owned(),
            Self::Issuer => static_target(),
        }
    }

    /// Returns where a build leaves it.
    pub(crate) fn artefact(self) -> PathBuf {
        root().join(match self {
            Self::Filter => "dist/plugin.wasm",
            Self::Issuer => "dist/attache-issuer",
        })
    }

    /// Returns what people type to build it.
    pub(crate) const fn build_command(self) -> &'static str {
        match self {
            Self::Filter => "scripts/build",
            Self::Issuer => "scripts/build --issuer",
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
                    "p256",
                    "serde_json",
                ],
                &["tokio", "attache-e2e", "proxy-wasm-test-host", "hyper", "schemars", "serde-saphyr"],
            ),
            Self::Issuer => (
                &["attache-config-reader", "jwt-simple", "ring", "rustls", "tonic", "tokio"],
                &["attache-e2e", "attache-engine", "proxy-wasm", "rcgen"],
            ),
        }
    }
}

impl Display for Kind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
