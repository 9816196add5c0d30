//! What the command line says.

use clap::Args;
use std::path::PathBuf;

/// Tries Tyk's rate limits before production does
///
/// Works out which limits definitions, policies and a key's session set, says how many requests may
/// pass and which of Tyk's algorithms counts them, then sends a bounded schedule to the gateways
/// that are named, and to nothing else, and holds the answers against that. Ends with status 1
/// where a limit fares otherwise than it is written down. Where no FILE is named, the first gateway
/// is asked for all of it; TYK_GW_SECRET holds its secret.
#[derive(Args)]
pub(crate) struct Options {
    /// API definitions, classic or OAS: files, folders, and `-` for the standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Policies, as a gateway's file or its API has them
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(super) policies: Vec<PathBuf>,
    /// The key's session, as `GET /tyk/keys/…` prints it
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(super) session: Option<PathBuf>,
    /// The gateways' configuration, which says how they count and match paths: tyk.conf
    #[arg(long, value_name = "FILE")]
    pub(super) conf: Option<PathBuf>,
    /// A gateway, or what balances requests to several; for several that are reached each by
    /// itself, name each
    #[arg(long, value_name = "URL", required_unless_present_any = ["judge", "dry_run"])]
    pub(super) gateway: Vec<String>,
    /// How many gateways share the limits; as many as are named where this is not said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(super) gateways: Option<u8>,
    /// The key to try: itself, or the file that holds it as @FILE
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<String>,
    /// Another key with the same limits, to see that each has its own
    #[arg(long, value_name = "KEY", requires = "key")]
    pub(super) second_key: Option<String>,
    /// Only this API, by its id
    #[arg(long, value_name = "ID")]
    pub(super) api: Vec<String>,
    /// A request to try in place of those that definitions and rights name: `GET /orders/list`
    #[arg(long, value_name = "METHOD PATH")]
    pub(super) request: Vec<String>,
    /// What the schedule goes by; a number that is printed where this is not said
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// The most requests that are sent
    #[arg(long, value_name = "COUNT", default_value = "20000")]
    pub(super) max_requests: u32,
    /// The longest that it takes, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(super) max_seconds: u32,
    /// Send to a host that is neither loopback nor private, without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Send requests whose methods are not safe (RFC 9110, section 9.2.1), such as POST or DELETE,
    /// without asking: the service behind the gateway does what they ask for, each time
    #[arg(long)]
    pub(super) unsafe_methods: bool,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Judge what an earlier run wrote with --record, and send nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "record", "seed", "gateway", "key", "second_key", "yes", "unsafe_methods"], requires = "files")]
    pub(super) judge: Option<PathBuf>,
    /// Write down what was sent and what came back
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(super) record: Option<PathBuf>,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write the result as JUnit has it
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Draw what passed against what may
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}
