//! The load: prepared HTTP/1.1 requests over connections that stay open, one request at a time on
//! each.

use anyhow::{Context, Result, bail};
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Requests in flight: enough that Envoy's worker always has the next one waiting.
const CONNECTIONS: usize = 32;

/// No answer takes this long: the chain hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, as text: nothing here is binary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then(|| value.trim()))
    }
}

/// A connection that stays open.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    received: Vec<u8>,
    filled: usize,
}

impl Connection {
    pub(crate) fn new(stream: UnixStream) -> Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: vec![0; 16 * 1024], filled: 0 })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.send(request)?;
        let Extent { head, end } = self.receive()?;
        let received = |range: Range<usize>| self.received.get(range).unwrap_or_default().to_vec();
        let (head, body) =
            (String::from_utf8(received(0..head))?, String::from_utf8(received(head..end))?);
        Ok(Answer { status: self.status(), head, body })
    }

    fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).context("envoy closed the connection")
    }

    /// Reads one answer and returns its status.
    fn finish(&mut self) -> Result<u16> {
        self.receive()?;
        Ok(self.status())
    }

    fn status(&self) -> u16 {
        let digits = self.received.get("HTTP/1.1 ".len().."HTTP/1.1 200".len()).unwrap_or_default();
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    fn receive(&mut self) -> Result<Extent> {
        self.filled = 0;
        loop {
            if self.filled == self.received.len() {
                self.received.resize(self.received.len().saturating_mul(2), 0);
            }
            let free = self.received.get_mut(self.filled..).unwrap_or_default();
            let count = self.stream.read(free).context("no answer")?;
            if count == 0 {
                bail!("envoy closed the connection");
            }
            self.filled = self.filled.saturating_add(count);
            if let Some(extent) = extent(self.received.get(..self.filled).unwrap_or_default())? {
                return Ok(extent);
            }
        }
    }
}

/// Where an answer's head and the whole of it end.
#[derive(Debug, PartialEq, Eq)]
struct Extent {
    head: usize,
    end: usize,
}

/// The extent of a whole answer; `None` while more is to come.
fn extent(received: &[u8]) -> Result<Option<Extent>> {
    let Some(head) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = head.saturating_add(4);
    let mut length = 0;
    for line in received.get(..head).unwrap_or_default().split(|&byte| byte == b'\n') {
        if starts_with(line, b"content-length:") {
            let digits =
                std::str::from_utf8(line.get(b"content-length:".len()..).unwrap_or_default())?;
            length = digits
                .trim()
                .parse()
                .with_context(|| format!("not a length: `{}`", digits.trim()))?;
        } else if starts_with(line, b"transfer-encoding:") {
            return Ok(chunked_end(received, head).map(|end| Extent { head, end }));
        }
    }
    let end = head.saturating_add(length);
    Ok((received.len() >= end).then_some(Extent { head, end }))
}

/// Envoy's administration answers in chunks; its text holds no empty chunk but the last.
fn chunked_end(received: &[u8], head: usize) -> Option<usize> {
    let last = b"\r\n0\r\n\r\n";
    let found = received.get(head..)?.windows(last.len()).position(|part| part == last)?;
    Some(head.saturating_add(found).saturating_add(last.len()))
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// All the connections to one chain.
#[derive(Debug)]
pub(crate) struct Load {
    connections: Vec<Connection>,
}

impl Load {
    /// Opens the connections.
    pub(crate) fn open(mut connect: impl FnMut() -> Result<Connection>) -> Result<Self> {
        Ok(Self { connections: (0..CONNECTIONS).map(|_| connect()).collect::<Result<_>>()? })
    }

    /// Sends requests, each of which must be answered with one of these statuses; returns how many
    /// there were.
    ///
    /// Each connection waits for its answer before its next request. They are served in turn, so
    /// that while one answer is read, Envoy has the requests of all the others.
    pub(crate) fn run<R: AsRef<[u8]>>(
        &mut self,
        requests: impl Iterator<Item = R>,
        expected: &[u16],
    ) -> Result<u64> {
        let mut sent: u64 = 0;
        let mut waiting = vec![false; self.connections.len()];
        let mut requests = requests.fuse();
        loop {
            let mut busy = false;
            for (connection, waiting) in self.connections.iter_mut().zip(&mut waiting) {
                if *waiting {
                    *waiting = false;
                    let status = connection.finish()?;
                    if !expected.contains(&status) {
                        bail!("request {sent} was answered with {status}, not one of {expected:?}");
                    }
                }
                if let Some(request) = requests.next() {
                    connection.send(request.as_ref())?;
                    *waiting = true;
                    busy = true;
                    sent = sent.saturating_add(1);
                }
            }
            if !busy {
                return Ok(sent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(extent(answer).unwrap(), Some(Extent { head: 38, end: 41 }));
        for cut in 0..answer.len() {
            assert_eq!(extent(&answer[..cut]).unwrap(), None, "{cut} bytes");
        }
    }

    #[test]
    fn a_chunked_answer_is_whole_with_its_last_chunk() {
        let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(extent(answer).unwrap().unwrap().end, answer.len());
        assert_eq!(extent(&answer[..answer.len() - 1]).unwrap(), None);
    }

    #[test]
    fn every_request_is_answered_before_the_load_is_done() {
        let echo = || {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            std::thread::spawn(move || {
                let mut request = [0; 4];
                while theirs.read_exact(&mut request).is_ok() {
                    theirs.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                }
            });
            Connection::new(ours)
        };
        let mut load = Load::open(echo).unwrap();
        assert_eq!(load.run(std::iter::repeat_n("ping", 100), &[204]).unwrap(), 100);
        assert!(
            load.run(std::iter::repeat_n("ping", 1), &[200])
                .unwrap_err()
                .to_string()
                .contains("204")
        );
    }
}
