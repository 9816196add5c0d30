//! A client that writes HTTP/2 frames itself (RFC 9113), so that a test decides what comes together
//! and what is left unread.

use super::post;
use attache_issuer::proto::Object;
use prost::Message as _;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A frame of a body.
pub const DATA: u8 = 0;
/// A frame that opens a stream, or ends it with trailers.
pub const HEADERS: u8 = 1;
/// A frame that ends a stream.
pub const RST_STREAM: u8 = 3;
/// A frame of settings.
pub const SETTINGS: u8 = 4;
/// A frame that wants an answer.
pub const PING: u8 = 6;
/// A frame that ends the connection.
pub const GOAWAY: u8 = 7;
/// A frame that lets more through.
pub const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// The largest frame that may be sent without asking.
const FRAME: usize = 16 << 10;

/// A connection as the gateway has one: all of its requests are streams of it.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    next: u32,
    /// What came on each stream, without frame headers.
    answers: BTreeMap<u32, Vec<u8>>,
    /// What the server lets through on each stream, beyond its window at the beginning.
    windows: BTreeMap<u32, usize>,
    /// Streams that the server has ended.
    pub closed: Vec<u32>,
}

impl Connection {
    /// Opens one with windows of the size at the beginning (RFC 9113 section 6.9.2).
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, 65_535).await
    }

    /// Opens one whose streams take so many bytes of an answer before they are read.
    pub async fn open_with(address: SocketAddr, window: u32) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let mut setting = 4_u16.to_be_bytes().to_vec();
        setting.extend(window.to_be_bytes());
        opening.extend(frame(SETTINGS, 0, 0, &setting));
        // Of all streams together it takes whatever comes.
        opening.extend(frame(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes()));
        stream.write_all(&opening).await.unwrap();
        let (answers, windows) = (BTreeMap::new(), BTreeMap::new());
        Self { stream, next: 1, answers, windows, closed: Vec::new() }
    }

    /// Writes frames.
    pub async fn write(&mut self, frames: &[u8]) {
        self.stream.write_all(frames).await.unwrap();
    }

    /// Returns a request that is open, its head alone, and its stream.
    pub fn head(&mut self) -> (u32, Vec<u8>) {
        let id = self.next;
        self.next += 2;
        (id, frame(HEADERS, END_HEADERS, id, &head()))
    }

    /// Returns a whole request of a small message, and its stream.
    pub fn request(&mut self, object: &Object) -> (u32, Vec<u8>) {
        let (id, mut frames) = self.head();
        let body = message(object);
        assert!(body.len() < FRAME);
        frames.extend(frame(DATA, END_STREAM, id, &body));
        (id, frames)
    }

    /// Sends a message of any size, as far as the server takes it, and returns its stream.
    pub async fn send(&mut self, object: &Object) -> u32 {
        let (id, head) = self.head();
        self.write(&head).await;
        let body = message(object);
        let mut sent = 0;
        while sent < body.len() {
            let window = 65_535 + self.windows.get(&id).copied().unwrap_or_default();
            let piece = body.len().min(sent + FRAME).min(window) - sent;
            if piece == 0 {
                if self.closed.contains(&id) || self.answers.contains_key(&id) {
                    break;
                }
                self.read().await;
                continue;
            }
            let end = if sent + piece == body.len() { END_STREAM } else { 0 };
            let data = frame(DATA, end, id, &body[sent..sent + piece]);
            self.write(&data).await;
            sent += piece;
        }
        id
    }

    /// Waits for the answer on a stream.
    pub async fn answer(&mut self, id: u32) -> Object {
        loop {
            let whole = self.answers.get(&id).filter(|bytes| {
                let length =
                    bytes.get(1..5).map(|length| u32::from_be_bytes(length.try_into().unwrap()));
                length.is_some_and(|length| bytes.len() >= 5 + usize::try_from(length).unwrap())
            });
            if let Some(bytes) = whole {
                return Object::decode(&bytes[5..]).unwrap();
            }
            assert!(!self.closed.contains(&id), "stream {id} was closed without an answer");
            self.read().await;
        }
    }

    /// Reads until a frame of this kind has come.
    pub async fn wait_for(&mut self, kind: u8) {
        while self.read().await != kind {}
    }

    /// Reads a frame and does with it what any client does; returns its kind.
    async fn read(&mut self) -> u8 {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.expect("the connection was closed");
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
        let id = u32::from_be_bytes(head[5..].try_into().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        match head[3] {
            DATA => self.answers.entry(id).or_default().extend(body),
            SETTINGS if head[4] & ACK == 0 => self.write(&frame(SETTINGS, ACK, 0, &[])).await,
            PING if head[4] & ACK == 0 => self.write(&frame(PING, ACK, 0, &body)).await,
            WINDOW_UPDATE => {
                let more = u32::from_be_bytes(body.try_into().unwrap());
                *self.windows.entry(id).or_default() += usize::try_from(more).unwrap();
            }
            RST_STREAM => self.closed.push(id),
            GOAWAY => {
                let why = String::from_utf8_lossy(&body[8..]).into_owned();
                assert_eq!(body[7], 0, "the connection was ended for all: {why}");
            }
            _ => {}
        }
        if head[3] == HEADERS && head[4] & END_STREAM != 0 && !self.answers.contains_key(&id) {
            self.closed.push(id);
        }
        head[3]
    }
}

/// Returns a frame.
pub fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(body);
    frame
}

/// Returns what a client sends that gives up on a request.
pub fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

/// A message as gRPC frames it.
fn message(object: &Object) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend(u32::try_from(object.encoded_len()).unwrap().to_be_bytes());
    framed.extend(object.encode_to_vec());
    framed
}

/// The head of a call, without a dynamic table (RFC 7541).
fn head() -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let mut head = vec![0x83, 0x86, 0x04];
    head.extend(text("/coprocess.Dispatcher/Dispatch"));
    head.push(0x01);
    head.extend(text("issuer"));
    head.extend([0x0f, 0x10]);
    head.extend(text("application/grpc"));
    head.push(0x00);
    head.extend(text("te"));
    head.extend(text("trailers"));
    head
}

/// Returns a request with a body of this length.
pub fn large(api: &str, length: usize) -> Object {
    let mut object = post(api, Some(super::session("k1", &[])), &[]);
    let request = object.request.as_mut().unwrap();
    request.method = "POST".into();
    request.raw_body = vec![b'x'; length].into();
    object
}
