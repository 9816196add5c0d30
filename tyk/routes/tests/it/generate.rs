//! Requests for a gateway: what its definitions name, and what is nearly that.

use crate::corpus::Scenario;
use attache_tyk_routes::definition::Location;
use attache_tyk_routes::gateway::{Request, Served};
use attache_tyk_routes::mesh::PathMatch;

/// How many requests are made for each definition.
const PER_API: usize = 180;

/// Returns the requests for a gateway, always the same.
pub(crate) fn requests(scenario: &Scenario) -> Vec<Request> {
    let seed = scenario
        .name
        .bytes()
        .fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut random = fastrand::Rng::with_seed(seed);
    let served = scenario.gateway.served();
    let hosts = hosts(served);
    let mut requests = Vec::new();
    for one in served {
        let starts = starts(one, served);
        let rests = rests(one);
        let versions = versions(one);
        for _ in 0..PER_API {
            let mut path = format!("{}{}", pick(&mut random, &starts), pick(&mut random, &rests));
            let version = pick(&mut random, &versions).clone();
            let mut request = Request { method: method(&mut random, one), ..Request::default() };
            request.host.clone_from(pick(&mut random, &hosts));
            match one.api.selector.location {
                Location::Header if !version.is_empty() => {
                    request.headers.push((one.api.selector.key.clone(), version));
                }
                Location::Parameter if !version.is_empty() => {
                    request.query = format!("{}={version}", one.api.selector.key);
                }
                Location::Path if !version.is_empty() => {
                    let rest = pick(&mut random, &rests).trim_start_matches('/').to_owned();
                    path = format!(
                        "{}/{version}/{rest}",
                        pick(&mut random, &starts).trim_end_matches('/')
                    );
                }
                _ => {}
            }
            if random.u8(..8) == 0 && request.query.is_empty() {
                request.query = "page=2".to_owned();
            }
            request.path = if path.starts_with('/') { path } else { format!("/{path}") };
            if request.has_clean_path() {
                requests.push(request);
            }
        }
    }
    requests
}

fn pick<'a, T>(random: &mut fastrand::Rng, from: &'a [T]) -> &'a T {
    &from[random.usize(..from.len())]
}

fn hosts(served: &[Served]) -> Vec<String> {
    let mut hosts = vec!["gateway.example.com".to_owned(), "other.example.org".to_owned()];
    for one in served {
        if !one.api.domain.is_empty() {
            let filled =
                one.api.domain.replace("{tenant}", "acme").replace("{tenant:[a-z]+}", "acme");
            hosts.push(filled.split('{').next().unwrap().to_owned());
        }
    }
    hosts
}

/// Returns how paths of an API begin: at its listen path, at its id, and nearly so.
fn starts(one: &Served, served: &[Served]) -> Vec<String> {
    let listen = one.listen.text().to_owned();
    let mut starts = match one.listen.regex() {
        None => vec![listen.clone(); 6],
        Some(source) => {
            let examples = PathMatch::regex(source).unwrap().examples();
            (0..3).flat_map(|_| examples.clone()).collect()
        }
    };
    if one.listen.regex().is_none() {
        starts.push(listen.trim_end_matches('/').to_owned());
    }
    starts.push(format!("/{}/", one.api.id));
    starts.push(format!("/{}", one.api.id));
    starts.push(listen.trim_end_matches('/').chars().take(3).collect());
    starts.extend(
        served
            .iter()
            .take(3)
            .filter(|other| other.listen.regex().is_none())
            .map(|other| other.listen.text().to_owned()),
    );
    starts
}

/// Returns how they go on: as endpoints do, and otherwise.
fn rests(one: &Served) -> Vec<String> {
    let mut rests: Vec<String> =
        ["", "/", "list", "/list", "bar", "-bar/1", "/7", "7/items/3", "/a/b/c", "v1/x", "/x.json"]
            .map(str::to_owned)
            .to_vec();
    for version in one.api.versions.list.values() {
        for endpoint in &version.endpoints {
            let plain: String = endpoint.path.trim_matches(['^', '$']).to_owned();
            let filled = fill(&plain);
            let inner = filled.trim_start_matches('/').to_owned();
            rests.extend([
                filled.clone(),
                inner.clone(),
                format!("{filled}/more"),
                format!("before/{inner}"),
                format!("{inner}x"),
            ]);
            rests.push(inner.to_uppercase());
        }
    }
    rests
}

/// Puts a value in the place of each parameter.
fn fill(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push('7');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    (filled + rest).replace('*', "any").replace("[0-9]+", "12").replace(['(', ')', '^', '$'], "")
}

fn versions(one: &Served) -> Vec<String> {
    let mut versions = vec![String::new(), "unknown".to_owned()];
    versions.extend(one.api.versions.list.keys().filter(|key| !key.is_empty()).cloned());
    if let Some(family) = &one.api.family {
        versions.extend(family.members.keys().cloned());
        versions.push(family.own_name.clone());
        versions.push("self".to_owned());
    }
    versions
}

fn method(random: &mut fastrand::Rng, one: &Served) -> String {
    let mut methods = vec!["GET".to_owned(); 3];
    methods.extend(["POST", "DELETE"].map(str::to_owned));
    for version in one.api.versions.list.values() {
        methods.extend(
            version
                .endpoints
                .iter()
                .map(|endpoint| endpoint.method.clone())
                .filter(|method| !method.is_empty()),
        );
    }
    pick(random, &methods).clone()
}
