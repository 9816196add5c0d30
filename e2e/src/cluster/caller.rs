//! Pods that call at the tests' command.

use super::{Forward, Kubectl};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Where a relay listens.
const RELAY_PORT: u16 = 8081;
/// What is made by a test run bears this label.
const MADE_BY: (&str, &str) = ("attache.kind/made-by", "test");

/// A pod that relays, by the way to it.
#[derive(Debug)]
pub struct Caller {
    namespace: String,
    pod: String,
    relay: Forward,
}

impl Caller {
    /// The caller outside the mesh, which is there; or one that is made for a principal.
    pub(super) async fn find(
        kubectl: &Kubectl,
        image: &str,
        principal: Option<&str>,
    ) -> Result<Self> {
        let (namespace, pod) = match principal {
            None => ("outside".to_owned(), "caller".to_owned()),
            Some(principal) => make(kubectl, image, principal).await?,
        };
        let relay = kubectl.forward(&namespace, &pod, RELAY_PORT).await?;
        Ok(Self { namespace, pod, relay })
    }

    /// A connection from the pod to an address.
    ///
    /// # Errors
    /// The way to the pod is lost.
    pub async fn connect(&self, to: SocketAddr) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.relay.address())
            .await
            .context("the way to a caller is lost")?;
        stream.write_all(format!("{to}\n").as_bytes()).await?;
        Ok(stream)
    }

    /// Its namespace and name.
    pub fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.pod)
    }

    /// The address that it calls from.
    ///
    /// # Errors
    /// The pod is gone.
    pub async fn address(&self, kubectl: &Kubectl) -> Result<String> {
        let pod = kubectl.get(&self.namespace, &format!("pod/{}", self.pod)).await?;
        let address = pod.pointer("/status/podIP").and_then(Value::as_str);
        Ok(address.context("a caller has no address")?.to_owned())
    }

    pub(super) async fn dismiss(&self, kubectl: &Kubectl) -> Result<()> {
        kubectl.run(&["-n", &self.namespace, "delete", "pod", &self.pod, "--wait=false"]).await?;
        Ok(())
    }
}

/// Makes a pod with a sidecar that runs as the principal's service account.
async fn make(kubectl: &Kubectl, image: &str, principal: &str) -> Result<(String, String)> {
    let mut parts = principal.split('/');
    let (Some(_), Some("ns"), Some(namespace), Some("sa"), Some(account), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        anyhow::bail!("`{principal}` is no principal of a service account");
    };
    let pod = format!("caller-{account}");
    if kubectl.run(&["get", "namespace", namespace]).await.is_err() {
        kubectl
            .apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace,
                "labels": {MADE_BY.0: MADE_BY.1, "istio-injection": "enabled"}}}))
            .await?;
    }
    if kubectl.run(&["-n", namespace, "get", "serviceaccount", account]).await.is_err() {
        kubectl
            .apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": namespace, "labels": {MADE_BY.0: MADE_BY.1}}}))
            .await?;
    }
    // One of an earlier run may be on its way out.
    kubectl.run(&["-n", namespace, "delete", "pod", &pod, "--ignore-not-found"]).await?;
    kubectl.apply(&manifest(namespace, &pod, account, image)).await?;
    let ready = ["-n", namespace, "wait", "pod", &pod, "--for=condition=Ready", "--timeout=180s"];
    kubectl.run(&ready).await.with_context(|| format!("no caller as `{principal}`"))?;
    Ok((namespace.to_owned(), pod))
}

fn manifest(namespace: &str, pod: &str, account: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": pod, "namespace": namespace, "labels": {"app": pod, MADE_BY.0: MADE_BY.1},
            "annotations": {"sidecar.istio.io/proxyCPU": "10m", "sidecar.istio.io/proxyMemory": "64Mi"},
        },
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "relay", "image": image, "imagePullPolicy": "IfNotPresent", "args": ["relay"],
                "ports": [{"name": "tcp-relay", "containerPort": RELAY_PORT}],
                "readinessProbe": {"tcpSocket": {"port": RELAY_PORT}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}},
            }],
        },
    })
}
