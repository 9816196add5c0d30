//! What is measured: a chain, a kind of request, an algorithm.

use crate::chains::Chain;
use crate::keys::{Algorithm, Keys};
use crate::strangers::Junk;
use crate::tokens::Mint;
use anyhow::Result;

/// Tokens that the requests of a case take turns with: as many callers.
const CALLERS: u64 = 64;

/// The roles of a token: those that the fourth of five rules asks for.
const ROLES: &[&str] = &["reader", "ops"];

/// The roles that the last of 10, 100, 1,000 and 10,000 rules ask for.
const LAST_ROLES: &[&str] = &["role-9", "role-99", "role-999", "role-9999"];

/// A chain and what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    Empty,
    Floor,
    Cached,
    Uncached,
    SharedHit,
    Rules(u32),
    RefusedToken,
    RefusedByPolicy,
    /// A token that is junk, held against a set of many keys.
    Junk(Junk),
    /// What [`Job::Cached`] is, by another module.
    Before,
    Istio,
    /// What [`Job::RefusedToken`] is, by Istio's chain.
    IstioRefusedToken,
    /// What [`Job::RefusedByPolicy`] is, by Istio's chain.
    IstioRefusedByPolicy,
    NativeCached,
}

impl Job {
    pub(crate) const ALL: [Self; 23] = [
        Self::Empty,
        Self::Floor,
        Self::Cached,
        Self::Before,
        Self::NativeCached,
        Self::SharedHit,
        Self::Uncached,
        Self::Istio,
        Self::Rules(10),
        Self::Rules(100),
        Self::Rules(1_000),
        Self::Rules(10_000),
        Self::RefusedByPolicy,
        Self::IstioRefusedByPolicy,
        Self::RefusedToken,
        Self::IstioRefusedToken,
        Self::Junk(Junk::Known),
        Self::Junk(Junk::Rs256),
        Self::Junk(Junk::Es256),
        Self::Junk(Junk::Es384),
        Self::Junk(Junk::Es512),
        Self::Junk(Junk::Ps512),
        Self::Junk(Junk::Ed25519),
    ];

    /// The name in results.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Empty => "empty".into(),
            Self::Floor => "floor".into(),
            Self::Cached => "attache-cached".into(),
            Self::Uncached => "attache-uncached".into(),
            Self::SharedHit => "attache-shared-hit".into(),
            Self::Rules(count) => format!("attache-{count}-rules"),
            Self::RefusedToken => "attache-refused-token".into(),
            Self::RefusedByPolicy => "attache-refused-by-policy".into(),
            Self::Junk(junk) => junk.name().into(),
            Self::Before => "before-cached".into(),
            Self::Istio => "istio".into(),
            Self::IstioRefusedToken => "istio-refused-token".into(),
            Self::IstioRefusedByPolicy => "istio-refused-by-policy".into(),
            Self::NativeCached => "native-cached".into(),
        }
    }

    pub(crate) const fn chain(self) -> Chain {
        match self {
            Self::Empty => Chain::Empty,
            Self::Floor => Chain::Floor,
            Self::Cached | Self::RefusedToken | Self::RefusedByPolicy => Chain::Attache,
            Self::Uncached => Chain::AttacheUncached,
            Self::SharedHit => Chain::AttacheShared,
            Self::Rules(count) => Chain::AttacheRules(count),
            Self::Junk(_) => Chain::AttacheKeys,
            Self::Before => Chain::Before,
            Self::Istio | Self::IstioRefusedToken | Self::IstioRefusedByPolicy => Chain::Istio,
            Self::NativeCached => Chain::NativeCached,
        }
    }

    /// The statuses of which every request must be answered with one.
    pub(crate) const fn statuses(self) -> &'static [u16] {
        match self {
            Self::RefusedToken | Self::IstioRefusedToken => &[401],
            Self::RefusedByPolicy | Self::IstioRefusedByPolicy => &[403],
            // What takes long is done for strangers up to a limit.
            Self::Junk(Junk::Es384 | Junk::Es512 | Junk::Ps512 | Junk::Ed25519) => &[401, 503],
            Self::Junk(_) => &[401],
            _ => &[200],
        }
    }

    /// The algorithms of the tokens that this is measured with.
    pub(crate) const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            // What signs it is in the job's name.
            Self::Junk(_) => &[Algorithm::Rs256],
            _ => &Algorithm::ALL,
        }
    }

    /// Whether the service must see the four headers.
    pub(crate) const fn forwards_identity(self) -> bool {
        !matches!(self, Self::Empty | Self::Junk(_)) && !self.is_refused()
    }

    /// Whether the chain refuses what others let through.
    const fn is_refused(self) -> bool {
        matches!(
            self,
            Self::RefusedToken
                | Self::RefusedByPolicy
                | Self::IstioRefusedToken
                | Self::IstioRefusedByPolicy
        )
    }

    fn path(self) -> String {
        match self {
            Self::Rules(count) => format!("/service-{}/42/items", count.saturating_sub(1)),
            // The path fits a rule whose role the caller lacks, and no other.
            Self::RefusedByPolicy | Self::IstioRefusedByPolicy => "/reports/7".into(),
            _ => "/orders/7".into(),
        }
    }

    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Rules(_) => LAST_ROLES,
            _ => ROLES,
        }
    }
}

/// What one round measures once.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) job: Job,
    pub(crate) algorithm: Algorithm,
    /// A request a caller.
    pub(crate) requests: Vec<Vec<u8>>,
    /// The first caller's request, to the host that tells what a service sees.
    pub(crate) probe: Vec<u8>,
}

impl Case {
    /// All that these chains can do.
    pub(crate) fn all(keys: &Keys, chains: &[Chain]) -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for job in Job::ALL.into_iter().filter(|job| chains.contains(&job.chain())) {
            for &algorithm in job.algorithms() {
                cases.push(Self::new(job, algorithm, keys)?);
            }
        }
        Ok(cases)
    }

    fn new(job: Job, algorithm: Algorithm, keys: &Keys) -> Result<Self> {
        let mint = Mint::new(keys, algorithm, job.roles());
        let token = |number| match job {
            Job::RefusedToken | Job::IstioRefusedToken => mint.forged(number),
            Job::Junk(junk) => mint.junk(junk, number),
            _ => mint.token(number),
        };
        let requests = (0..CALLERS)
            .map(|number| {
                Ok(request("orders.shop.svc.cluster.local", &job.path(), &token(number)?))
            })
            .collect::<Result<_>>()?;
        let probe = request(crate::bootstrap::PROBE_HOST, &job.path(), &token(0)?);
        Ok(Self { job, algorithm, requests, probe })
    }
}

/// The request of an ordinary client behind a gateway.
pub(crate) fn request(host: &str, path: &str, token: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: attache-bench\r\naccept: */*\r\n\
         accept-encoding: gzip\r\nx-forwarded-for: 10.0.0.7\r\n\
         traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
         authorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}

/// A request of the case [`Job::Cached`] that no other token was ever sent with.
pub(crate) fn distinct_requests(
    keys: &Keys,
    algorithm: Algorithm,
    count: u64,
) -> impl Iterator<Item = Result<Vec<u8>>> {
    let mint = Mint::new(keys, algorithm, ROLES);
    let first = CALLERS;
    (first..first.saturating_add(count)).map(move |number| {
        Ok(request("orders.shop.svc.cluster.local", &Job::Cached.path(), &mint.token(number)?))
    })
}
