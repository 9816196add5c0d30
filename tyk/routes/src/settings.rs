//! What of a gateway's own configuration (`tyk.conf`) decides where requests go.

use crate::fields::Fields;
use attache_config_reader::{Diagnostic, Path};
use serde_json::Value;
use std::cell::RefCell;

/// What of a gateway's own configuration decides where requests go. The default is Tyk's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `enable_custom_domains`: an API's domain counts.
    pub has_custom_domains: bool,
    /// `hostname`: the only host that is answered, where it is not empty.
    pub hostname: String,
    /// `http_server_options.enable_strict_routes`: a listen path ends at a segment.
    pub has_strict_routes: bool,
    /// `http_server_options.enable_path_prefix_matching`: endpoints match from the beginning of a
    /// path.
    pub matches_prefix: bool,
    /// `http_server_options.enable_path_suffix_matching`: endpoints match to the end of a path.
    pub matches_suffix: bool,
    /// `http_server_options.skip_url_cleaning`: `//` and `..` are left as they are.
    pub keeps_paths: bool,
    /// `ignore_endpoint_case`.
    pub ignores_case: bool,
    /// `enable_jsvm`: virtual endpoints run.
    pub runs_scripts: bool,
    /// `listen_port`.
    pub listen_port: u16,
    /// `db_app_conf_options.tags`, where `node_is_segmented`: it serves APIs with one of these tags
    /// only.
    pub segment: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            has_custom_domains: false,
            hostname: String::new(),
            has_strict_routes: false,
            matches_prefix: false,
            matches_suffix: false,
            keeps_paths: false,
            ignores_case: false,
            runs_scripts: false,
            listen_port: 8080,
            segment: None,
        }
    }
}

impl Settings {
    /// Reads a `tyk.conf`. Environment variables, which Tyk lets override it, are not looked at.
    ///
    /// # Errors
    /// Values of another type than Tyk takes.
    pub fn read(conf: &Value) -> Result<Self, Vec<Diagnostic>> {
        let problems = RefCell::default();
        let root = Path::default();
        let fields = Fields::new(conf, &root, &problems);
        let is_segmented = fields.flag("db_app_conf_options/node_is_segmented");
        let tags = fields.texts("db_app_conf_options/tags");
        let port = fields.port("listen_port");
        let settings = Self {
            has_custom_domains: fields.flag("enable_custom_domains"),
            hostname: fields.text("hostname"),
            has_strict_routes: fields.flag("http_server_options/enable_strict_routes"),
            matches_prefix: fields.flag("http_server_options/enable_path_prefix_matching"),
            matches_suffix: fields.flag("http_server_options/enable_path_suffix_matching"),
            keeps_paths: fields.flag("http_server_options/skip_url_cleaning"),
            ignores_case: fields.flag("ignore_endpoint_case"),
            runs_scripts: fields.flag("enable_jsvm"),
            listen_port: if port == 0 { 8080 } else { port },
            segment: is_segmented.then_some(tags),
        };
        let problems = problems.into_inner();
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}
