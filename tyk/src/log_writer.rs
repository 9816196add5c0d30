//! Writes the log without waiting for whoever reads it: a collector that hangs must not hold up
//! requests.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How many lines may wait to be written; more are left out.
const WAITING: usize = 4096;

/// How long the last lines may take to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes lines for the standard output.
#[derive(Clone, Debug)]
pub struct LogWriter(SyncSender<Message>);

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Everything before this was written, once the sender has a message.
    Flush(Sender<()>),
}

/// A line that is being made; it is sent off when it is dropped.
#[derive(Debug)]
pub struct Line {
    text: Vec<u8>,
    to: SyncSender<Message>,
}

impl LogWriter {
    /// Starts a thread that writes to the standard output.
    pub fn stdout() -> Self {
        let (to, from) = sync_channel(WAITING);
        thread::spawn(move || write(&from));
        Self(to)
    }

    /// Waits until what was logged is written, for a second at most.
    pub fn flush(&self) {
        let (done, written) = channel();
        if self.0.try_send(Message::Flush(done)).is_ok() {
            // Where nobody reads there is nothing to be done.
            let _ = written.recv_timeout(PATIENCE);
        }
    }
}

fn write(from: &Receiver<Message>) {
    let mut out = io::stdout();
    for message in from {
        match message {
            // There is nowhere to report a log that can't be written.
            Message::Line(line) => drop(out.write_all(&line).and_then(|()| out.flush())),
            Message::Flush(done) => drop(done.send(())),
        }
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { text: Vec::new(), to: self.0.clone() }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.to.try_send(Message::Line(std::mem::take(&mut self.text)));
    }
}
