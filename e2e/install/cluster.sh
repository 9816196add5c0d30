# shellcheck shell=bash
# The half of scripts/test-install that needs a cluster with Istio. Sourced, not run. It makes two namespaces of its own,
# and takes them away again.

# Not those of scripts/kind, which may be there too. README's values are told of them.
readonly SHOP=attache-install-shop TYK=attache-install-tyk
# A slow machine needs more.
WAIT=${ATTACHE_KIND_WAIT:-300s}
# What comes and goes by itself, or is a record of what happened.
readonly RESTLESS='^(events|events\.events\.k8s\.io|leases\.coordination\.k8s\.io|componentstatuses|certificatesigningrequests\.certificates\.k8s\.io|.*\.metrics\.k8s\.io)$'

k() { kubectl --context "$context" "$@"; }
h() { "$HELM" --kube-context "$context" "$@"; }

install_on_cluster() {
  local issuer kid reader stranger before after image=()
  have kubectl || die "kubectl is not on the path"
  [ -n "$sample" ] || die "what shall answer? the image of attache-sample: --sample IMAGE" "scripts/kind install names one"
  k get crd wasmplugins.extensions.istio.io >/dev/null || die "the cluster of context \`$context\` has no Istio, or does not answer"
  trap 'clear_cluster; rm -rf "$WORK"' EXIT
  clear_cluster
  prepare_cluster
  issuer=http://attache-issuer.$TYK.svc.cluster.local:8080
  before=$(left_in_cluster)

  say "== helm install, from $from"
  if [ -n "$seen_as" ]; then image=(--set "image.repository=$seen_as/issuer"); fi
  h install attache-issuer "$WORK/attache-issuer.tgz" --namespace "$TYK" --values <(of_namespaces attache-issuer) \
    "${image[@]}" --wait --timeout "$WAIT" >&2 || { explain "$TYK"; die "the issuer does not get ready"; }
  if [ -n "$seen_as" ]; then image=(--set "image.repository=$seen_as/filter"); fi
  h install attache "$WORK/attache.tgz" --namespace "$SHOP" --values <(of_namespaces attache) "${image[@]}" >&2 ||
    die "the filter can't be installed"

  forward
  kid=$(ask "$(address "$TYK" attache-issuer)" "attache-issuer.$TYK.svc.cluster.local:8080" /jwks.json |
    python3 -c 'import json, sys; print(json.loads(sys.stdin.read().split("\n", 1)[1])["keys"][0]["kid"])') ||
    { explain "$TYK"; die "the issuer publishes no key"; }
  reader=$("$ROOT/e2e/install/token" "$WORK/key.pem" "$kid" "$issuer" reader)
  stranger=$("$ROOT/e2e/install/token" "$WORK/key.pem" "$kid" "$issuer" guest)
  answers 'without a token' 401
  answers 'a reader'\''s token' 200 "$reader"
  answers 'a token without the role' 403 "$stranger"

  say "== helm uninstall"
  h uninstall attache --namespace "$SHOP" --wait --timeout "$WAIT" >&2
  answers 'without the filter' 200
  h uninstall attache-issuer --namespace "$TYK" --wait --timeout "$WAIT" >&2
  until_equal "$before"
  after=$(made_by_our_releases)
  [ -z "$after" ] || die "this is left of the charts: $after"
  say "installed, 401, 200 and 403, uninstalled: nothing is left"
}

# made_by_our_releases: objects anywhere that Helm made for a release of our namespaces.
made_by_our_releases() {
  k get "$(kinds --namespaced=true),$(kinds --namespaced=false)" --all-namespaces --ignore-not-found --output json \
    --selector app.kubernetes.io/managed-by=Helm 2>/dev/null | python3 -c '
import json, sys
for each in json.load(sys.stdin).get("items", []):
    about = each["metadata"]
    if about.get("annotations", {}).get("meta.helm.sh/release-namespace") in sys.argv[1:]:
        print(each["kind"], about.get("namespace", ""), about["name"])' "$SHOP" "$TYK"
}

# of_namespaces CHART: README's values, for the namespaces of this test.
of_namespaces() { sed "s/attache-issuer\.tyk\.svc/attache-issuer.$TYK.svc/g" "$WORK/$1.values.yaml"; }

prepare_cluster() {
  local namespace
  for namespace in "$SHOP" "$TYK"; do
    k create namespace "$namespace" >&2
    k label namespace "$namespace" istio-injection=enabled attache.kind/made-by=test >&2
  done
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/key.pem" 2>/dev/null
  k -n "$TYK" create secret generic issuer-keys --from-file=first.pem="$WORK/key.pem" >&2
  sed "s#SAMPLE_IMAGE#$sample#; s#INSECURE_REGISTRY#${insecure:-none.invalid}#" "$ROOT/e2e/install/manifests.yaml" |
    k -n "$SHOP" apply -f - >&2
  k -n "$SHOP" rollout status deployment/orders --timeout "$WAIT" >&2 || { explain "$SHOP"; die "the service does not get ready"; }
  k -n "$SHOP" wait pod/caller --for=condition=Ready --timeout "$WAIT" >&2 || { explain "$SHOP"; die "the caller does not get ready"; }
}

clear_cluster() {
  if [ -n "${FORWARD:-}" ]; then kill "$FORWARD" 2>/dev/null || true; fi
  FORWARD=
  k delete namespace "$SHOP" "$TYK" --ignore-not-found --timeout "$WAIT" >&2 || true
}

# forward: sets RELAY, the port on this machine that leads to the caller.
forward() {
  : >"$WORK/forward"
  k -n "$SHOP" port-forward pod/caller :8081 >"$WORK/forward" 2>&1 &
  FORWARD=$!
  RELAY=$(first_line_with "$WORK/forward" 'Forwarding from 127.0.0.1:' "$FORWARD" | sed 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/') ||
    { cat "$WORK/forward" >&2; die "there is no way to the caller"; }
}

# address NAMESPACE SERVICE: where it is found in the cluster, on port 8080.
address() { printf '%s:8080\n' "$(k -n "$1" get service "$2" -o 'jsonpath={.spec.clusterIP}')"; }

# ask ADDRESS HOST PATH [TOKEN]
ask() { "$ROOT/e2e/install/ask" "$RELAY" "$@"; }

# answers TITLE STATUS [TOKEN]: waits until /orders does, for what was applied takes a moment to reach a proxy.
answers() {
  local title=$1 status=$2 said deadline=$((SECONDS + ${WAIT%s})) orders
  shift 2
  orders=$(address "$SHOP" orders)
  while :; do
    said=$(ask "$orders" "orders.$SHOP.svc.cluster.local:8080" /orders "$@")
    if [ "$(head -n 1 <<<"$said")" = "$status" ]; then say "$title: $status"; return; fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      explain "$SHOP"
      die "$title: not $status but $said"
    fi
    sleep 0.5
  done
}

kinds() { k api-resources --verbs=list "$1" --output name 2>/dev/null | grep -vE "$RESTLESS" | sort | paste -sd , -; }

# left_in_cluster: every object of our namespaces, and every one that is in no namespace.
left_in_cluster() {
  local namespace
  for namespace in "$SHOP" "$TYK"; do
    k -n "$namespace" get "$(kinds --namespaced=true)" --ignore-not-found -o name 2>/dev/null | sed "s#^#$namespace: #" || true
  done
  # Kinds of an API server that is away are told apart by nobody.
  k get "$(kinds --namespaced=false)" --ignore-not-found -o name 2>/dev/null || true
}

# until_equal BEFORE: waits until what is there is what was there, or says what is left.
until_equal() {
  local now deadline=$((SECONDS + ${WAIT%s}))
  while :; do
    now=$(left_in_cluster)
    if [ "$(sort <<<"$now")" = "$(sort <<<"$1")" ]; then return; fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      diff <(sort <<<"$1") <(sort <<<"$now") | sed -n 's/^> /left: /p; s/^< /gone: /p' >&2
      die "helm uninstall does not leave the cluster as it was"
    fi
    sleep 1
  done
}

# explain NAMESPACE: what there is to know where something does not get ready.
explain() {
  k -n "$1" get pods -o wide >&2 || true
  k -n "$1" get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 15 >&2 || true
  k -n "$1" logs --selector app=orders --container istio-proxy --tail 20 2>/dev/null >&2 || true
}
