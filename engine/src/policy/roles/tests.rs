use super::*;
use attache_plugin_config::RoleForm;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

const ROLES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn claims(value: Value) -> Claims {
    Claims::from_json(value.as_object().unwrap().clone()).unwrap()
}

fn source(claim: &str, split: Option<&str>, prefix: &str) -> RoleClaim {
    let claim = attache_plugin_config::ClaimPath::parse(claim).unwrap();
    RoleClaim {
        claim,
        form: RoleForm::Strings,
        split: split.map(str::to_owned),
        prefix: prefix.to_owned(),
    }
}

fn read(table: &RoleTable, roles: &[&str]) -> RoleSet {
    table.read(&claims(json!({ "roles": roles })), &[source("roles", None, "")])
}

/// A table that knows all roles, with a hierarchy.
fn table(hierarchy: &BTreeMap<Role, Vec<Role>>) -> RoleTable {
    let mut table = RoleTable::new(hierarchy);
    for role in ROLES {
        table.intern(role);
    }
    table
}

fn names(table: &RoleTable, set: &RoleSet) -> Vec<&'static str> {
    ROLES.into_iter().filter(|&role| set.contains(table.ids[role])).collect()
}

#[test]
fn all_sources_are_joined() {
    let table = table(&BTreeMap::new());
    let sources =
        [source("roles", None, ""), source("x.scope", Some(" "), ""), source("groups", None, "")];
    for (token, expected) in [
        (json!({"roles": "a"}), vec!["a"]),
        (json!({"roles": "a b"}), vec![]),
        (json!({"roles": ["a", 1, null, ["c"], "b"]}), vec!["a", "b"]),
        (json!({"x": {"scope": " a  b unknown "}}), vec!["a", "b"]),
        (json!({"x": {"scope": ["a b", "c"]}}), vec!["a", "b", "c"]),
        (json!({"roles": "a", "x": {"scope": "b"}, "groups": ["c"]}), vec!["a", "b", "c"]),
        (json!({"roles": {"a": true}, "groups": 1}), vec![]),
        (json!({}), vec![]),
    ] {
        let set = table.read(&claims(token.clone()), &sources);
        assert_eq!(names(&table, &set), expected, "{token}");
        assert_eq!(set.is_empty(), expected.is_empty(), "{token}");
    }
}

/// What a tool tells of a token's roles is what policies read of it, also of roles that they don't
/// know.
#[cfg(feature = "explain")]
#[test]
fn the_roles_of_claims_are_named_as_they_are_read() {
    let keys = RoleClaim { form: RoleForm::Keys, ..source("flags", None, "") };
    let field =
        RoleClaim { form: RoleForm::Field("name".to_owned()), ..source("groups", None, "g/") };
    let sources = [source("scope", Some(" "), ""), keys, field];
    let token = json!({
        "scope": " a  unknown ", "flags": {"b": true, "c": false, "d": null}, "groups": [{"name": "e"}, {"id": 1}],
    });
    assert_eq!(RoleTable::names_in(&claims(token), &sources), ["a", "unknown", "b", "g/e"]);
}

#[test]
fn roles_are_read_in_every_form_in_which_they_come() {
    let table = table(&BTreeMap::new());
    let read = |form: &RoleForm, split: Option<&str>, value: &Value| {
        let source = RoleClaim { form: form.clone(), ..source("r", split, "") };
        let set = table.read(&claims(json!({ "r": value })), &[source]);
        (names(&table, &set), set.is_incomplete())
    };
    let (strings, keys, field) =
        (&RoleForm::Strings, &RoleForm::Keys, &RoleForm::Field("name".into()));
    for (form, split, value, roles, incomplete) in [
        (strings, None, json!("a"), vec!["a"], false),
        (strings, None, json!(""), vec![], false),
        (strings, None, json!([]), vec![], false),
        (strings, None, json!(null), vec![], false),
        (strings, None, json!(["a", null]), vec!["a"], false),
        (strings, None, json!(" a "), vec![], false),
        (strings, Some(","), json!("a, b"), vec!["a", "b"], false),
        (strings, Some(","), json!("\ta\u{a0},\n b ,,"), vec!["a", "b"], false),
        (strings, Some(","), json!(["a, b", "c"]), vec!["a", "b", "c"], false),
        (strings, Some(","), json!("[a, b]"), vec!["a", "b"], false),
        (strings, Some(","), json!(r#" ["a", "b"] "#), vec!["a", "b"], false),
        (strings, Some(","), json!([r#"["a"]"#, "b"]), vec!["a", "b"], false),
        (strings, Some(","), json!(r#"["a", "\u0062"]"#), vec!["a"], true),
        (strings, Some(" "), json!(r#"["a", "b"]"#), vec!["b"], true),
        (strings, Some(","), json!(r#"{"a": true}"#), vec![], true),
        (strings, None, json!(r#"["a"]"#), vec![], true),
        (strings, None, json!([r#"["a"]"#, "b"]), vec!["b"], true),
        (strings, None, json!(1), vec![], true),
        (strings, None, json!(true), vec![], true),
        (strings, None, json!({"a": true}), vec![], true),
        (strings, None, json!(["a", 1]), vec!["a"], true),
        (strings, None, json!(["a", ["b"]]), vec!["a"], true),
        (strings, None, json!([{"name": "a"}, "b"]), vec!["b"], true),
        (
            keys,
            None,
            json!({"a": {"org": "x"}, "b": true, "c": false, "d": null}),
            vec!["a", "b"],
            false,
        ),
        (keys, None, json!({}), vec![], false),
        (keys, None, json!({"a": true, "b": 0}), vec!["a"], true),
        (keys, None, json!(["a"]), vec![], true),
        (keys, None, json!("a"), vec![], true),
        (field, None, json!([{"name": "a", "id": 1}, {"name": "b"}]), vec!["a", "b"], false),
        (field, None, json!({"name": "a"}), vec!["a"], false),
        (field, Some(","), json!([{"name": "a, b"}]), vec!["a", "b"], false),
        (field, None, json!([{"name": "a"}, {"id": 1}]), vec!["a"], true),
        (field, None, json!([{"name": "a"}, {"name": null}]), vec!["a"], true),
        (field, None, json!([{"name": ["a"]}]), vec![], true),
        (field, None, json!(["a"]), vec![], true),
        (field, None, json!("a"), vec![], true),
    ] {
        assert_eq!(
            read(form, split, &value),
            (roles, incomplete),
            "{value} as {form:?}, {split:?}"
        );
    }
}

#[test]
fn a_claim_behind_something_that_is_no_object_cannot_be_read() {
    let table = table(&BTreeMap::new());
    for (token, incomplete) in [
        (json!({"x": "a"}), true),
        (json!({"x": ["a"]}), true),
        (json!({"x": {"y": 1}}), true),
        (json!({"x": null}), false),
        (json!({"x": {"y": null}}), false),
        (json!({"x": {}}), false),
        (json!({}), false),
    ] {
        let set = table.read(&claims(token.clone()), &[source("x.y.z", None, "")]);
        assert_eq!((set.is_empty(), set.is_incomplete()), (true, incomplete), "{token}");
    }
}

#[test]
fn a_role_that_may_be_had_counts_against_the_caller_only() {
    let mut table = table(&BTreeMap::new());
    let set = table.read(&claims(json!({"roles": ["a", 1]})), &[source("roles", None, "")]);
    let mut rule = |any_of: &[&str], all_of: &[&str], none_of: &[&str]| {
        let roles = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let requirement = RoleRequirement {
            any_of: roles(any_of),
            all_of: roles(all_of),
            none_of: roles(none_of),
        };
        Requirement::compile(&requirement, &mut table)
    };
    for (requirement, allows, denies) in [
        (rule(&["a"], &[], &[]), true, true),
        (rule(&["b"], &[], &[]), false, true),
        (rule(&[], &["a", "b"], &[]), false, true),
        (rule(&[], &[], &["b"]), false, true),
        (rule(&["a"], &[], &["b"]), false, true),
        // It is known that the caller has `a`.
        (rule(&[], &[], &["a"]), false, false),
        (rule(&["b"], &[], &["a"]), false, false),
        (rule(&[], &[], &[]), true, true),
    ] {
        assert_eq!(requirement.holds(&set, Action::Allow), allows, "ALLOW {requirement:?}");
        assert_eq!(requirement.holds(&set, Action::Deny), denies, "DENY {requirement:?}");
    }
}

#[test]
fn a_prefix_keeps_sources_apart() {
    let mut table = RoleTable::new(&BTreeMap::new());
    let (bare, scope) = (table.intern("a"), table.intern("scope:a"));
    let set = table.read(&claims(json!({"scope": "a b"})), &[source("scope", Some(" "), "scope:")]);
    assert!(set.contains(scope) && !set.contains(bare));
}

#[test]
fn ten_thousand_roles_are_read_and_written() {
    let mut table = RoleTable::new(&BTreeMap::new());
    let roles: Vec<String> = (0..10_000).map(|index| format!("role-{index}")).collect();
    let ids: Vec<RoleId> = roles.iter().map(|role| table.intern(role)).collect();
    let some: Vec<&str> = roles.iter().step_by(7).map(String::as_str).collect();
    let set = read(&table, &some);
    let expected: Vec<RoleId> = ids.iter().step_by(7).copied().collect();
    assert_eq!(set.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_circle_ends() {
    let hierarchy = [("a", "b"), ("b", "a")]
        .map(|(role, other)| (role.to_owned(), vec![other.to_owned()]))
        .into();
    let table = table(&hierarchy);
    assert_eq!(names(&table, &read(&table, &["a"])), ["a", "b"]);
}

fn hierarchies() -> impl Strategy<Value = BTreeMap<Role, Vec<Role>>> {
    let name = |index: usize| ROLES[index].to_owned();
    btree_map(0..7_usize, vec(1..7_usize, 0..4), 0..6).prop_map(move |edges| {
        let further = |from: usize, steps: Vec<usize>| {
            steps.into_iter().map(move |step| name(from.saturating_add(step).min(7)))
        };
        edges
            .into_iter()
            .map(|(from, steps)| (name(from), further(from, steps).collect()))
            .collect()
    })
}

fn tokens() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(ROLES.to_vec(), 0..8)
}

proptest! {
    #[test]
    fn what_a_role_includes_is_included_all_the_way(hierarchy in hierarchies(), token in tokens()) {
        let table = table(&hierarchy);
        let set = read(&table, &token);
        for (role, included) in &hierarchy {
            if set.contains(table.ids[role.as_str()]) {
                prop_assert!(included.iter().all(|role| set.contains(table.ids[role.as_str()])));
            }
        }
        prop_assert!(token.iter().all(|role| names(&table, &set).contains(role)));
    }

    #[test]
    fn reading_what_was_included_adds_nothing(hierarchy in hierarchies(), token in tokens()) {
        let table = table(&hierarchy);
        let set = read(&table, &token);
        prop_assert_eq!(read(&table, &names(&table, &set)), set);
    }

    #[test]
    fn roles_are_read_one_by_one(hierarchy in hierarchies(), one in tokens(), other in tokens()) {
        let table = table(&hierarchy);
        let both = read(&table, &[one.clone(), other.clone()].concat());
        let joined: Vec<&str> = [read(&table, &one), read(&table, &other)].iter().flat_map(|set| names(&table, set)).collect();
        prop_assert!(ROLES.into_iter().all(|role| names(&table, &both).contains(&role) == joined.contains(&role)));
    }

    #[test]
    fn a_set_holds_what_was_put_in(ids in vec(0..1000_u32, 0..20)) {
        let mut set = RoleSet::default();
        for &id in &ids {
            set.insert(RoleId(id));
        }
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        prop_assert_eq!(set.iter().map(|id| id.0).collect::<Vec<_>>(), sorted);
    }
}
