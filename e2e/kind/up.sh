# shellcheck shell=bash
# scripts/kind up: what is missing is made, what is there is left or brought up to date. Sourced, not run.

up() {
  need_tool docker kubectl
  if [ "$OWN_CLUSTER" = yes ]; then need_tool kind; fi
  need_cargo
  need_python
  cluster_up
  if ! skipped istio; then istio_up; fi
  if [ -z "${REGISTRY:-}" ] && ! skipped registry; then registry_up; fi
  if ! skipped samples; then samples_up; fi
  if ! skipped tyk; then tyk_up; fi
  if ! skipped keycloak; then keycloak_up; fi
  say_step "up: scripts/kind test"
}

cluster_up() {
  if [ "$OWN_CLUSTER" = no ]; then
    k version >/dev/null 2>&1 || die "the cluster of context \`$CONTEXT\` does not answer" "see kubectl config get-contexts"
    return
  fi
  docker info >/dev/null 2>&1 || die "Docker does not answer" "start it, or name a cluster with --context"
  if ! has_cluster; then
    say_step "a cluster: $KIND_CLUSTER"
    local options=(--name "$KIND_CLUSTER" --image "$KIND_NODE_IMAGE" --wait "$WAIT")
    if [ -n "${KIND_CONFIG:-}" ]; then options+=(--config "$KIND_CONFIG"); fi
    kind create cluster "${options[@]}" >&2 || die "kind could not make a cluster" "see above; scripts/kind down removes what is left"
  fi
  k wait node --all --for=condition=Ready --timeout="$WAIT" >&2 || die "the cluster's node does not get ready"
}

# chart NAME FOLDER: the arguments that name a chart to helm: as published, or FOLDER of Istio's own tree.
chart() {
  case $ISTIO_CHARTS in
    https://* | http://*) printf '%s\n' "$1" --repo "$ISTIO_CHARTS" --version "$ISTIO_VERSION" ;;
    oci://*) printf '%s\n' "$ISTIO_CHARTS/$1" --version "$ISTIO_VERSION" ;;
    *)
      if [ -d "$ISTIO_CHARTS/$1" ]; then printf '%s\n' "$ISTIO_CHARTS/$1"
      elif [ -d "$ISTIO_CHARTS/$2" ]; then printf '%s\n' "$ISTIO_CHARTS/$2"
      else die "ISTIO_CHARTS: there is no chart \`$1\` in \`$ISTIO_CHARTS\`" "name the folder that holds base and istiod"
      fi
      ;;
  esac
}

istio_up() {
  need_tool helm
  say_step "Istio $ISTIO_TAG"
  bring "$ISTIO_HUB/pilot:$ISTIO_TAG" "$ISTIO_HUB/proxyv2:$ISTIO_TAG"
  namespace istio-system
  local base istiod values=() file
  base=$(chart base base) || exit 1
  istiod=$(chart istiod istio-control/istio-discovery) || exit 1
  for file in ${ISTIO_VALUES//,/ }; do values+=(--values "$file"); done
  local helm=(helm --kube-context "$CONTEXT" --namespace istio-system upgrade --install --wait --timeout "$WAIT")
  # What a chart is named by is several words.
  # shellcheck disable=SC2086
  "${helm[@]}" istio-base $base >&2 || die "Istio's CRDs could not be installed"
  # shellcheck disable=SC2086
  "${helm[@]}" istiod $istiod --set global.hub="$ISTIO_HUB" --set global.tag="$ISTIO_TAG" \
    --values "$KIND_FOLDER/istio-values.yaml" ${values[@]+"${values[@]}"} >&2 ||
    { rolled_out istio-system deployment/istiod; die "istiod could not be installed"; }
}

# The registry runs beside the nodes, in their network, and is a service of the cluster by its address.
registry_up() {
  say_step "a registry: localhost:$REGISTRY_PORT"
  local network=kind address
  if [ "$(docker inspect --format '{{.State.Running}}' "$REGISTRY_CONTAINER" 2>/dev/null)" != true ]; then
    # One of ours that stopped; a stranger of that name stays, and Docker says so.
    if registry_is_ours; then docker rm --force "$REGISTRY_CONTAINER" >&2; fi
    docker run --detach --restart unless-stopped --name "$REGISTRY_CONTAINER" --network "$network" \
      --label "$MARK" --publish "127.0.0.1:$REGISTRY_PORT:5000" "$REGISTRY_IMAGE" >&2 || die "the registry does not start"
  fi
  address=$(docker inspect --format "{{(index .NetworkSettings.Networks \"$network\").IPAddress}}" "$REGISTRY_CONTAINER")
  namespace attache-registry
  sed "s/REGISTRY_ADDRESS/$address/" "$MANIFESTS/registry.yaml" | k apply -f - >&2
}

# push_module MODULE REPOSITORY: pushes a module as the image that is released, and prints its digest.
push_module() {
  local folder status=0 options=()
  # In the cluster and from here it is one registry, and speaks the same.
  if [ -n "${REGISTRY_INSECURE:-}" ]; then options+=(--plain-http); fi
  folder=$(mktemp -d)
  "$ROOT/scripts/package" filter --file "$1" --no-sbom --layout "$folder/oci" ${options[@]+"${options[@]}"} \
    "${REGISTRY:-localhost:$REGISTRY_PORT}/$2" || status=$?
  rm -rf "$folder"
  return "$status"
}

# images: sets MODULE_URL, PREVIOUS_URL and SAMPLE_IMAGE, pushing what the registry lacks.
images() {
  local module=${ATTACHE_MODULE:-$ROOT/dist/plugin.wasm} previous=${ATTACHE_PREVIOUS_MODULE:-} digest folder seen
  seen=${REGISTRY:-$REGISTRY_IN_CLUSTER}
  if [ -z "${ATTACHE_MODULE:-}" ]; then "$ROOT/scripts/build"; fi
  [ -f "$module" ] || die "ATTACHE_MODULE: there is no \`$module\`"
  digest=$(push_module "$module" attache/filter:kind)
  [ -n "$digest" ] || die "the module could not be pushed" "is the registry there? scripts/kind logs"
  MODULE_URL=oci://$seen/attache/filter@$digest
  folder=$(mktemp -d)
  if [ -z "$previous" ]; then
    # No release to come from was named: the same module, made another by a custom section that nothing reads.
    previous=$folder/previous.wasm
    cp "$module" "$previous"
    printf '\000\011\010previous' >>"$previous"
  fi
  digest=$(push_module "$previous" attache/filter:kind-previous)
  rm -rf "$folder"
  [ -n "$digest" ] || die "the previous module could not be pushed"
  PREVIOUS_URL=oci://$seen/attache/filter@$digest
  SAMPLE_IMAGE=$(own_image attache-sample --sample)
}

samples_up() {
  say_step "three services and a caller"
  images
  namespace shop istio-injection=enabled
  namespace billing istio-injection=enabled
  namespace outside
  local manifest
  for manifest in access-log services outside; do
    sed "s#SAMPLE_IMAGE#$SAMPLE_IMAGE#; s#INSECURE_REGISTRY#${REGISTRY_INSECURE:-$REGISTRY_IN_CLUSTER}#" \
      "$MANIFESTS/$manifest.yaml" | k apply -f - >&2
  done
  rolled_out shop deployment/orders deployment/billing deployment/catalog
  k -n outside wait pod/caller --for=condition=Ready --timeout="$WAIT" >&2 || die "the caller does not get ready"
  sed "s#MODULE_URL#$MODULE_URL#" "$MANIFESTS/attache.yaml" | k apply -f - >&2
  samples_ask_for_tokens
}

# A sidecar that has no module, or no good configuration, is Ready too and refuses everything: so each sample is asked for
# what needs a token, through the API server, until it says 401.
samples_ask_for_tokens() {
  local sample answer seconds=${WAIT%s}
  case $seconds in *[!0-9]*) seconds=300 ;; esac
  for sample in orders:8080/proxy/orders billing:8080/proxy/invoices catalog:8080/proxy/none; do
    SECONDS=0
    until answer=$(k get --raw "/api/v1/namespaces/shop/services/$sample" 2>&1); [[ $answer == *'provide credentials'* ]]; do
      if [ "$SECONDS" -ge "$seconds" ]; then
        die "${sample%%:*} in shop does not ask for a token, but says: $answer" "scripts/kind logs gathers all that is known"
      fi
      sleep 1
    done
  done
}

tyk_up() {
  say_step "Tyk, Redis and the issuer"
  local issuer
  issuer=$(own_image attache-issuer --issuer)
  bring "$TYK_IMAGE" "$REDIS_IMAGE"
  namespace tyk istio-injection=enabled
  have openssl || die "\`openssl\` is not on the path" "it makes the issuer's key"
  if ! k -n tyk get secret tyk-secrets >/dev/null 2>&1; then
    # By standard input, since anybody on this machine sees a command line.
    printf '%s=%s\n' api-secret "$(openssl rand -hex 32)" redis-password "$(openssl rand -hex 32)" |
      k -n tyk create secret generic tyk-secrets --from-env-file=/dev/stdin >&2
  fi
  if ! k -n tyk get secret issuer-keys >/dev/null 2>&1; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null |
      k -n tyk create secret generic issuer-keys --from-file=first.pem=/dev/stdin >&2
  fi
  kubectl kustomize --load-restrictor LoadRestrictionsNone "$KIND_FOLDER/tyk" |
    sed "s#image: attache-issuer\$#image: $issuer#
      s#image: docker.io/tykio/tyk-gateway:.*#image: $TYK_IMAGE#
      s#image: docker.io/library/redis:.*#image: $REDIS_IMAGE#" | k apply -f - >&2
  rolled_out tyk statefulset/redis deployment/attache-issuer deployment/tyk-gateway
  routes_up
}

# The mesh's routes for what Tyk sends, from the definitions that Tyk was given. What can't be a route is told.
routes_up() {
  local tool routes
  say_step "routes for what Tyk sends"
  tool=$(build_program attache-cli attache)
  routes=$("$tool" tyk routes "$ROOT/tyk/deploy/config/orders.json" "$KIND_FOLDER/tyk/open-orders.json" \
    --conf "$KIND_FOLDER/tyk/tyk.conf") || die "no routes could be made of Tyk's definitions"
  sed -n 's/^# //p' <<<"$routes" >&2
  k apply -f - <<<"$routes" >&2 || die "the cluster does not take the routes of Tyk's definitions"
  k label --overwrite -f - "$MARK" <<<"$routes" >&2
}

keycloak_up() {
  say_step "Keycloak"
  bring "$KEYCLOAK_IMAGE"
  namespace auth istio-injection=enabled
  sed "s#KEYCLOAK_IMAGE#$KEYCLOAK_IMAGE#" "$MANIFESTS/keycloak.yaml" | k apply -f - >&2
  k apply -f "$ROOT/istio/keys-mesh-provider.yaml" >&2
  rolled_out auth deployment/keycloak
}
