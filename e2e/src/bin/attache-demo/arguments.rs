//! What the command line says.

use clap::{Parser, value_parser};

/// The port of the first service where somebody is to send requests and names no other.
const PORT: u16 = 8080;

/// Shows Attaché at work: two services behind two Envoys, one configuration, a dozen requests.
#[derive(Debug, Parser)]
#[command(name = "scripts/demo", bin_name = "scripts/demo")]
pub(crate) struct Arguments {
    /// End after the table, on any free ports.
    #[arg(long)]
    pub(crate) once: bool,
    /// Listen on BASE (orders) and BASE + 1 (billing); default 8080.
    #[arg(long, value_name = "BASE", value_parser = value_parser!(u16).range(1..=65534))]
    port: Option<u16>,
}

impl Arguments {
    /// Returns the port of the first service, 1 to 65534, which leaves one for the second; `None`
    /// for any free ones.
    pub(crate) fn base_port(&self) -> Option<u16> {
        match self.port {
            None if !self.once => Some(PORT),
            port => port,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["attache-demo"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn ports_are_fixed_only_where_somebody_is_to_use_them() {
        assert_eq!(read("").unwrap().base_port(), Some(8080));
        assert_eq!(read("--once").unwrap().base_port(), None);
        assert_eq!(read("--once --port 9000").unwrap().base_port(), Some(9000));
        assert_eq!(read("--port=9000").unwrap().base_port(), Some(9000));
    }

    #[test]
    fn nonsense_is_an_error() {
        for line in ["--port", "--port x", "--port 0", "--port 65535", "--twice", "once"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
