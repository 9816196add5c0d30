//! The issuers of a configuration: choosing one by a token's `iss`, and verifying for it.

use crate::auth_error::AuthError;
use crate::authenticated_token::AuthenticatedToken;
use crate::budget::{Budget, Metered};
use crate::compiled_issuer::{CompiledIssuer, remote};
use crate::decision::Verification;
use crate::hash::{self, HashMap};
use crate::host::{Environment, Peer, UnixSeconds};
use crate::host_context::HostContext;
use crate::ids::IssuerIndex;
use crate::remote::MissingKeys;
use crate::shared::SharedVerifications;
use crate::token::{Backend, IssuerKeys, Jws, LastHeader, verify, without_padding};
use crate::token_location::ExtractedToken;
use crate::verified_token::VerifiedToken;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{
    Diagnostic, Diagnostics, Issuer, IssuerId, Name, OnKeysUnavailable, Padding, Path, RemoteKeys,
    Skipped,
};
use std::rc::Rc;

/// All issuers, by their place in the configuration.
#[derive(Debug)]
pub(crate) struct Issuers {
    all: Vec<CompiledIssuer>,
    warnings: Vec<Diagnostic>,
    by_iss: HashMap<Box<str>, IssuerIndex>,
    /// There is one whose tokens can't be told by an `iss` that is known beforehand.
    has_others: bool,
    /// Whether any of them allows it.
    padding: Padding,
    last_header: LastHeader,
    budget: Budget,
}

/// An issuer whose keys a provider serves.
#[derive(Clone, Copy, Debug)]
pub struct RemoteIssuer<'a> {
    /// Its place.
    pub index: IssuerIndex,
    /// Its name.
    pub name: &'a Name,
    /// What the `issuer` of its discovery document must equal.
    pub issuer: &'a str,
    /// How its keys are got.
    pub keys: &'a RemoteKeys,
}

impl Issuers {
    #[inline(never)]
    pub(crate) fn new(
        issuers: &[Issuer],
        environment: &dyn Environment,
    ) -> Result<Self, Diagnostics> {
        let (mut all, mut by_iss, mut has_others) = (Vec::new(), hash::map(), false);
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        for (index, config) in (0_u16..).zip(issuers) {
            let place = Path::default().key("issuers").index(index.into());
            match IssuerKeys::new(&config.keys, environment) {
                Ok(keys) => {
                    warnings.extend(keys.skipped().iter().map(|Skipped { reason, .. }| {
                        let message = format!("this key is left out: {}", reason.message);
                        Diagnostic::warning(place.clone().join(reason.path.clone()), message)
                    }));
                    let mut known = |iss: &str| _ = by_iss.insert(iss.into(), IssuerIndex(index));
                    match &config.issuer {
                        IssuerId::Exact(iss) => known(iss),
                        IssuerId::Pattern(pattern) if !pattern.values().is_empty() => {
                            pattern
                                .values()
                                .iter()
                                .for_each(|segment| known(&pattern.with(segment)));
                        }
                        IssuerId::Pattern(_) | IssuerId::Absent => has_others = true,
                    }
                    all.push(CompiledIssuer::new(config, keys));
                }
                Err(wrong) => errors.extend(wrong.into_iter().map(|error| error.below(&place))),
            }
        }
        Diagnostics::check(errors)?;
        let allows = |issuer: &Issuer| issuer.padding == Padding::Allowed;
        let padding = if issuers.iter().any(allows) { Padding::Allowed } else { Padding::Refused };
        let (last_header, budget) = (LastHeader::default(), Budget::new());
        Ok(Self { all, warnings, by_iss, has_others, padding, last_header, budget })
    }

    /// Returns the one text of a token, however it is spelled.
    pub(crate) fn canonical<'t>(&self, found: &'t ExtractedToken<'_>) -> &'t [u8] {
        match self.padding {
            Padding::Allowed if found.token.ends_with(b"=") => without_padding(&found.token),
            _ => &found.token,
        }
    }

    /// Returns what is not wrong, but should be told.
    pub(crate) fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    pub(crate) fn name(&self, index: IssuerIndex) -> Option<&Name> {
        self.get(index).map(|compiled| &compiled.config.name)
    }

    pub(crate) fn forwards_token(&self, index: IssuerIndex) -> bool {
        self.get(index).is_some_and(|compiled| compiled.config.forward_original_token)
    }

    /// Returns the issuers whose keys a provider serves.
    pub(crate) fn remote(&self) -> impl Iterator<Item = RemoteIssuer<'_>> {
        let all = (0_u16..).map(IssuerIndex).zip(&self.all);
        all.filter_map(|(index, CompiledIssuer { config, .. })| {
            Some(RemoteIssuer {
                index,
                name: &config.name,
                issuer: config.issuer.text().unwrap_or_default(),
                keys: remote(config)?,
            })
        })
    }

    /// Has an issuer's tokens verified with other keys from now on, or with none.
    pub(crate) fn set_keys(&self, issuer: IssuerIndex, keys: Option<Rc<IssuerKeys>>) {
        if let Some(mut current) =
            self.get(issuer).and_then(|compiled| compiled.keys.try_borrow_mut().ok())
        {
            *current = keys;
        }
    }

    /// Returns what happens to requests while there are no keys of an issuer, as far as no rule
    /// says so.
    pub(crate) fn on_keys_unavailable(&self, issuer: IssuerIndex) -> OnKeysUnavailable {
        let keys = self.get(issuer).and_then(|compiled| remote(&compiled.config));
        keys.map_or(OnKeysUnavailable::Deny, |keys| keys.on_keys_unavailable)
    }

    /// Returns whether the key that verified a token still holds.
    pub(crate) fn has_key_of(&self, authenticated: &AuthenticatedToken) -> bool {
        let keys = self.get(authenticated.issuer).and_then(CompiledIssuer::keys);
        keys.is_some_and(|keys| keys.has_key(authenticated.key))
    }

    /// Verifies a token for the issuer that its `iss` names, if that issuer takes tokens where this
    /// one was found, and as it is spelled there. `token` is its [canonical](Issuers::canonical)
    /// text.
    #[inline(never)]
    pub(crate) fn verify<'t>(
        &'t self,
        found: &ExtractedToken<'_>,
        token: &'t [u8],
        host_context: &HostContext<'_>,
        shared: &SharedVerifications,
        verification: &mut Verification,
    ) -> Result<VerifiedToken<'t>, AuthError> {
        let jws = Jws::parse_with(token, &self.last_header, self.padding)?;
        let issuer = match jws.issuer().and_then(|iss| self.by_iss.get(iss)).copied() {
            None if self.has_others => self.other(jws.issuer(), found),
            known => known,
        };
        let issuer = issuer.filter(|index| found.is_for(index.0));
        let (Some(issuer), payload_base64) = (issuer, jws.payload_base64()) else {
            return Err(self.why_unknown(jws.issuer()).into());
        };
        let compiled = self.get(issuer).ok_or(Reason::IssuerUnknown)?;
        let is_padded = self.padding == Padding::Allowed
            && (token.len() != found.token.len() || jws.compact().is_padded());
        if is_padded && !self.allows_padding(issuer) {
            return Err(self.blame(issuer, Detail::PaddingNotAllowed.into()).into());
        }
        let keys = compiled.keys().ok_or_else(|| AuthError::KeysPending {
            issuer,
            missing: MissingKeys::Keys,
            cause: self.blame(issuer, Reason::KeysUnavailable.into()),
        })?;
        let slot = Some(shared).filter(|_| keys.are_public()).and_then(|shared| shared.slot(token));
        let known_signer = slot.as_ref().and_then(|slot| slot.lookup(host_context.shared));
        let now = host_context.now;
        let metered = Metered { crypto: host_context.crypto, budget: &self.budget, now };
        match verify(jws, &compiled.rules, &keys, &metered, known_signer, now) {
            Ok(verified) => {
                verification.count(Some(verified.backend));
                if let Some(slot) = slot.filter(|_| verified.backend != Backend::Shared) {
                    slot.publish(verified.key_fingerprint, host_context.shared);
                }
                Ok(VerifiedToken { issuer, config: &compiled.config, verified, payload_base64 })
            }
            Err(failure) => {
                verification.count(failure.backend);
                let is_remote = remote(&compiled.config).is_some();
                let may_come = failure.cause.reason == Reason::KeyNotFound && is_remote;
                if failure.backend.is_some() && is_remote {
                    verification.doubted = Some(issuer);
                }
                let cause = failure.cause.with_unverified_issuer(compiled.config.issuer.text());
                Err(match may_come {
                    true => AuthError::KeysPending { issuer, missing: MissingKeys::KeyId, cause },
                    false => AuthError::Rejected(cause),
                })
            }
        }
    }

    /// Tells why no issuer takes a token with this `iss` where it was found.
    #[inline(never)]
    fn why_unknown(&self, iss: Option<&str>) -> Cause {
        let detail = match iss {
            None => Detail::IssuerMissing,
            Some(iss) if self.by_iss.contains_key(iss) => Detail::IssuerElsewhere,
            Some(_) => Detail::IssuerNotConfigured,
        };
        Cause::from(detail).with_unverified_issuer(iss)
    }

    /// Returns the issuer of a token whose `iss` is no name that is known beforehand: of those that
    /// take tokens where it was found, the one whose pattern fits, or for a token without `iss` the
    /// one that issues such tokens.
    #[inline(never)]
    fn other(&self, iss: Option<&str>, found: &ExtractedToken<'_>) -> Option<IssuerIndex> {
        let issues = |compiled: &CompiledIssuer| match (&compiled.config.issuer, iss) {
            (IssuerId::Pattern(pattern), Some(iss)) => {
                pattern.values().is_empty() && pattern.segment(iss).is_some()
            }
            (IssuerId::Absent, None) => true,
            _ => false,
        };
        let mut all = (0_u16..).zip(&self.all);
        all.find(|(index, compiled)| found.is_for(*index) && issues(compiled))
            .map(|(index, _)| IssuerIndex(index))
    }

    /// Returns what is still to be checked of a token that was verified before.
    pub(crate) fn recheck(
        &self,
        authenticated: &AuthenticatedToken,
        found: &ExtractedToken<'_>,
        now: UnixSeconds,
    ) -> Result<(), Cause> {
        let compiled = self.get(authenticated.issuer).ok_or(Reason::IssuerUnknown)?;
        if !found.is_for(authenticated.issuer.0) {
            return Err(Detail::IssuerElsewhere.into());
        }
        compiled.rules.check_times(&authenticated.times, now)?;
        let [token_id, subject, key_id] =
            [&authenticated.token_id, &authenticated.subject, &authenticated.key_id];
        // The list has subjects as the issuer writes them.
        let subject = subject
            .as_deref()
            .and_then(|subject| subject.strip_prefix(&*compiled.config.subject_prefix));
        Ok(compiled.rules.check_revoked(token_id.as_deref(), subject, key_id.as_deref())?)
    }

    pub(crate) fn allows_padding(&self, issuer: IssuerIndex) -> bool {
        self.get(issuer).is_some_and(|compiled| compiled.config.padding == Padding::Allowed)
    }

    /// Tells whose token is refused.
    #[inline(never)]
    pub(crate) fn blame(&self, issuer: IssuerIndex, cause: Cause) -> Cause {
        cause.with_unverified_issuer(
            self.get(issuer).and_then(|compiled| compiled.config.issuer.text()),
        )
    }

    pub(crate) fn check_presenter(
        &self,
        issuer: IssuerIndex,
        peer: &dyn Peer,
    ) -> Result<(), Detail> {
        let presenters = self.get(issuer).map_or(&[][..], |compiled| &compiled.presenters);
        if presenters.is_empty() {
            return Ok(());
        }
        match peer.principal() {
            None => Err(Detail::PresenterUnknown),
            Some(caller) if presenters.iter().any(|one| one.matches(&caller)) => Ok(()),
            Some(_) => Err(Detail::PresenterOther),
        }
    }

    fn get(&self, index: IssuerIndex) -> Option<&CompiledIssuer> {
        self.all.get(usize::from(index.0))
    }
}
