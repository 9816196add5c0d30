//! Where the process listens, what it logs, and where a token goes.

use attache_config_reader::NonEmpty;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The side towards the gateway.
#[derive(Clone, Debug)]
pub struct Grpc {
    /// Where it listens.
    pub listen: Listen,
    /// TLS, on TCP only.
    pub tls: Option<GrpcTls>,
    /// The largest request with its body, in bytes: 64 KiB to 256 MiB.
    pub max_message_bytes: usize,
    /// What all requests of more than 64 KiB may hold together, in bytes: `max_message_bytes` to 16
    /// GiB. Each holds its length, and once more while it is answered.
    pub max_bytes_in_flight: usize,
    /// How long a request may wait for room, and how long for its token to be made: 100 ms to 60
    /// seconds.
    pub timeout: Duration,
    /// The hook names that an API definition may use.
    pub hook_names: NonEmpty<String>,
}

/// Where the gRPC side listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `tcp://ADDRESS:PORT`.
    Tcp(SocketAddr),
    /// `unix:///PATH`.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// TLS for the gRPC side. PEM files.
#[derive(Clone, Debug)]
pub struct GrpcTls {
    /// The certificate chain.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Who may sign client certificates. Present: every client must show one.
    pub client_ca_file: Option<PathBuf>,
}

/// The side towards verifiers, probes and Prometheus.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8080)) }
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log {
    /// The least of it.
    pub level: LogLevel,
    /// Whether there is a line for each token that is made or exchanged, for audits.
    pub issued: bool,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogLevel {
    /// What failed here.
    Error,
    /// And requests that got no token, ten lines a second at most.
    Warn,
    /// And keys, starts and stops.
    #[default]
    Info,
    /// And every request.
    Debug,
}

/// Where the token goes in the upstream request.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The header, as the gateway writes it.
    pub header: String,
    /// What stands before the token; may be empty.
    pub prefix: String,
}

impl Default for Upstream {
    fn default() -> Self {
        Self { header: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}
