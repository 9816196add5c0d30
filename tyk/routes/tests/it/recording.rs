//! What a Tyk answered, as it is kept.

use crate::corpus::folder;
use attache_tyk_routes::gateway::Request;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

/// What a Tyk did with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It answered itself.
    Own(u16),
    /// It sent it on.
    Sent(Sent),
}

/// A request as it came upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) api: String,
    pub(crate) authority: String,
    pub(crate) host: String,
    /// With the query.
    pub(crate) path: String,
    /// `-` where there is none.
    pub(crate) version: String,
}

impl Sent {
    pub(crate) fn path(&self) -> &str {
        self.path.split('?').next().unwrap()
    }
}

/// Returns what tells one list of requests from another: a recording is for one.
fn fingerprint(requests: &[Request]) -> String {
    let mut hasher = DefaultHasher::new();
    for request in requests {
        format!("{request:?}").hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Writes answers down: the ways upstream by number, then a line for each answer.
pub(crate) fn write(name: &str, requests: &[Request], answers: &[Answer]) {
    let mut ways: Vec<String> = Vec::new();
    let mut lines = String::new();
    for answer in answers {
        match answer {
            Answer::Own(status) => writeln!(lines, "{status}").unwrap(),
            Answer::Sent(sent) => {
                let way = format!("{} {} {}", sent.api, sent.authority, sent.host);
                let number = ways.iter().position(|known| *known == way).unwrap_or_else(|| {
                    ways.push(way);
                    ways.len() - 1
                });
                let version =
                    if sent.version == "-" { String::new() } else { format!(" {}", sent.version) };
                writeln!(lines, "{number} {}{version}", sent.path).unwrap();
            }
        }
    }
    let head = format!("requests {} {}\n", requests.len(), fingerprint(requests));
    let ways: String = ways.iter().map(|way| format!("way {way}\n")).collect();
    std::fs::write(path(name), head + &ways + &lines).unwrap();
}

/// Returns what was written down for these requests.
pub(crate) fn read(name: &str, requests: &[Request]) -> Vec<Answer> {
    let text = std::fs::read_to_string(path(name))
        .unwrap_or_else(|error| panic!("{name} was never recorded: {error}"));
    let mut lines = text.lines();
    let head = format!("requests {} {}", requests.len(), fingerprint(requests));
    assert_eq!(
        lines.next(),
        Some(head.as_str()),
        "{name} was recorded for other requests; record it again"
    );
    let mut ways: Vec<Vec<&str>> = Vec::new();
    let mut answers = Vec::new();
    for line in lines {
        if let Some(way) = line.strip_prefix("way ") {
            ways.push(way.split(' ').collect());
            continue;
        }
        let parts: Vec<&str> = line.split(' ').collect();
        answers.push(match parts.as_slice() {
            [status] => Answer::Own(status.parse().unwrap()),
            [way, path, version @ ..] => {
                let way = &ways[way.parse::<usize>().unwrap()];
                Answer::Sent(Sent {
                    api: way[0].to_owned(),
                    authority: way[1].to_owned(),
                    host: way[2].to_owned(),
                    path: (*path).to_owned(),
                    version: version.first().copied().unwrap_or("-").to_owned(),
                })
            }
            [] => panic!("{name}: an empty line"),
        });
    }
    assert_eq!(answers.len(), requests.len(), "{name}");
    answers
}

fn path(name: &str) -> std::path::PathBuf {
    folder("recorded").join(format!("{name}.txt"))
}
