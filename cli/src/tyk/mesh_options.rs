//! What definitions do not say of the mesh.

use attache_tyk_routes::render::{self, Service};
use clap::Args;

/// What definitions do not say of the mesh.
#[derive(Args)]
pub(super) struct MeshOptions {
    /// Tyk's namespace, where the routes are put and short names of services are completed
    #[arg(long, value_name = "NAMESPACE", default_value = "tyk")]
    tyk_namespace: String,
    /// The cluster's domain
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    cluster_domain: String,
    /// The service behind a host that is no service's name: api.example.com=orders.shop:8080
    #[arg(long, value_name = "HOST=SERVICE.NAMESPACE:PORT")]
    destination: Vec<String>,
}

impl MeshOptions {
    /// Returns the same for the library.
    ///
    /// # Errors
    /// A destination is not written as it must be.
    pub(super) fn read(&self) -> Result<render::Options, String> {
        let mut options = render::Options {
            namespace: self.tyk_namespace.clone(),
            domain: self.cluster_domain.clone(),
            ..render::Options::default()
        };
        for text in &self.destination {
            let (host, service) = destination(text).ok_or_else(|| {
                format!("--destination: `{text}` is not HOST=SERVICE.NAMESPACE:PORT")
            })?;
            options.destinations.insert(host, service);
        }
        Ok(options)
    }
}

fn destination(text: &str) -> Option<(String, Service)> {
    let (host, service) = text.split_once('=')?;
    let (name, port) = service.rsplit_once(':')?;
    let (name, namespace) = name.split_once('.')?;
    let namespace = namespace.split(".svc").next()?;
    let is_label = |text: &str| !text.is_empty() && !text.contains('.');
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let service = Service { name: name.to_owned(), namespace: namespace.to_owned(), port };
    (!host.is_empty() && is_label(name) && is_label(namespace))
        .then(|| (host.to_ascii_lowercase(), service))
}
