//! The methods that clients send, and those that nobody does.

use attache_config_reader::suggestion;

/// The methods of the registry that RFC 9110 section 16.1 set up, as of 2025.
const REGISTERED: [&str; 40] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Methods of protocols beside HTTP's registry whose names are nearly those of others: Exchange's
/// WebDAV and UPnP.
const OTHERS: [&str; 6] = ["BCOPY", "BDELETE", "BMOVE", "BPROPFIND", "BPROPPATCH", "M-SEARCH"];

/// Returns whether a method is one of the registry.
pub(crate) fn is_registered(method: &str) -> bool {
    REGISTERED.contains(&method)
}

/// Returns the registered method that somebody meant who wrote a method that nobody sends; `None`
/// where it is one that is sent, or is like none.
pub(crate) fn meant_by(method: &str) -> Option<&'static str> {
    if is_registered(method) || OTHERS.contains(&method) {
        return None;
    }
    suggestion(method, REGISTERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_method_of_its_own() {
        for (method, meant) in [
            ("DELTE", Some("DELETE")),
            ("GTE", Some("GET")),
            ("PSOT", Some("POST")),
            ("OPTION", Some("OPTIONS")),
            ("delete", Some("DELETE")),
            ("DELETE", None),
            ("UNLINK", None),
            ("PURGE", None),
            ("BMOVE", None),
            ("", None),
        ] {
            assert_eq!(meant_by(method), meant, "{method}");
        }
    }
}
