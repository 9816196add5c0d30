//! Connects to whatever the first line of a connection names (`10.96.0.12:8080`), and passes bytes
//! to and fro. So a test on another machine calls as this pod: through its sidecar where it has
//! one, and with its identity.

use anyhow::{Context, Result};
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// More than any address has.
const MAX_LINE_BYTES: usize = 64;

pub(crate) async fn serve(at: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(at).await?;
    loop {
        let (near, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = pass(near).await {
                eprintln!("a connection broke off: {error:#}");
            }
        });
    }
}

async fn pass(mut near: TcpStream) -> Result<()> {
    let to = destination(&mut near).await?;
    let mut far =
        TcpStream::connect(to).await.with_context(|| format!("`{to}` can't be reached"))?;
    tokio::io::copy_bidirectional(&mut near, &mut far).await?;
    Ok(())
}

/// Byte by byte, since what follows the line belongs to the far side.
async fn destination(near: &mut TcpStream) -> Result<SocketAddr> {
    let mut line = Vec::new();
    while line.len() < MAX_LINE_BYTES {
        match near.read_u8().await? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    let line = String::from_utf8_lossy(&line);
    line.parse().with_context(|| format!("`{line}` is no address with a port"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_e2e::echo::{Echo, Seen};
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn what_follows_the_first_line_reaches_the_far_side() {
        let service = Echo::start("far").await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        tokio::spawn(pass(near));
        let words = format!(
            "{}\nGET /a HTTP/1.1\r\nhost: far\r\nconnection: close\r\n\r\n",
            service.address()
        );
        client.write_all(words.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(serde_json::from_str::<Seen>(body).unwrap().path, "/a");
    }

    #[tokio::test]
    async fn a_first_line_that_is_no_address_ends_the_connection() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        client.write_all(b"orders.shop\n").await.unwrap();
        let error = pass(near).await.unwrap_err().to_string();
        assert!(error.contains("`orders.shop` is no address"), "{error}");
    }
}
