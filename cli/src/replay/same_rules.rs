//! What the verdict of a line tells of rules that stand in the configuration of the log and in the
//! next one alike: whatever the line lacks, the filter had it when it decided.

use crate::input::{Configuration, text};
use crate::logged::{Before, Judge, Logged, Recorded, TokenState};
use attache_config_reader::Node;
use attache_engine::policy::RuleIndex;
use attache_plugin_config::{Action, Authentication, Config, DryRun, Mode};
use std::collections::{BTreeMap, BTreeSet};

/// The rules of two configurations that fare alike.
#[derive(Debug)]
pub(crate) struct SameRules {
    /// Those of both, by `policy/rule`.
    both: BTreeMap<String, (RuleIndex, Action)>,
    /// ALLOW rules of the log's configuration that ask for a good token: where one decided, all
    /// rules were asked about the caller.
    asking: BTreeSet<String>,
    /// Whether each ALLOW rule of the log's configuration asks for one.
    do_all_ask: bool,
}

impl SameRules {
    /// Returns the rules that stand in both configurations; `None` where more than rules and the
    /// audit is other, or the log's was a dry run, so that a verdict tells nothing of them.
    pub(crate) fn of(
        judge: &Judge,
        was: (&Configuration, &Config),
        next: &Configuration,
    ) -> Option<Self> {
        let (was, was_config) = was;
        if others(&was.node, &["policies", "audit"]) != others(&next.node, &["policies", "audit"])
            || !matches!(was_config.dry_run, DryRun::Nowhere)
        {
            return None;
        }
        let indices = judge.rule_indices();
        let (old, new) = (by_name(was.node.get("policies")), by_name(next.node.get("policies")));
        let mut same = Self { both: BTreeMap::new(), asking: BTreeSet::new(), do_all_ask: true };
        for policy in &was_config.policies {
            let nodes = old.get(policy.name.as_str()).zip(new.get(policy.name.as_str()));
            let nodes =
                nodes.filter(|(old, new)| others(old, &["rules"]) == others(new, &["rules"]));
            let rules =
                nodes.map(|(old, new)| (by_name(old.get("rules")), by_name(new.get("rules"))));
            for rule in policy.rules.iter().filter(|rule| rule.mode == Mode::Enforce) {
                let name = format!("{}/{}", policy.name, rule.name);
                if rule.action == Action::Allow {
                    let asks = rule.authentication == Authentication::Required;
                    same.do_all_ask &= asks;
                    if asks {
                        same.asking.insert(name.clone());
                    }
                }
                let is_same = rules.as_ref().is_some_and(|(old, new)| {
                    let [old, new] = [old, new].map(|rules| rules.get(rule.name.as_str()));
                    old.is_some() && old == new
                });
                if let Some(index) = indices.get(&name).filter(|_| is_same) {
                    same.both.insert(name, (*index, rule.action));
                }
            }
        }
        Some(same)
    }

    /// Returns how rules fared when the filter decided a request with a good token.
    pub(crate) fn recorded(&self, logged: &Logged) -> Recorded {
        let rule = logged.rule.as_deref().filter(|rule| self.asking.contains(*rule));
        let mut by_identity = BTreeMap::new();
        let mut none_of = |actions: &[Action]| {
            let those = self.both.values().filter(|(_, action)| actions.contains(action));
            by_identity.extend(those.map(|(index, _)| (*index, false)));
        };
        match (&logged.before, rule) {
            _ if logged.token.state != TokenState::Good => {}
            (Before::Allowed, Some(rule)) => {
                none_of(&[Action::Deny]);
                by_identity.extend(self.both.get(rule).map(|(index, _)| (*index, true)));
            }
            (Before::Refused(Some(reason)), Some(_)) if reason == "role-missing" => {
                none_of(&[Action::Deny, Action::Allow]);
            }
            (Before::Refused(Some(reason)), None)
                if reason == "no-rule-matched" && self.do_all_ask =>
            {
                none_of(&[Action::Deny, Action::Allow]);
            }
            _ => {}
        }
        Recorded { by_identity, ..Recorded::default() }
    }
}

/// Returns the members of an object but for these, by their keys.
fn others<'n>(node: &'n Node, left_out: &[&str]) -> BTreeMap<&'n str, &'n Node> {
    let Node::Object(members) = node else { return BTreeMap::new() };
    let members = members.iter().map(|(key, value)| (key.as_str(), value));
    members.filter(|(key, _)| !left_out.contains(key)).collect()
}

/// Returns the objects of a list by their names.
fn by_name(list: Option<&Node>) -> BTreeMap<&str, &Node> {
    let Some(Node::Array(items)) = list else { return BTreeMap::new() };
    items.iter().filter_map(|item| Some((text(item.get("name")?)?, item))).collect()
}
