//! What decides a request, and where that stands.

use super::trial::Outcome;
use crate::input::Configuration;
use crate::shown::{escaped, quoted};
use attache_config_reader::Path;
use attache_plugin_config::Config;
use serde_json::{Map, Value, json};

impl Outcome {
    /// Returns the rule that decided, with its file and line: `, by orders/read (new.yaml:26)`;
    /// nothing where none did.
    pub(crate) fn by(&self, configuration: &Configuration, config: &Config) -> String {
        let by = self.rule_and_place(configuration, config);
        by.map(|by| format!(", by {}", escaped(&by.join(" ")))).unwrap_or_default()
    }

    /// Returns the same in Markdown: what came from a configuration is set as code.
    pub(crate) fn by_in_markdown(&self, configuration: &Configuration, config: &Config) -> String {
        let by = self.rule_and_place(configuration, config);
        let by = by.map(|by| by.map(|part| if part.is_empty() { part } else { quoted(&part) }));
        by.map(|by| format!(", by {}", by.join(" "))).unwrap_or_default()
    }

    fn rule_and_place(
        &self,
        configuration: &Configuration,
        config: &Config,
    ) -> Option<[String; 2]> {
        let rule = self.rule.clone()?;
        let place = place_of_rule(&rule, configuration, config);
        let place = place.map(|(file, line)| format!("({file}:{line})")).unwrap_or_default();
        Some([rule, place])
    }

    /// Returns it for programs.
    pub(crate) fn json(&self, configuration: &Configuration, config: &Config) -> Value {
        let place = self.rule.as_ref().and_then(|rule| place_of_rule(rule, configuration, config));
        let members = [
            ("allowed", Some(json!(self.is_allowed()))),
            ("reason", self.reason.map(Value::from)),
            ("rule", self.rule.clone().map(Value::from)),
            ("file", place.map(|(file, _)| json!(file))),
            ("line", place.map(|(_, line)| json!(line))),
        ];
        let members = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        members.collect::<Map<_, _>>().into()
    }
}

/// Returns the file and the line of a rule that is called `policy/rule`.
fn place_of_rule<'c>(
    rule: &str,
    configuration: &'c Configuration,
    config: &Config,
) -> Option<(&'c str, usize)> {
    let (policy, rule) = rule.split_once('/')?;
    let number = config.policies.iter().position(|known| known.name.as_str() == policy)?;
    let policy = config.policies.get(number)?;
    let index = policy.rules.iter().position(|known| known.name.as_str() == rule)?;
    let path = Path::default().key("policies").index(number).key("rules").index(index);
    let location = configuration.locate(&path).filter(|location| location.is_exact)?;
    Some((&configuration.file.name, location.value.start.line))
}
