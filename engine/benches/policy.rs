//! What a request costs by the number of rules: `cargo bench -p attache-engine --bench policy`.
//!
//! Each shape is a way in which rules multiply. A request is matched and judged as for a cached
//! token, and lets the last rule decide.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a benchmark that fails here fails as it should"
)]

use attache_engine::claims::Claims;
use attache_engine::host::{Peer, Workload};
use attache_engine::policy::{
    ClaimTable, Headers, Identity, Policies, RequestFacts, RoleSet, Verdict, View, read_path,
};
use attache_plugin_config::*;
use divan::{Bencher, black_box};
use serde_json::{Value, json};
use std::net::IpAddr;

fn main() {
    divan::main();
}

const COUNTS: [usize; 2] = [10, 10_000];

#[divan::bench(args = shapes())]
fn request(bencher: Bencher<'_, '_>, (shape, count): &(Shape, usize)) {
    let case = Case::new(*shape, *count);
    assert!(
        matches!(case.judge(), Verdict::Allow { rule: Some(rule) } if rule.0 as usize + 1 == *count)
    );
    bencher.bench_local(|| black_box(case.judge()));
}

#[divan::bench(args = shapes(), sample_count = 10)]
fn compile(bencher: Bencher<'_, '_>, (shape, count): &(Shape, usize)) {
    let config = shape.config(*count);
    bencher.bench_local(|| {
        Policies::compile(&config, &Workload::default(), &mut ClaimTable::default())
    });
}

#[divan::bench(args = ["/orders/4711/items", "/.well-known/a", "/caf%C3%A9/menu", "/a/../b"])]
fn path(path: &str) -> bool {
    read_path(black_box(path).as_bytes(), AmbiguousPaths::Normalize).is_ok()
}

fn shapes() -> impl Iterator<Item = (Shape, usize)> {
    Shape::ALL.into_iter().flat_map(|shape| COUNTS.map(|count| (shape, count)))
}

/// What tells the rules of a configuration apart.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Exact,
    Template,
    Prefix,
    Suffix,
    Host,
    Principal,
    Role,
    MethodAndRole,
    Claim,
    Mixed,
}

impl Shape {
    const ALL: [Self; 10] = [
        Self::Exact,
        Self::Template,
        Self::Prefix,
        Self::Suffix,
        Self::Host,
        Self::Principal,
        Self::Role,
        Self::MethodAndRole,
        Self::Claim,
        Self::Mixed,
    ];

    fn config(self, count: usize) -> Config {
        let rules = (0..count).map(|index| self.rule(index)).collect();
        attache_test_policies::config(vec![attache_test_policies::policy("p", rules)])
    }

    fn rule(self, index: usize) -> Rule {
        let mut to =
            Operation { methods: vec!["GET".into(), "HEAD".into()], ..Operation::default() };
        let mut rule = Rule {
            name: name(&format!("r{index}")),
            action: Action::Allow,
            mode: Mode::Enforce,
            authentication: Authentication::Required,
            on_keys_unavailable: None,
            to: Vec::new(),
            from: Vec::new(),
            roles: RoleRequirement { any_of: vec!["reader".into()], ..RoleRequirement::default() },
            when: Vec::new(),
        };
        let literal = |text: String| PathSegment::Literal(text);
        match self {
            Self::Exact => to.paths = vec![PathPattern::Exact(format!("/api/v1/things-{index}"))],
            Self::Template => {
                let segments =
                    [literal("api".into()), literal(format!("things-{index}")), PathSegment::One];
                to.paths = vec![PathPattern::Template(segments.to_vec())];
            }
            Self::Prefix => to.paths = vec![PathPattern::Prefix(format!("/api/things-{index}/"))],
            Self::Suffix => to.paths = vec![PathPattern::Suffix(format!("/things-{index}.json"))],
            Self::Host => {
                to.hosts = vec![HostPattern(StringPattern::Exact(format!(
                    "things-{index}.shop.svc.cluster.local"
                )))];
            }
            Self::Principal => {
                let principals =
                    vec![StringPattern::Exact(format!("cluster.local/ns/n{index}/sa/a"))];
                rule.from = vec![Source { principals, ..Source::default() }];
            }
            Self::Role => rule.roles.any_of = vec![format!("role-{index}")],
            Self::MethodAndRole => {
                to.methods = vec![["POST", "PUT", "PATCH", "GET"][index % 4].into()];
                rule.roles.any_of = vec![format!("role-{index}")];
            }
            Self::Claim => {
                let is = Test::Equals(Scalar::String(format!("tenant-{index}")));
                rule.when = vec![Condition {
                    claim: ClaimPath::new(vec!["tenant".into()]).unwrap(),
                    test: is,
                }];
            }
            Self::Mixed => {
                let shapes = [Self::Exact, Self::Template, Self::Prefix, Self::Suffix, Self::Host];
                return shapes[index % 5].rule(index);
            }
        }
        Rule { to: vec![to], ..rule }
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A configuration, and the request that its last rule is for.
struct Case {
    policies: Policies,
    roles: RoleSet,
    claims: Vec<Option<Value>>,
    path: String,
    host: String,
    principal: String,
}

impl Case {
    fn new(shape: Shape, count: usize) -> Self {
        let (last, mut table) = (count - 1, ClaimTable::default());
        let policies = Policies::compile(&shape.config(count), &Workload::default(), &mut table);
        let token = json!({"roles": ["reader", "other", format!("role-{last}")], "tenant": format!("tenant-{last}")});
        let token = Claims::from_json(token.as_object().unwrap().clone()).unwrap();
        let source = RoleClaim {
            claim: ClaimPath::new(vec!["roles".into()]).unwrap(),
            form: RoleForm::Strings,
            split: None,
            prefix: String::new(),
        };
        let path = match shape {
            Shape::Template => format!("/api/things-{last}/4711"),
            Shape::Prefix => format!("/api/things-{last}/4711"),
            Shape::Suffix => format!("/api/all/things-{last}.json"),
            _ => format!("/api/v1/things-{last}"),
        };
        Self {
            roles: policies.roles().read(&token, &[source]),
            claims: table.paths().iter().map(|path| token.get(path).cloned()).collect(),
            policies,
            path,
            host: format!("things-{last}.shop.svc.cluster.local:8080"),
            principal: format!("cluster.local/ns/n{last}/sa/a"),
        }
    }

    fn judge(&self) -> Verdict {
        let path = read_path(black_box(self.path.as_bytes()), AmbiguousPaths::Refuse).unwrap();
        let facts = RequestFacts {
            method: "GET",
            path: &path.matched,
            host: black_box(&self.host),
            peer: self,
            headers: self,
        };
        let candidates = self.policies.candidates(&facts);
        assert_eq!(candidates.authentication(View::Enforced), Authentication::Required);
        let identity = Identity { roles: &self.roles, claims: &self.claims };
        candidates.verdict(
            View::Enforced,
            candidates.authentication(View::Enforced),
            &facts,
            Some(&identity),
        )
    }
}

impl Peer for Case {
    fn principal(&self) -> Option<String> {
        Some(self.principal.clone())
    }

    fn source_ip(&self) -> Option<IpAddr> {
        None
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        None
    }

    fn destination_port(&self) -> Option<u16> {
        None
    }
}

impl Headers for Case {
    fn unique(&self, _name: &HeaderName) -> Option<&[u8]> {
        None
    }
}
