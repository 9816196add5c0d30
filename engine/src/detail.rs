//! What stands behind a reason: for audit lines, never for the client.

use crate::Reason;
use crate::words::words;

words! {
    /// What exactly was wrong, as a stable word below a [`Reason`]. `docs/metrics.md` says what to
    /// do about each.
    pub enum Detail,
    /// Returns the reason that it stands behind.
    reason -> Reason {
        /// A prefix with nothing behind it.
        TokenEmpty = "token-empty", TokenMalformed;
        /// Bytes outside UTF-8, and so outside base64url.
        TokenNotText = "token-not-text", TokenMalformed;
        /// Two parts, or four, or more than five.
        PartsNotThree = "parts-not-three", TokenMalformed;
        /// Five parts: a JWE (RFC 7516).
        TokenEncrypted = "token-encrypted", TokenMalformed;
        /// The header is not canonical base64url without padding.
        HeaderNotBase64Url = "header-not-base64url", TokenMalformed;
        /// The header is no JSON object.
        HeaderNotJson = "header-not-json", TokenMalformed;
        /// The header has a member twice.
        HeaderDuplicateMember = "header-duplicate-member", TokenMalformed;
        /// The header's members lie too deep in one another.
        HeaderTooDeep = "header-too-deep", TokenMalformed;
        /// `alg`, `kid` or `typ` is there and no string.
        HeaderMemberNotText = "header-member-not-text", TokenMalformed;
        /// No `alg`.
        HeaderWithoutAlgorithm = "header-without-algorithm", TokenMalformed;
        /// `crit` demands an extension (RFC 7515 section 4.1.11).
        HeaderCritical = "header-critical", TokenMalformed;
        /// `b64` changes what is signed (RFC 7797).
        HeaderUnencodedPayload = "header-unencoded-payload", TokenMalformed;
        /// The payload is not canonical base64url without padding.
        PayloadNotBase64Url = "payload-not-base64url", TokenMalformed;
        /// The payload is no JSON object.
        PayloadNotJson = "payload-not-json", TokenMalformed;
        /// The payload has a member twice.
        PayloadDuplicateMember = "payload-duplicate-member", TokenMalformed;
        /// The payload's members lie too deep in one another.
        PayloadTooDeep = "payload-too-deep", TokenMalformed;
        /// `exp`, `nbf` or `iat` is there and no time.
        TimeNotANumber = "time-not-a-number", TokenMalformed;
        /// A token that is cut into cookies lacks one that is not the last.
        CookiePartMissing = "cookie-part-missing", TokenMalformed;
        /// `iss`, `sub` or `jti` is there and no string.
        ClaimNotText = "claim-not-text", TokenMalformed;
        /// `aud` is there, and neither a string nor a list of strings.
        AudienceNotText = "audience-not-text", TokenMalformed;
        /// A part has padding, which the token's issuer does not allow.
        PaddingNotAllowed = "padding-not-allowed", TokenMalformed;
        /// The signature is not canonical base64url without padding.
        SignatureNotBase64Url = "signature-not-base64url", TokenMalformed;
        /// No `iss`.
        IssuerMissing = "issuer-missing", IssuerUnknown;
        /// No issuer of the configuration has this `iss`.
        IssuerNotConfigured = "issuer-not-configured", IssuerUnknown;
        /// An issuer has this `iss`, but takes no tokens where this one was found.
        IssuerElsewhere = "issuer-elsewhere", IssuerUnknown;
        /// `alg` names none that the filter knows, as `none` does.
        AlgorithmUnknown = "algorithm-unknown", AlgorithmNotAllowed;
        /// `alg` is known, and not of the issuer's.
        AlgorithmNotOfIssuer = "algorithm-not-of-issuer", AlgorithmNotAllowed;
        /// No key has this `kid`.
        KeyIdUnknown = "key-id-unknown", KeyNotFound;
        /// A key has this `kid`, or the token has none, but no such key can do its `alg`.
        KeyForOtherAlgorithm = "key-for-other-algorithm", KeyNotFound;
        /// Keys are awaited, but too many requests wait for them already.
        WaitingRoomFull = "waiting-room-full", KeysUnavailable;
        /// The VM has done all the arithmetic for unknown tokens that it does in a second.
        VerificationLimit = "verification-limit", KeysUnavailable;
        /// No `exp`, where one is required.
        ExpirationMissing = "expiration-missing", LifetimeTooLong;
        /// `exp` lies further ahead than `maxLifetime`.
        ExpirationTooFar = "expiration-too-far", LifetimeTooLong;
        /// The entry asks for `iat`, and it is missing or no number.
        IssuedAtMissing = "issued-at-missing", LifetimeTooLong;
        /// `iat` is further in the future than the clocks may differ.
        IssuedInFuture = "issued-in-future", TokenNotYetValid;
        /// `iat` is longer ago than `maxAge`.
        IssuedTooLongAgo = "issued-too-long-ago", TokenExpired;
        /// No `aud`.
        AudienceMissing = "audience-missing", AudienceMismatch;
        /// `aud` names others.
        AudienceOther = "audience-other", AudienceMismatch;
        /// `typ` is missing, or none of `tokenTypes`.
        TypeNotAccepted = "type-not-accepted", ClaimMismatch;
        /// `sub` is missing, or none of `subjects`.
        SubjectNotAccepted = "subject-not-accepted", ClaimMismatch;
        /// A claim is missing, or not what the issuer's `claims` demand.
        ClaimNotAccepted = "claim-not-accepted", ClaimMismatch;
        /// `jti` is in `revoked.tokenIds`.
        TokenIdRevoked = "token-id-revoked", TokenRevoked;
        /// `sub` is in `revoked.subjects`.
        SubjectRevoked = "subject-revoked", TokenRevoked;
        /// The `kid` of the key that verified is in `revoked.keyIds`.
        KeyRevoked = "key-revoked", TokenRevoked;
        /// The caller came without mTLS.
        PresenterUnknown = "presenter-unknown", PresenterNotAllowed;
        /// The caller is none of `presenters`.
        PresenterOther = "presenter-other", PresenterNotAllowed;
        /// One header holds two different tokens.
        HeaderTokensDiffer = "header-tokens-differ", TokensConflict;
        /// Cookies of one name hold two good tokens, or more than four, or a part of one has two
        /// values.
        CookieTokensDiffer = "cookie-tokens-differ", TokensConflict;
        /// Parameters of one name hold two different tokens.
        ParamTokensDiffer = "param-tokens-differ", TokensConflict;
        /// The value is longer than a header may be.
        ValueTooLong = "value-too-long", ClaimUnwritable;
        /// The value has bytes outside visible ASCII, or a space at an end.
        ValueNotAscii = "value-not-ascii", ClaimUnwritable;
        /// The format has no way to write such a value.
        ValueUnfitForFormat = "value-unfit-for-format", ClaimUnwritable;
    }
}

/// Why a request is refused: the reason, which the client learns, and what only the log tells.
///
/// Made from a [`Detail`], or from a [`Reason`] where nothing more is known:
/// `Err(Detail::TimeNotANumber.into())`,
/// `Err(Cause::from(Detail::TimeNotANumber).with_claim("exp"))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The reason.
    pub reason: Reason,
    /// What exactly was wrong, where the reason has more than one cause.
    pub detail: Option<Detail>,
    about: Option<Box<About>>,
}

/// What was at fault. Boxed, since a request that goes on has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct About {
    claim: Option<String>,
    header: Option<String>,
    unverified_issuer: Option<String>,
}

impl Cause {
    /// Returns the claim at fault, as a path: `exp`, `realm_access.roles`.
    pub fn claim(&self) -> Option<&str> {
        self.about.as_ref()?.claim.as_deref()
    }

    /// Returns the header of the request, or of the JOSE header, that is at fault.
    pub fn header(&self) -> Option<&str> {
        self.about.as_ref()?.header.as_deref()
    }

    /// Returns what `iss` of the refused token says. Anybody can write that.
    pub fn unverified_issuer(&self) -> Option<&str> {
        self.about.as_ref()?.unverified_issuer.as_deref()
    }

    /// Names the claim at fault.
    #[must_use]
    pub fn with_claim(mut self, claim: impl Into<String>) -> Self {
        self.about_mut().claim = Some(claim.into());
        self
    }

    /// Names the header at fault.
    #[must_use]
    pub fn with_header(mut self, header: impl Into<String>) -> Self {
        self.about_mut().header = Some(header.into());
        self
    }

    /// Tells what `iss` says, of a token that nobody vouches for.
    #[must_use]
    pub fn with_unverified_issuer(mut self, issuer: Option<&str>) -> Self {
        if let Some(issuer) = issuer {
            self.about_mut().unverified_issuer = Some(issuer.to_owned());
        }
        self
    }

    fn about_mut(&mut self) -> &mut About {
        self.about.get_or_insert_default()
    }
}

impl From<Reason> for Cause {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: None, about: None }
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        cause.reason
    }
}

impl From<Detail> for Cause {
    fn from(detail: Detail) -> Self {
        Self { reason: detail.reason(), detail: Some(detail), about: None }
    }
}

#[cfg(test)]
mod tests {
    use super::Detail;

    /// Returns what `docs/metrics.md` says under "Details", a line each.
    fn documented() -> Vec<String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
        let page = std::fs::read_to_string(path).unwrap();
        let section = page.split("\n## ").find(|section| section.starts_with("Details\n")).unwrap();
        section.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
    }

    #[test]
    fn every_detail_is_documented_with_its_reason_and_what_to_do() {
        let lines = documented();
        for detail in Detail::ALL {
            let start = format!("| `{detail}` | `{}` | ", detail.reason());
            let row: Vec<&String> = lines.iter().filter(|line| line.starts_with(&start)).collect();
            assert_eq!(
                row.len(),
                1,
                "docs/metrics.md has to have one row that begins with {start}"
            );
            assert!(row[0].len() > start.len() + 2, "{start} says nothing to do");
        }
        assert_eq!(lines.len(), Detail::ALL.len(), "docs/metrics.md has words that are no details");
    }

    #[test]
    fn details_are_stable_words() {
        let mut words: Vec<&str> = Detail::ALL.iter().map(|detail| detail.as_str()).collect();
        for word in &words {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(
                word.chars().all(plain) && !word.starts_with('-') && !word.ends_with('-'),
                "{word}"
            );
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Detail::ALL.len(), "no word twice");
    }
}
