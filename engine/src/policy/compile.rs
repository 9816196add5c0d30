//! From a configuration to the policies of one workload.

use super::condition::{ClaimTable, ConditionTest};
use super::facts::PerView;
use super::index::PathIndex;
use super::loose::Comparison;
use super::methods::Methods;
use super::operation::OperationTest;
use super::pattern::PathTest;
use super::roles::{Requirement, RoleTable};
use super::rule::CompiledRule;
use super::rule_group::{AuthRequirement, RuleGroup};
use super::rules::GroupRules;
use super::source::SourceTest;
use super::{Policies, RuleIndex, Summary, selector};
use crate::hash::{self, HashMap};
use crate::host::Workload;
use attache_plugin_config::{
    Action, Authentication, Condition, Config, Mode, Operation, Policy, Rule,
};
use std::hash::Hash;
use std::rc::Rc;

impl Policies {
    /// Compiles the policies whose selector fits a workload, and numbers the claims that they ask
    /// for.
    pub fn compile(config: &Config, workload: &Workload, claims: &mut ClaimTable) -> Self {
        let mut draft = Draft::new(config, claims);
        for policy in
            config.policies.iter().filter(|policy| selector::fits(&policy.selector, workload))
        {
            draft.add_policy(policy);
        }
        draft.finish()
    }
}

/// Policies in the making.
struct Draft<'c> {
    claims: &'c mut ClaimTable,
    roles: RoleTable,
    methods: Methods,
    rules: Vec<CompiledRule>,
    operations: Interner<OperationTest>,
    sources: Interner<Box<[SourceTest]>>,
    groups: Vec<DraftGroup>,
    places: HashMap<GroupKey, usize>,
    summary: PerView<Summary>,
    has_shadow: bool,
    applying: usize,
}

/// What tells groups apart; equal operations and sources have equal numbers.
#[derive(Clone, PartialEq, Eq, Hash)]
struct GroupKey {
    path: Option<PathTest>,
    operation: usize,
    sources: usize,
}

struct DraftGroup {
    place: GroupKey,
    allow: Vec<RuleIndex>,
    deny: Vec<RuleIndex>,
    auth: PerView<AuthRequirement>,
}

impl<'c> Draft<'c> {
    #[inline(never)]
    fn new(config: &Config, claims: &'c mut ClaimTable) -> Self {
        Self {
            claims,
            roles: RoleTable::new(&config.role_hierarchy),
            methods: Methods::new(),
            rules: Vec::new(),
            operations: Interner::new(),
            sources: Interner::new(),
            groups: Vec::new(),
            places: hash::map(),
            summary: PerView::default(),
            has_shadow: false,
            applying: 0,
        }
    }

    #[inline(never)]
    fn add_policy(&mut self, policy: &Policy) {
        // Without `..`, here and below: what nobody asks of a request would make the policy wider.
        let Policy { name: _, selector: _, default_action, mode, paths: _, rules } = policy;
        self.applying = self.applying.saturating_add(1);
        let shadow = *mode == Mode::Shadow;
        self.has_shadow |= shadow;
        self.summary.note(shadow, |summary| {
            summary.applies = true;
            summary.denies |= *default_action == Action::Deny;
        });
        for rule in rules {
            self.add_rule(policy, rule, shadow || rule.mode == Mode::Shadow);
        }
    }

    #[inline(never)]
    fn add_rule(&mut self, policy: &Policy, rule: &Rule, shadow: bool) {
        let Rule {
            name,
            action,
            mode: _,
            authentication,
            on_keys_unavailable: _,
            to,
            from,
            roles,
            when,
        } = rule;
        self.has_shadow |= shadow;
        let index = RuleIndex(u32::try_from(self.rules.len()).unwrap_or(u32::MAX));
        let mut condition =
            |condition: &Condition| ConditionTest::compile(condition, *action, self.claims);
        self.rules.push(CompiledRule {
            policy: policy.name.clone(),
            name: name.clone(),
            action: *action,
            shadow,
            needs_token: *action == Action::Allow && *authentication == Authentication::Required,
            roles: Requirement::compile(roles, &mut self.roles),
            when: when.iter().map(&mut condition).collect(),
        });
        let sources = self.sources.number(from.iter().map(SourceTest::compile).collect());
        let paths = Comparison::of_paths(*action, policy.paths);
        let not_paths = Comparison::of_not_paths(*action, policy.paths);
        let anything = [Operation::default()];
        for operation in if to.is_empty() { &anything[..] } else { to } {
            self.summary.note(shadow, |summary| summary.note(operation));
            let test = self.operations.number(OperationTest::compile(
                operation,
                not_paths,
                &mut self.methods,
            ));
            let tests =
                operation.paths.iter().flat_map(|path| PathTest::compile(path, paths)).map(Some);
            let anywhere = operation.paths.is_empty().then_some(None);
            for path in tests.chain(anywhere) {
                self.add_to_group(GroupKey { path, operation: test, sources }, rule, index, shadow);
            }
        }
    }

    #[inline(never)]
    fn add_to_group(&mut self, place: GroupKey, rule: &Rule, index: RuleIndex, shadow: bool) {
        let number = *self.places.entry(place).or_insert_with_key(|place| {
            let auth = PerView::default();
            self.groups.push(DraftGroup {
                place: place.clone(),
                allow: Vec::new(),
                deny: Vec::new(),
                auth,
            });
            self.groups.len().saturating_sub(1)
        });
        let Some(rule_group) = self.groups.get_mut(number) else { return };
        rule_group.auth.note(shadow, |auth| {
            auth.public |=
                rule.action == Action::Allow && rule.authentication == Authentication::None;
            auth.optional |= rule.authentication == Authentication::Optional;
            auth.note_without_keys(rule.on_keys_unavailable);
        });
        let rules = match rule.action {
            Action::Allow => &mut rule_group.allow,
            Action::Deny => &mut rule_group.deny,
        };
        if rules.last() != Some(&index) {
            rules.push(index);
        }
    }

    #[inline(never)]
    fn finish(self) -> Policies {
        let Self { operations, sources, rules, .. } = self;
        let rule_group = |draft: DraftGroup| {
            Some(RuleGroup {
                operation: operations.get(draft.place.operation)?,
                from: sources.get(draft.place.sources)?,
                path: draft.place.path,
                allow: GroupRules::new(draft.allow, &rules),
                deny: GroupRules::new(draft.deny, &rules),
                auth: draft.auth,
            })
        };
        let groups: Box<[RuleGroup]> = self.groups.into_iter().filter_map(rule_group).collect();
        Policies {
            index: PathIndex::new(&groups),
            groups,
            methods: self.methods,
            rules: rules.into(),
            roles: self.roles,
            summary: self.summary,
            has_shadow: self.has_shadow,
            applying: self.applying,
        }
    }
}

impl Summary {
    /// Notes what an entry of `to` asks for.
    fn note(&mut self, operation: &Operation) {
        self.uses_paths |= !operation.paths.is_empty() || !operation.not_paths.is_empty();
        self.uses_methods |= !operation.methods.is_empty() || !operation.not_methods.is_empty();
        self.uses_hosts |= !operation.hosts.is_empty() || !operation.not_hosts.is_empty();
    }
}

/// Values of which equal ones are held once.
struct Interner<T> {
    numbers: HashMap<Rc<T>, usize>,
    values: Vec<Rc<T>>,
}

impl<T: Eq + Hash> Interner<T> {
    #[inline(never)]
    fn new() -> Self {
        Self { numbers: hash::map(), values: Vec::new() }
    }

    fn number(&mut self, value: T) -> usize {
        let value = Rc::new(value);
        *self.numbers.entry(Rc::clone(&value)).or_insert_with(|| {
            self.values.push(value);
            self.values.len().saturating_sub(1)
        })
    }

    fn get(&self, number: usize) -> Option<Rc<T>> {
        self.values.get(number).cloned()
    }
}
