//! RequestAuthentications, as issuers.

use super::clause::without_repetition;
use super::documents::{JwtRuleDocument, RequestAuthenticationSpec};
use super::names::Names;
use super::output::{ClaimOut, ClaimToHeaderOut, HeaderOut, IssuerOut, RefreshOut};
use super::place::{LEFT_OUT, NARROWER, NO_EQUAL, NOT_ISTIO, Notes, Place};
use super::resources::Resource;
use attache_config_reader::{List, format_duration, quote};
use attache_plugin_config::ClaimPath;
use std::time::Duration;

/// The claims that Envoy splits at spaces whatever `spaceDelimitedClaims` says.
const SPLIT_CLAIMS: [&str; 2] = ["permission", "scope"];
/// How long an answer of a provider may take: Attaché's bounds.
const TIMEOUTS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(60);

/// Issuers in the making.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    pub(super) issuers: Vec<IssuerOut>,
    /// The place of each.
    pub(super) places: Vec<Place>,
    pub(super) split_claims: Vec<String>,
}

impl Issuers {
    /// Returns what `iss` may be.
    pub(super) fn ids(&self) -> Vec<String> {
        self.issuers.iter().map(|issuer| issuer.issuer.clone()).collect()
    }

    /// Adds the issuers of a resource.
    pub(super) fn add(
        &mut self,
        resource: &Resource<RequestAuthenticationSpec>,
        names: &mut Names,
        notes: &mut Notes,
    ) {
        let place = resource.spec_place().key("jwtRules");
        for (index, rule) in resource.spec.jwt_rules.iter().flat_map(List::iter) {
            let place = place.index(index);
            let split = rule
                .space_delimited_claims
                .iter()
                .flat_map(List::iter)
                .map(|(_, name)| name.clone());
            let split: Vec<String> =
                SPLIT_CLAIMS.map(str::to_owned).into_iter().chain(split).collect();
            let Some(issuer) = issuer(rule, &place, notes) else { continue };
            if self.issuers.is_empty() {
                self.split_claims = split;
            } else if !split.iter().all(|name| self.split_claims.contains(name))
                || split.len() != self.split_claims.len()
            {
                let message = "the issuers of a workload differ in `spaceDelimitedClaims`, so what a value of a condition \
                               is for would depend on the token; let them agree";
                notes.add(&NO_EQUAL, &place, message);
            }
            self.join(issuer, &resource.name, &place, names, notes);
        }
    }

    /// Adds an issuer. Of several with one `iss` Istio tries each; where they differ in their
    /// audiences alone, that is the same as one with the audiences of all.
    fn join(
        &mut self,
        mut issuer: IssuerOut,
        resource: &str,
        place: &Place,
        names: &mut Names,
        notes: &mut Notes,
    ) {
        if let Some(known) = self.issuers.iter_mut().find(|known| known.issuer == issuer.issuer) {
            let audiences = std::mem::take(&mut issuer.audiences);
            let without = IssuerOut { name: String::new(), audiences: Vec::new(), ..known.clone() };
            if issuer != without {
                let message = format!(
                    "{} issues tokens by another entry too, in other ways; Attaché has one entry for it, so make them one",
                    quote(&issuer.issuer)
                );
                notes.add(&NO_EQUAL, place, message);
            } else if known.audiences.is_empty() || audiences.is_empty() {
                // One of them takes any audience.
                known.audiences.clear();
            } else {
                let all =
                    std::mem::take(&mut known.audiences).into_iter().chain(audiences).collect();
                known.audiences = without_repetition(all);
            }
            return;
        }
        if self.issuers.len() == 1 {
            let message = "where a request has tokens of several issuers, Istio takes the first good one, and here all must \
                           be good and of one caller";
            notes.add(&NARROWER, place, message);
        }
        let host = issuer.issuer.split("://").last().unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default().to_owned();
        issuer.name = names.give(&[resource.to_owned(), format!("{resource}.{host}")]);
        self.issuers.push(issuer);
        self.places.push(place.clone());
    }
}

/// Returns an entry, without a name; `None` where it has no equal.
fn issuer(rule: &JwtRuleDocument, place: &Place, notes: &mut Notes) -> Option<IssuerOut> {
    let Some(id) = rule.issuer.clone().filter(|id| !id.is_empty()) else {
        let message = "without `issuer`, Istio takes tokens of any issuer that the keys verify; name the issuer";
        notes.add(&NO_EQUAL, place, message);
        return None;
    };
    if id.contains(['{', '}']) {
        let message =
            "braces in an issuer stand for a part that differs; none is named so in a token";
        notes.add(&NO_EQUAL, &place.key("issuer"), message);
        return None;
    }
    let mut issuer = IssuerOut {
        audiences: texts(rule.audiences.as_ref(), &place.key("audiences"), notes),
        issuer: id,
        from_params: texts(rule.from_params.as_ref(), &place.key("fromParams"), notes),
        from_cookies: texts(rule.from_cookies.as_ref(), &place.key("fromCookies"), notes),
        forward_original_token: rule.forward_original_token.unwrap_or(false),
        // Istio takes tokens without one.
        require_expiration: false,
        output_payload_to_header: rule
            .output_payload_to_header
            .clone()
            .filter(|header| !header.is_empty()),
        ..IssuerOut::default()
    };
    keys(rule, &mut issuer, place, notes);
    places(rule, &mut issuer);
    issuer.output_claim_to_headers = claims(rule);
    Some(issuer)
}

fn keys(rule: &JwtRuleDocument, issuer: &mut IssuerOut, place: &Place, notes: &mut Notes) {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    issuer.jwks = given(&rule.jwks);
    if issuer.jwks.is_some() {
        return;
    }
    issuer.jwks_uri = given(&rule.jwks_uri);
    issuer.discovery = issuer.jwks_uri.is_none();
    let at = if issuer.discovery { place.key("issuer") } else { place.key("jwksUri") };
    let message = "each proxy fetches these keys itself, where istiod did so; give it a way to the provider (docs/keys.md), or \
                   every token is refused";
    notes.add(&NARROWER, &at, message);
    let Some(text) = &rule.timeout else { return };
    match seconds(text).filter(|timeout| TIMEOUTS.contains(timeout)) {
        Some(timeout) => issuer.refresh = Some(RefreshOut { timeout: format_duration(timeout) }),
        None => {
            let message = "a provider has 100 ms to 60 s to answer; the default of 5 s holds";
            notes.add(&LEFT_OUT, &place.key("timeout"), message);
        }
    }
}

/// Reads a duration of Protocol Buffers' JSON: `5s`, `0.5s`, or Go's `500ms`.
fn seconds(text: &str) -> Option<Duration> {
    if let Some(duration) = attache_config_reader::parse_duration(text) {
        return Some(duration);
    }
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Sets where tokens are looked for; where nothing is named, in Envoy's default places.
fn places(rule: &JwtRuleDocument, issuer: &mut IssuerOut) {
    let headers = rule.from_headers.iter().flat_map(List::iter);
    issuer.from_headers = headers
        .filter_map(|(_, header)| {
            let name = header.name.get().ok()?.clone();
            Some(HeaderOut { name, prefix: header.prefix.clone().unwrap_or_default() })
        })
        .collect();
    if issuer.from_headers.is_empty()
        && issuer.from_params.is_empty()
        && issuer.from_cookies.is_empty()
    {
        issuer.from_headers =
            vec![HeaderOut { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }];
        issuer.from_params = vec!["access_token".to_owned()];
    }
}

/// Returns the headers that receive claims. What can't be written is left away, as in Istio.
fn claims(rule: &JwtRuleDocument) -> Vec<ClaimToHeaderOut> {
    let all = rule.output_claim_to_headers.iter().flat_map(List::iter);
    all.filter_map(|(_, entry)| {
        let claim = entry.claim.get().ok()?;
        let claim = match ClaimPath::parse(claim) {
            Ok(_) => ClaimOut::Dotted(claim.clone()),
            Err(_) => ClaimOut::Steps(vec![claim.clone()]),
        };
        Some(ClaimToHeaderOut {
            header: entry.header.get().ok()?.clone(),
            claim,
            on_unwritable: "OMIT",
        })
    })
    .collect()
}

fn texts(list: Option<&List<String>>, place: &Place, notes: &mut Notes) -> Vec<String> {
    let mut texts = Vec::new();
    for (index, text) in list.into_iter().flat_map(List::iter) {
        if text.is_empty() {
            notes.add(&NOT_ISTIO, &place.index(index), "Istio refuses an empty value; name one");
        } else if !texts.contains(text) {
            texts.push(text.clone());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::time::Duration;

    #[test]
    fn a_timeout_is_read_as_protocol_buffers_write_it() {
        assert_eq!(seconds("5s"), Some(Duration::from_secs(5)));
        assert_eq!(seconds("0.5s"), Some(Duration::from_millis(500)));
        assert_eq!(seconds("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(seconds("-1s"), None);
        assert_eq!(seconds("soon"), None);
    }
}
