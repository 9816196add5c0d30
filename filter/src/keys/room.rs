//! Requests that wait for keys.

use crate::connection::Connection;
use crate::host::{self, GaugeId};
use attache_engine::IssuerIndex;
use attache_engine::host::Peer as _;
use attache_engine::remote::{Missing, UnixMillis};
use std::cell::{OnceCell, RefCell};
use std::net::{IpAddr, Ipv6Addr};

/// The most requests that wait in one worker for the keys of one issuer.
pub(crate) const PLACES: usize = 256;

/// The waiting requests of one worker and configuration.
pub(crate) struct Room {
    waiters: RefCell<Vec<Waiter>>,
    /// How many wait in all workers.
    gauge: OnceCell<Option<GaugeId>>,
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    /// Its context.
    pub(crate) context: u32,
    /// Who sent it.
    pub(crate) client: Client,
    /// Whose keys it waits for.
    pub(crate) issuer: IssuerIndex,
    /// What it lacks.
    pub(crate) missing: Missing,
    /// When it came.
    pub(crate) arrived: UnixMillis,
    /// The version of the keys that did not do.
    pub(crate) version: u64,
}

/// Who is entitled to a share of the places: the direct peer's address, of IPv6 the first 64 bits, since whoever has one
/// has all that begin so. All whose address the host can't tell share one share: what a header says could be anything.
pub(crate) type Client = Option<IpAddr>;

/// Who sent a request.
pub(crate) fn client(peer: &Connection) -> Client {
    const NETWORK: u128 = !(u64::MAX as u128);
    peer.source_ip().map(|address| match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
    })
}

fn count(waiters: &[Waiter], issuer: IssuerIndex) -> usize {
    waiters.iter().filter(|waiter| waiter.issuer == issuer).count()
}

/// Adds a request. Where all places are taken, whoever holds most loses its last one, and that request is returned.
fn admit(waiters: &mut Vec<Waiter>, waiter: Waiter) -> Option<Waiter> {
    let is_full = count(waiters, waiter.issuer) >= PLACES;
    let greediest = is_full.then(|| greediest(waiters, waiter.issuer, waiter.client)).flatten();
    let displaced = greediest.and_then(|greediest| {
        let is_theirs = |other: &Waiter| other.issuer == waiter.issuer && other.client == greediest;
        waiters.iter().rposition(is_theirs).map(|at| waiters.remove(at))
    });
    waiters.push(waiter);
    displaced
}

/// The client that holds most places, if it still has as many as another once that has got one of them.
fn greediest(waiters: &[Waiter], issuer: IssuerIndex, than: Client) -> Option<Client> {
    let mut places: Vec<(Client, usize)> = vec![(than, 0)];
    for waiter in waiters.iter().filter(|waiter| waiter.issuer == issuer) {
        match places.iter_mut().find(|(client, _)| *client == waiter.client) {
            Some((_, held)) => *held = held.saturating_add(1),
            None => places.push((waiter.client, 1)),
        }
    }
    let least = places.first().map_or(0, |(_, held)| *held).saturating_add(2);
    let (client, held) = places.into_iter().max_by_key(|(_, held)| *held)?;
    (held >= least).then_some(client)
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { waiters: RefCell::default(), gauge: OnceCell::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.try_borrow().is_ok_and(|waiters| waiters.is_empty())
    }

    pub(crate) fn is_awaited(&self, issuer: IssuerIndex) -> bool {
        self.waiters.try_borrow().is_ok_and(|waiters| count(&waiters, issuer) > 0)
    }

    /// Whether a client gets a place: a free one, or one of whoever holds most.
    pub(crate) fn has_place(&self, issuer: IssuerIndex, client: Client) -> bool {
        let Ok(waiters) = self.waiters.try_borrow() else { return false };
        count(&waiters, issuer) < PLACES || greediest(&waiters, issuer, client).is_some()
    }

    /// Gives a request a place. Returns the request that loses its own by that.
    pub(crate) fn enter(&self, waiter: Waiter) -> Option<Waiter> {
        let displaced = admit(&mut *self.waiters.try_borrow_mut().ok()?, waiter);
        if displaced.is_none() {
            self.tell(1);
        }
        displaced
    }

    /// Takes out the request of a context that is gone, if it waited.
    pub(crate) fn leave(&self, context: u32) {
        self.take(|waiter| waiter.context == context);
    }

    /// Takes out the requests that a test is true of, in the order in which they came.
    pub(crate) fn take(&self, mut test: impl FnMut(&Waiter) -> bool) -> Vec<Waiter> {
        let Ok(mut waiters) = self.waiters.try_borrow_mut() else { return Vec::new() };
        let taken: Vec<Waiter> = waiters.extract_if(.., |waiter| test(waiter)).collect();
        drop(waiters);
        if let Ok(count @ 1..) = i64::try_from(taken.len()) {
            self.tell(count.saturating_neg());
        }
        taken
    }

    fn tell(&self, change: i64) {
        if let Some(gauge) = self.gauge.get_or_init(|| host::define_gauge("attache.keys.waiting")) {
            host::add_to_gauge(*gauge, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(context: u32, client: Client) -> Waiter {
        let (issuer, missing) = (IssuerIndex(0), Missing::KeyId);
        Waiter { context, client, issuer, missing, arrived: UnixMillis(0), version: 0 }
    }

    fn client(last: u8) -> Client {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    fn held(waiters: &[Waiter], client: Client) -> usize {
        waiters.iter().filter(|waiter| waiter.client == client).count()
    }

    #[test]
    fn no_peer_takes_all_the_places() {
        let [greedy, late, third] = [1, 2, 3].map(client);
        let mut waiters = Vec::new();
        for context in 0..256 {
            assert_eq!(admit(&mut waiters, waiter(context, greedy)), None, "alone, it may have them all");
        }
        assert_eq!(greediest(&waiters, IssuerIndex(0), greedy), None, "and no more");
        assert_eq!(admit(&mut waiters, waiter(1000, late)), Some(waiter(255, greedy)), "its last one goes");
        for context in 1001..1128 {
            assert_eq!(greediest(&waiters, IssuerIndex(0), late), Some(greedy));
            admit(&mut waiters, waiter(context, late));
        }
        assert_eq!([held(&waiters, greedy), held(&waiters, late)], [128, 128]);
        assert_eq!(greediest(&waiters, IssuerIndex(0), late), None, "each has its half");
        assert_eq!(greediest(&waiters, IssuerIndex(0), greedy), None);
        // Whose address is not known is one peer.
        for unknown in [third, None] {
            let displaced = admit(&mut waiters, waiter(2000, unknown)).expect("somebody else's place");
            assert!(displaced.client == greedy || displaced.client == late);
        }
        assert_eq!(waiters.len(), PLACES);
    }

    #[test]
    fn each_issuer_has_places_of_its_own() {
        let mut waiters: Vec<Waiter> = (0..256).map(|context| waiter(context, client(1))).collect();
        let other = Waiter { issuer: IssuerIndex(1), ..waiter(1000, client(2)) };
        assert_eq!(admit(&mut waiters, other), None);
        assert_eq!(waiters.len(), 257);
    }
}
