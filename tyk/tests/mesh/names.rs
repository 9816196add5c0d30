//! A name server for one name, with as many addresses as it is given (RFC 1035).

use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;

const QUERY: usize = 12;
const A: [u8; 2] = [0, 1];

/// Starts a name server that has these addresses for whatever name it is asked for.
pub async fn serve(addresses: Vec<Ipv4Addr>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            if let Some(answer) = answer(&query[..length], &addresses) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    at
}

fn answer(query: &[u8], addresses: &[Ipv4Addr]) -> Option<Vec<u8>> {
    let name = query.get(QUERY..)?.iter().position(|byte| *byte == 0)?;
    let end = QUERY + name + 5;
    let kind = query.get(end - 4..end - 2)?;
    // Other kinds, such as IPv6, have no records.
    let addresses = if kind == A { addresses } else { &[] };
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x84, 0x00, 0, 1]);
    answer.extend(u16::try_from(addresses.len()).ok()?.to_be_bytes());
    answer.extend([0; 4]);
    answer.extend(query.get(QUERY..end)?);
    for address in addresses {
        // The name that was asked for, of class IN, for a second.
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

#[test]
fn a_name_has_every_address_and_no_other_records() {
    let addresses = [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)];
    let query = |kind: u8| {
        let mut query = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.extend(b"\x06issuer\x04test\x00");
        query.extend([0, kind, 0, 1]);
        query
    };
    let found = answer(&query(1), &addresses).unwrap();
    assert_eq!(found[..8], [7, 9, 0x84, 0, 0, 1, 0, 2]);
    assert_eq!(found[QUERY..QUERY + 17], query(1)[QUERY..]);
    assert!(found.ends_with(&[127, 0, 0, 2]));
    let none = answer(&query(28), &addresses).unwrap();
    assert_eq!(none[6..8], [0, 0]);
    assert!(answer(&[1, 2, 3], &addresses).is_none());
}
