//! What the command line says.

use anyhow::{Context, Result, bail};

pub(crate) const HELP: &str = "\
Shows Attaché at work: two services behind two Envoys, one configuration, a dozen requests.

  scripts/demo [--once] [--port BASE]

  --once        end after the table, on any free ports
  --port BASE   listen on BASE (orders) and BASE + 1 (billing); default 8080";

/// The command line.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub help: bool,
    pub once: bool,
    /// `None`: any free ports.
    pub base_port: Option<u16>,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-h" | "--help" => arguments.help = true,
                "--once" => arguments.once = true,
                "--port" => {
                    arguments.base_port = Some(port(&words.next().context("`--port` needs a number")?)?)
                }
                _ => match word.strip_prefix("--port=") {
                    Some(text) => arguments.base_port = Some(port(text)?),
                    None => bail!("unknown argument `{word}`: try --help"),
                },
            }
        }
        if !arguments.once {
            arguments.base_port.get_or_insert(8080);
        }
        Ok(arguments)
    }
}

fn port(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(port @ 1..=65534) => Ok(port),
        _ => bail!("`{text}` is no port: use 1 to 65534"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn ports_are_fixed_only_where_somebody_is_to_use_them() {
        assert_eq!(read("").unwrap().base_port, Some(8080));
        assert_eq!(read("--once").unwrap().base_port, None);
        assert_eq!(read("--once --port 9000").unwrap().base_port, Some(9000));
        assert_eq!(read("--port=9000").unwrap().base_port, Some(9000));
    }

    #[test]
    fn nonsense_is_an_error() {
        for line in ["--port", "--port x", "--port 0", "--port 65535", "--twice"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
