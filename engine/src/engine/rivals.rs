//! Cookies of one name that hold different tokens: browsers send a stale one along, set for another path or domain, until
//! it is cleared, and no page can choose.

use super::judge::{Judge, Tokens};
use crate::Reason;
use crate::decision::Verification;
use crate::issuers::Obstacle;
use crate::remote::Missing;
use crate::search::{self, Found};
use crate::session::Session;
use std::rc::Rc;

impl<'a> Judge<'a> {
    /// Looks at all tokens of a request where some are rivals. Where one of them is good and the others are stale, it
    /// stands for its place, and the others never go on, so that no service can take one of them instead.
    #[inline(never)]
    pub(super) fn tokens_of_rivals(&self, found: Vec<Found<'a>>) -> Tokens<'a> {
        let mut verification = Verification::default();
        let all = match self.sort_out(&found, &mut verification) {
            Ok(all) => all,
            Err(obstacle) => {
                return Tokens { found, sessions: Err(obstacle), stale: Vec::new(), verification };
            }
        };
        let (mut kept, mut sessions, mut stale) = (Vec::new(), Vec::new(), Vec::new());
        for (one, session) in found.into_iter().zip(all) {
            match session {
                Some(session) => {
                    kept.push(one);
                    sessions.push(session);
                }
                None => stale.push(one),
            }
        }
        Tokens { found: kept, sessions: Ok(sessions), stale, verification }
    }

    /// The sessions of all tokens, none for a stale one.
    ///
    /// # Errors
    /// Two good ones conflict. One that is no honest leftover is refused as ever, and so is a stale one that has no good
    /// one beside it.
    fn sort_out(
        &self,
        found: &[Found<'_>],
        verification: &mut Verification,
    ) -> Result<Vec<Option<Rc<Session>>>, Obstacle> {
        let (mut sessions, mut lacks) = (Vec::with_capacity(found.len()), None);
        let (mut good, mut stale): (Vec<&Found<'_>>, Vec<(&Found<'_>, Obstacle)>) = (Vec::new(), Vec::new());
        for one in found {
            let session = match self.session(one, verification) {
                Ok(_) if good.iter().any(|other| other.is_rival_of(one)) => {
                    return Err(search::cookies_differ().into());
                }
                Ok(session) => {
                    good.push(one);
                    Some(session)
                }
                Err(obstacle) if one.has_rival && is_stale(&obstacle) => {
                    stale.push((one, obstacle));
                    None
                }
                Err(bad @ Obstacle::Bad(_)) => return Err(bad),
                Err(obstacle @ Obstacle::Lacks { .. }) => {
                    lacks = lacks.or(Some(obstacle));
                    None
                }
            };
            sessions.push(session);
        }
        let alone = stale.into_iter().find(|(one, _)| !good.iter().any(|other| other.is_rival_of(one)));
        lacks.or(alone.map(|(_, obstacle)| obstacle)).map_or(Ok(sessions), Err)
    }
}

/// Whether an honest browser may send such a token beside a good one: it is over, or was never meant for this service.
/// One that was altered, revoked or made up is none.
fn is_stale(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::Bad(cause) => matches!(
            cause.reason,
            Reason::TokenExpired
                | Reason::TokenOpaque
                | Reason::IssuerUnknown
                | Reason::KeyNotFound
                | Reason::AudienceMismatch
        ),
        Obstacle::Lacks { missing, .. } => *missing == Missing::KeyId,
    }
}
