//! What of a request no rule can judge, in words. Not in the module.

use crate::Reason;
use crate::engine::Engine;
use crate::policy::path_flaw;
use crate::request::Request;
use crate::{authority, method};

impl Engine {
    /// Returns what of a request is at fault, where a reason says that no rule can judge it.
    pub(super) fn flaw_words(&self, reason: Reason, request: &Request<'_>) -> String {
        match reason {
            Reason::PathAmbiguous => path_flaw(request.path, self.ambiguous_paths).map_or_else(
                || "the path can be read in several ways".to_owned(),
                |words| format!("the path {words}"),
            ),
            Reason::MethodAmbiguous => method_words(request).to_owned(),
            _ => host_words(request).to_owned(),
        }
    }
}

fn method_words(request: &Request<'_>) -> &'static str {
    if method::is_plain(request.method) {
        "a header or the parameter `_method` asks for another method, or for one that can't be read, or for too many"
    } else {
        "the method is empty, is not in upper case, or has a character that no method has"
    }
}

fn host_words(request: &Request<'_>) -> &'static str {
    if request.host_header {
        "there is a header `host` beside `:authority`"
    } else if authority::is_plain(request.authority) {
        "the path begins with two slashes, behind which a service may read another host"
    } else {
        "the host is more than a name or an address and a port, or is spelled in a way that some read otherwise"
    }
}
