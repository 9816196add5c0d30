//! The order in which Tyk's router asks APIs, and what it does where two listen at one path.

use super::template::listen_path_length;
use crate::Settings;
use crate::definition::Api;
use crate::gap::{Gap, Kind};
use std::cmp::Reverse;
use std::collections::HashMap;

/// An API and where it listens.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) api: Api,
    pub(super) listen_path: String,
}

/// Returns the APIs that the gateway loads, in its order: those with a domain first, where domains
/// count, then by the length of the listen path, of which a segment `{x}` counts as nothing.
pub(super) fn order(apis: Vec<Api>, settings: &Settings, gaps: &mut Vec<Gap>) -> Vec<Listing> {
    let mut loaded: Vec<Listing> = Vec::new();
    for api in apis {
        match refusal(&api, settings) {
            Some(gap) => gaps.push(gap),
            None => loaded.push(Listing { listen_path: api.clean_listen_path(), api }),
        }
    }
    loaded.sort_by_key(|listing| {
        let is_of_domain = settings.has_custom_domains && !listing.api.domain.is_empty();
        (Reverse(is_of_domain), Reverse(listen_path_length(&listing.listen_path)))
    });
    part(&mut loaded, gaps);
    loaded
}

/// Returns why the gateway does not load an API.
fn refusal(api: &Api, settings: &Settings) -> Option<Gap> {
    let gap = |kind, place, reason: String| Some(Gap { kind, api: api.id.clone(), place, reason });
    if matches!(api.protocol.as_str(), "tcp" | "tls") {
        let place = api.at("protocol", "x-tyk-api-gateway/server/protocol");
        return gap(
            Kind::NotHttp,
            place,
            format!("it is `{}`: the gateway passes bytes on, which have no path", api.protocol),
        );
    }
    if let Some(tags) = &settings.segment
        && !api.tags.iter().any(|tag| tags.contains(tag))
    {
        let place = api.at("tags", "x-tyk-api-gateway/server/gatewayTags");
        let reason = format!("no tag of it is of this gateway, which has {}", listed(tags));
        return gap(Kind::NotServed, place, reason);
    }
    if api.listen_path.is_empty() || api.listen_path.contains(' ') {
        let reason =
            "its listen path is empty or has a space, and Tyk leaves the API out".to_owned();
        return gap(Kind::NotServed, api.listen_path_place(), reason);
    }
    None
}

/// Gives each of those that listen at one path another, as Tyk does at its start.
fn part(loaded: &mut [Listing], gaps: &mut Vec<Gap>) {
    let mut count: HashMap<(String, String), usize> = HashMap::new();
    for listing in loaded.iter() {
        let times = count.entry(key(listing)).or_default();
        *times = times.saturating_add(1);
    }
    for listing in loaded {
        let taken = listing.listen_path.clone();
        let is_taken = |listing: &Listing| count.get(&key(listing)).is_some_and(|times| *times > 1);
        if !is_taken(listing) {
            continue;
        }
        listing.listen_path = format!("{taken}-{}", listing.api.id);
        while is_taken(listing) {
            listing.listen_path.push('_');
        }
        let now = &listing.listen_path;
        gaps.push(Gap {
            kind: Kind::ListenPathTaken,
            api: listing.api.id.clone(),
            place: listing.api.listen_path_place(),
            reason: format!(
                "another API listens at `{taken}` too; a gateway that starts with both serves this one at `{now}`, and says so \
                 in its log alone; one that had it before leaves it where it was"
            ),
        });
    }
}

fn key(listing: &Listing) -> (String, String) {
    let domain = if listing.api.is_domain_off { "" } else { &listing.api.domain };
    (domain.to_owned(), listing.listen_path.clone())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("`{}`", names.join("`, `")) }
}
