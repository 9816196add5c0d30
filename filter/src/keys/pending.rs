//! Requests that wait for keys.

use crate::connection::Connection;
use crate::host::{self, GaugeId};
use attache_engine::IssuerIndex;
use attache_engine::host::Peer as _;
use attache_engine::remote::{MissingKeys, UnixMillis};
use std::cell::{OnceCell, RefCell};
use std::net::{IpAddr, Ipv6Addr};

/// The most requests that wait in one worker for the keys of one issuer.
pub(crate) const MAX_PENDING: usize = 256;

/// The waiting requests of one worker and configuration.
pub(crate) struct PendingRequests {
    all: RefCell<Vec<Pending>>,
    /// How many wait in all workers.
    gauge: OnceCell<Option<GaugeId>>,
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Its context.
    pub(crate) context: u32,
    /// Who sent it.
    pub(crate) client: Client,
    /// Whose keys it waits for.
    pub(crate) issuer: IssuerIndex,
    /// What it lacks.
    pub(crate) missing: MissingKeys,
    /// When it came.
    pub(crate) arrived: UnixMillis,
    /// The version of the keys that did not do.
    pub(crate) version: u64,
}

/// Who is entitled to a share of the places: the direct peer's address, of IPv6 the first 64 bits,
/// since whoever has one has all that begin so. All whose address the host can't tell share one
/// share: what a header says could be anything.
pub(crate) type Client = Option<IpAddr>;

/// Returns who sent a request.
pub(crate) fn client(peer: &Connection) -> Client {
    const NETWORK: u128 = !(u64::MAX as u128);
    peer.source_ip().map(|address| match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
    })
}

fn count(all: &[Pending], issuer: IssuerIndex) -> usize {
    all.iter().filter(|pending| pending.issuer == issuer).count()
}

/// Adds a request. Where all places are taken, whoever holds most loses its last one, and that
/// request is returned.
fn admit(all: &mut Vec<Pending>, pending: Pending) -> Option<Pending> {
    let is_full = count(all, pending.issuer) >= MAX_PENDING;
    let greediest = is_full.then(|| greediest(all, pending.issuer, pending.client)).flatten();
    let displaced = greediest.and_then(|greediest| {
        let is_theirs =
            |other: &Pending| other.issuer == pending.issuer && other.client == greediest;
        all.iter().rposition(is_theirs).map(|at| all.remove(at))
    });
    all.push(pending);
    displaced
}

/// Returns the client that holds most places, if it still has as many as another once that has got
/// one of them.
fn greediest(all: &[Pending], issuer: IssuerIndex, than: Client) -> Option<Client> {
    let mut places: Vec<(Client, usize)> = vec![(than, 0)];
    for pending in all.iter().filter(|pending| pending.issuer == issuer) {
        match places.iter_mut().find(|(client, _)| *client == pending.client) {
            Some((_, held)) => *held = held.saturating_add(1),
            None => places.push((pending.client, 1)),
        }
    }
    let least = places.first().map_or(0, |(_, held)| *held).saturating_add(2);
    let (client, held) = places.into_iter().max_by_key(|(_, held)| *held)?;
    (held >= least).then_some(client)
}

impl PendingRequests {
    pub(crate) fn new() -> Self {
        Self { all: RefCell::default(), gauge: OnceCell::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.try_borrow().is_ok_and(|all| all.is_empty())
    }

    pub(crate) fn is_awaited(&self, issuer: IssuerIndex) -> bool {
        self.all.try_borrow().is_ok_and(|all| count(&all, issuer) > 0)
    }

    /// Returns whether a client gets a place: a free one, or one of whoever holds most.
    pub(crate) fn has_place(&self, issuer: IssuerIndex, client: Client) -> bool {
        let Ok(all) = self.all.try_borrow() else { return false };
        count(&all, issuer) < MAX_PENDING || greediest(&all, issuer, client).is_some()
    }

    /// Gives a request a place. Returns the request that loses its own by that.
    pub(crate) fn enter(&self, pending: Pending) -> Option<Pending> {
        let displaced = admit(&mut *self.all.try_borrow_mut().ok()?, pending);
        if displaced.is_none() {
            self.count(1);
        }
        displaced
    }

    /// Takes out the request of a context that is gone, if it waited.
    pub(crate) fn leave(&self, context: u32) {
        self.take(|pending| pending.context == context);
    }

    /// Takes out the requests that a test is true of, in the order in which they came.
    pub(crate) fn take(&self, mut test: impl FnMut(&Pending) -> bool) -> Vec<Pending> {
        let Ok(mut all) = self.all.try_borrow_mut() else { return Vec::new() };
        let taken: Vec<Pending> = all.extract_if(.., |pending| test(pending)).collect();
        drop(all);
        if let Ok(count @ 1..) = i64::try_from(taken.len()) {
            self.count(count.saturating_neg());
        }
        taken
    }

    fn count(&self, change: i64) {
        if let Some(gauge) = self.gauge.get_or_init(|| host::define_gauge("attache.keys.waiting")) {
            host::add_to_gauge(*gauge, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(context: u32, client: Client) -> Pending {
        let (issuer, missing) = (IssuerIndex(0), MissingKeys::KeyId);
        Pending { context, client, issuer, missing, arrived: UnixMillis(0), version: 0 }
    }

    fn client(last: u8) -> Client {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    fn held(all: &[Pending], client: Client) -> usize {
        all.iter().filter(|pending| pending.client == client).count()
    }

    #[test]
    fn no_peer_takes_all_the_places() {
        let [greedy, late, third] = [1, 2, 3].map(client);
        let mut all = Vec::new();
        for context in 0..256 {
            assert_eq!(
                admit(&mut all, pending(context, greedy)),
                None,
                "alone, it may have them all"
            );
        }
        assert_eq!(greediest(&all, IssuerIndex(0), greedy), None, "and no more");
        assert_eq!(
            admit(&mut all, pending(1000, late)),
            Some(pending(255, greedy)),
            "its last one goes"
        );
        for context in 1001..1128 {
            assert_eq!(greediest(&all, IssuerIndex(0), late), Some(greedy));
            admit(&mut all, pending(context, late));
        }
        assert_eq!([held(&all, greedy), held(&all, late)], [128, 128]);
        assert_eq!(greediest(&all, IssuerIndex(0), late), None, "each has its half");
        assert_eq!(greediest(&all, IssuerIndex(0), greedy), None);
        // Whose address is not known is one peer.
        for unknown in [third, None] {
            let displaced = admit(&mut all, pending(2000, unknown)).expect("somebody else's place");
            assert!(displaced.client == greedy || displaced.client == late);
        }
        assert_eq!(all.len(), MAX_PENDING);
    }

    #[test]
    fn each_issuer_has_places_of_its_own() {
        let mut all: Vec<Pending> = (0..256).map(|context| pending(context, client(1))).collect();
        let other = Pending { issuer: IssuerIndex(1), ..pending(1000, client(2)) };
        assert_eq!(admit(&mut all, other), None);
        assert_eq!(all.len(), 257);
    }
}
