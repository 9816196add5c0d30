//! What is known of a claim before its classes are.

use super::values::Drafts;
use attache_plugin_config::RoleForm;
use serde_json::Value;
use std::collections::BTreeSet;

/// Asks something of a claim.
pub(in super::super) type Asked<'q> = Box<dyn Fn(Option<&Value>) -> bool + 'q>;

/// What somebody wants to know of a claim.
pub(in super::super) struct Question<'q> {
    /// Answers for a value, `None` where the claim is absent.
    pub(in super::super) holds: Asked<'q>,
    pub(in super::super) of_list: OfList,
}

/// When a question holds of a list, given that it is asked of lists with one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum OfList {
    /// It holds of one.
    Any,
    /// It holds of all.
    All,
}

/// Reads the roles that a value of a claim holds; `None` where that can't be read.
pub(in super::super) type RoleReader<'q> = Box<dyn Fn(&Value) -> Option<BTreeSet<String>> + 'q>;

/// What is known of a claim before its classes are.
#[derive(Default)]
pub(in super::super) struct ClaimDraft<'q> {
    pub(in super::super) questions: Vec<Question<'q>>,
    pub(in super::super) roles: Vec<RoleReader<'q>>,
    pub(in super::super) drafts: Drafts,
    /// How elements of a list are held, where roles are read.
    pub(in super::super) form: Option<RoleForm>,
    /// Whether values count that no question tells apart: the claim is compared with what is no
    /// constant.
    pub(in super::super) is_compared: bool,
    /// Whether it is compared with another claim.
    pub(in super::super) is_compared_with_claim: bool,
    /// Whether another claim lies in it.
    pub(in super::super) holds_claims: bool,
    /// The only values that it may have, where a token is good only with such.
    pub(in super::super) only: Option<Vec<Option<Value>>>,
    /// Whether it may be a list.
    pub(in super::super) may_be_list: bool,
}
