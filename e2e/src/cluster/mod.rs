//! A real cluster with Istio, as `scripts/kind up` leaves it: sidecars that can be looked into,
//! callers with identities of their own, and the WasmPlugin that is under test.

mod caller;
mod kubectl;
mod plugin;
mod sidecar;

pub use caller::Caller;
pub use kubectl::{Forward, Kubectl, Log, Running};
pub use plugin::Plugin;
pub use sidecar::Sidecar;

use crate::envoy::{Deadline, Push};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long what a cluster does may take: a push through Istio, a pod that starts on a busy
/// machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The namespace of the sample services.
pub const SHOP: &str = "shop";
/// Where they listen.
pub const PORT: u16 = 8080;
/// Where they listen for gRPC.
pub const GRPC_PORT: u16 = 9090;

/// What `scripts/kind` tells the tests.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The context of the kubeconfig.
    pub context: String,
    /// The module's image, `oci://…@sha256:…`.
    pub module: String,
    /// The image of another build of the module, to come from in an upgrade.
    pub previous: String,
    /// The image of the sample services and callers.
    pub sample: String,
    /// Parts that are not there.
    pub skipped: Vec<String>,
    /// Parts of names: a test runs where it has one of them in its own, or where there are none
    /// here.
    pub filters: Vec<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn read() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is not set: run `scripts/kind test`"))
        };
        let list = |name: &str| words(&std::env::var(name).unwrap_or_default());
        Ok(Self {
            context: variable("ATTACHE_KIND_CONTEXT")?,
            module: variable("ATTACHE_KIND_MODULE")?,
            previous: variable("ATTACHE_KIND_PREVIOUS")?,
            sample: variable("ATTACHE_KIND_SAMPLE")?,
            skipped: list("ATTACHE_KIND_SKIPPED"),
            filters: list("ATTACHE_KIND_FILTERS"),
        })
    }

    /// Whether a part is there.
    pub fn has(&self, part: &str) -> bool {
        !self.skipped.iter().any(|skipped| skipped == part)
    }

    /// Returns whether a test of this name was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|part| name.contains(part.as_str()))
    }
}

/// Parts a list at its commas; nothing between two is left away.
fn words(list: &str) -> Vec<String> {
    list.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The cluster under test.
#[derive(Debug)]
pub struct Mesh {
    /// What it is told.
    pub settings: Settings,
    /// Commands to it.
    pub kubectl: Kubectl,
    callers: Mutex<BTreeMap<String, Arc<Caller>>>,
    sidecars: Mutex<BTreeMap<String, Arc<Sidecar>>>,
}

impl Mesh {
    /// The cluster that `scripts/kind` names.
    ///
    /// # Errors
    /// Nothing names one.
    pub fn new() -> Result<Self> {
        let settings = Settings::read()?;
        let kubectl = Kubectl::new(&settings.context);
        Ok(Self { settings, kubectl, callers: Mutex::default(), sidecars: Mutex::default() })
    }

    /// Where a service is reached from within the cluster: by address, so that a caller needs no
    /// name server.
    ///
    /// # Errors
    /// There is no such service.
    pub async fn service(&self, namespace: &str, name: &str, port: u16) -> Result<SocketAddr> {
        let service = self.kubectl.get(namespace, &format!("service/{name}")).await?;
        let address = service.pointer("/spec/clusterIP").and_then(|address| address.as_str());
        let address =
            address.with_context(|| format!("service {name} in {namespace} has no address"))?;
        Ok(SocketAddr::new(address.parse()?, port))
    }

    /// The pod that calls from outside the mesh, or the one that calls as a principal
    /// (`cluster.local/ns/billing/sa/invoicer`); made where there is none yet.
    ///
    /// # Errors
    /// It can't be made or does not get ready.
    pub async fn caller(&self, principal: Option<&str>) -> Result<Arc<Caller>> {
        let mut callers = self.callers.lock().await;
        let key = principal.unwrap_or_default();
        if let Some(caller) = callers.get(key) {
            return Ok(Arc::clone(caller));
        }
        let caller = Arc::new(Caller::find(&self.kubectl, &self.settings.sample, principal).await?);
        callers.insert(key.to_owned(), Arc::clone(&caller));
        Ok(caller)
    }

    /// Removes the callers that [`Mesh::caller`] made for principals.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn dismiss_callers(&self) -> Result<()> {
        let mut callers = self.callers.lock().await;
        let gone: Vec<_> = callers.keys().filter(|key| !key.is_empty()).cloned().collect();
        for key in gone {
            if let Some(caller) = callers.remove(&key) {
                caller.dismiss(&self.kubectl).await?;
            }
        }
        Ok(())
    }

    /// The sidecar of a sample service.
    ///
    /// # Errors
    /// The service has no pod that is ready.
    pub async fn sidecar(&self, app: &str) -> Result<Arc<Sidecar>> {
        let mut sidecars = self.sidecars.lock().await;
        if let Some(sidecar) = sidecars.get(app) {
            return Ok(Arc::clone(sidecar));
        }
        let sidecar = Arc::new(Sidecar::of(&self.kubectl, SHOP, app).await?);
        sidecars.insert(app.to_owned(), Arc::clone(&sidecar));
        Ok(sidecar)
    }

    /// Applies the plugin and waits for what happens to it in the sidecars of these services.
    ///
    /// # Errors
    /// Istio does not take it, a sidecar takes no notice, or they don't agree.
    pub async fn apply(&self, plugin: &Plugin, apps: &[&str]) -> Result<Push> {
        let mut before = Vec::new();
        for app in apps {
            let sidecar = self.sidecar(app).await?;
            let outcomes = sidecar.outcomes().await?;
            before.push((sidecar, outcomes));
        }
        if !self.kubectl.apply(&plugin.manifest()).await? {
            return Ok(Push::Accepted);
        }
        let mut pushes = Vec::new();
        for (sidecar, (tried, refused)) in &before {
            pushes.push(
                until("a sidecar takes notice of the plugin", async || {
                    let (tried_now, refused_now) = sidecar.outcomes().await?;
                    let push = if refused_now > *refused {
                        Some(Push::Refused)
                    } else {
                        (tried_now > *tried).then_some(Push::Accepted)
                    };
                    anyhow::Ok(push)
                })
                .await?,
            );
        }
        match pushes.as_slice() {
            [first, rest @ ..] if rest.iter().all(|push| push == first) => Ok(*first),
            _ => bail!("the sidecars of {apps:?} did {pushes:?}"),
        }
    }

    /// Takes the plugin away and waits until the sidecars of these services run without it, on old
    /// connections too.
    ///
    /// # Errors
    /// A sidecar keeps it.
    pub async fn remove(&self, plugin: &Plugin, apps: &[&str]) -> Result<()> {
        let resource = format!("wasmplugin.extensions.istio.io/{}", plugin.name);
        self.kubectl
            .run(&["-n", &plugin.namespace, "delete", "--ignore-not-found", &resource])
            .await?;
        for app in apps {
            let sidecar = self.sidecar(app).await?;
            until("a sidecar runs without the plugin", async || {
                Ok((!sidecar.runs_plugin().await? && !sidecar.drains().await?).then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// There is none within [`PATIENCE`], or asking fails.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if !deadline.wait().await {
            bail!("waited {} s, and still not: {what}", PATIENCE.as_secs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, words};

    #[test]
    fn a_test_runs_where_one_of_several_filters_is_in_its_name() {
        let asked = |filters: &str| Settings {
            context: String::new(),
            module: String::new(),
            previous: String::new(),
            sample: String::new(),
            skipped: Vec::new(),
            filters: words(filters),
        };
        let chosen = |filters: &str| {
            let settings = asked(filters);
            ["updates::one", "samples::two", "tyk::three"].map(|name| settings.wants(name))
        };
        assert_eq!(chosen(""), [true, true, true]);
        assert_eq!(chosen("updates,samples"), [true, true, false]);
        assert_eq!(chosen("three,"), [false, false, true]);
        assert_eq!(chosen("lion"), [false, false, false]);
    }
}
