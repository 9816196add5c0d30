# shellcheck shell=bash
# scripts/kind down and logs. Sourced, not run.

# Removes what `up` and `test` made, and nothing else: our own cluster whole; of another cluster the namespaces that
# bear our mark, what we put into others, and Istio only where we installed it.
down() {
  if [ "$OWN_CLUSTER" = yes ]; then
    need_tool docker kind
    if has_cluster; then kind delete cluster --name "$KIND_CLUSTER" >&2; fi
    if registry_is_ours; then docker rm --force "$REGISTRY_CONTAINER" >&2; fi
    return
  fi
  need_tool kubectl
  if [ "$(k get namespace istio-system -o 'jsonpath={.metadata.labels.attache\.kind/made-by}' 2>/dev/null)" = up ]; then
    need_tool helm
    helm --kube-context "$CONTEXT" --namespace istio-system uninstall --ignore-not-found --wait istiod istio-base >&2
  fi
  # Where a namespace was there before, what lies in it bears the mark.
  local kind
  for kind in pod deployment service serviceaccount envoyfilter.networking.istio.io virtualservice.networking.istio.io \
    wasmplugin.extensions.istio.io; do
    k delete "$kind" --all-namespaces --ignore-not-found --selector attache.kind/made-by >&2 || true
  done
  k delete namespace --ignore-not-found --selector attache.kind/made-by >&2
}

# gather FILE COMMAND...: what a command says, whether it succeeds or not.
gather() {
  local file=$LOGS/$1
  shift
  "$@" >"$file" 2>&1 || true
}

# Gathers what there is to know into a folder. No secret is among it.
logs() {
  need_tool kubectl
  LOGS=${1:-$(mktemp -d "${TMPDIR:-/tmp}/attache-kind-logs.XXXXXX")}
  mkdir -p "$LOGS"
  gather pods.txt k get pods --all-namespaces -o wide
  gather events.txt k get events --all-namespaces --sort-by=.lastTimestamp
  gather nodes.txt k describe nodes
  gather plugins.yaml k get wasmplugin.extensions.istio.io --all-namespaces -o yaml
  gather routes.yaml k get virtualservice.networking.istio.io --all-namespaces -o yaml
  local namespace pod container
  for namespace in istio-system shop billing outside tyk auth; do
    for pod in $(k -n "$namespace" get pods -o name 2>/dev/null); do
      pod=${pod#pod/}
      gather "$namespace.$pod.describe.txt" k -n "$namespace" describe pod "$pod"
      for container in $(k -n "$namespace" get pod "$pod" -o 'jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}' 2>/dev/null); do
        gather "$namespace.$pod.$container.log" k -n "$namespace" logs "$pod" -c "$container" --tail=5000
      done
    done
  done
  for pod in $(k -n shop get pods -o name 2>/dev/null); do
    gather "shop.${pod#pod/}.envoy.json" k -n shop exec "$pod" -c istio-proxy -- pilot-agent request GET 'config_dump?mask=dynamic_listeners'
    gather "shop.${pod#pod/}.stats.txt" k -n shop exec "$pod" -c istio-proxy -- pilot-agent request GET 'stats?usedonly'
  done
  printf '%s\n' "$LOGS"
}
