//! Reading a log a line at a time.

use super::{Entry, read};
use std::io::{self, BufRead};

/// The longest line that is read, in bytes: an audit line with every claim is shorter.
const MAX_BYTES: usize = 1 << 20;

/// One line.
#[derive(Debug, PartialEq, Eq)]
enum Line<'l> {
    /// What it holds, without its end.
    Bytes(&'l [u8]),
    /// It is longer than any that is read.
    TooLong,
}

/// The lines of a log. Never more than one of them is held.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    /// The number of the line that was read last, from 1.
    pub(crate) number: u64,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads from here on.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0, bytes: 0 }
    }

    /// Reads the next line, and what it is; `None` at the end.
    ///
    /// # Errors
    /// The log can't be read.
    pub(crate) fn entry(&mut self) -> io::Result<Option<Entry>> {
        let entry = self.read()?.map(|line| match line {
            Line::TooLong => Entry::Unreadable("it is longer than 1 MiB"),
            Line::Bytes(line) => read(line),
        });
        Ok(entry)
    }

    /// Reads the next line; `None` at the end.
    ///
    /// # Errors
    /// It can't be read.
    fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut is_too_long = false;
        let mut is_begun = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if buffer.is_empty() {
                break;
            }
            is_begun = true;
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let taken = end.map_or(buffer.len(), |end| end.saturating_add(1));
            is_too_long |= self.line.len().saturating_add(part.len()) > MAX_BYTES;
            if is_too_long {
                self.line.clear();
            } else {
                self.line.extend_from_slice(part);
            }
            self.reader.consume(taken);
            self.bytes = self.bytes.saturating_add(u64::try_from(taken).unwrap_or_default());
            if end.is_some() {
                break;
            }
        }
        if !is_begun {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        Ok(Some(if is_too_long { Line::TooLong } else { Line::Bytes(&self.line) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn lines_end_where_the_log_says() {
        let mut lines = Lines::new(BufReader::with_capacity(3, &b"first\n\nthird"[..]));
        for expected in [&b"first"[..], b"", b"third"] {
            assert_eq!(lines.read().unwrap_or_default(), Some(Line::Bytes(expected)));
        }
        assert_eq!(lines.read().unwrap_or_default(), None);
        assert_eq!((lines.number, lines.bytes), (3, 12));
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let long = vec![b'a'; MAX_BYTES * 3];
        let log = [&long[..], b"\nshort\n"].concat();
        let mut lines = Lines::new(BufReader::new(log.as_slice()));
        assert_eq!(lines.read().unwrap_or_default(), Some(Line::TooLong));
        assert!(lines.line.capacity() <= MAX_BYTES * 2);
        assert_eq!(lines.read().unwrap_or_default(), Some(Line::Bytes(b"short")));
    }
}
