# shellcheck shell=bash
# scripts/kind install: a release into the harness's registry, and from there onto the cluster. Sourced, not run.

install_release() {
  need_tool docker kubectl
  need_cargo
  need_python
  local folder here seen=${REGISTRY:-$REGISTRY_IN_CLUSTER}/release insecure=${REGISTRY_INSECURE:-}
  here=${REGISTRY:-localhost:$REGISTRY_PORT}/release
  [ -z "${REGISTRY:-}" ] || [ -z "$insecure" ] || die "\`install\` needs a registry that speaks TLS" "leave out REGISTRY_INSECURE"
  if [ -z "${REGISTRY:-}" ]; then insecure=$REGISTRY_IN_CLUSTER; fi
  k get crd wasmplugins.extensions.istio.io >/dev/null 2>&1 || die "there is no Istio in \`$CONTEXT\`" "run scripts/kind up first"
  folder=$(mktemp -d)
  # Of this process, which ends with it.
  # shellcheck disable=SC2064
  trap "rm -rf '$folder'" EXIT
  say_step "a release, to $here"
  COSIGN=$("$ROOT/scripts/go-tool" cosign) || die "cosign can't be built here" "the reason is above"
  export COSIGN_PASSWORD=
  "$COSIGN" generate-key-pair --output-key-prefix "$folder/key" >/dev/null 2>&1 || die "cosign made no key"
  "$ROOT/scripts/release" --to "$here" --key "$folder/key"
  SAMPLE_IMAGE=$(own_image attache-sample --sample)
  if [ "$OWN_CLUSTER" = yes ]; then load_issuer "$here" "$seen"; fi
  say_step "onto $CONTEXT, from $seen"
  "$ROOT/scripts/test-install" --from "$here" --key "$folder/key.pub" --context "$CONTEXT" --seen-as "$seen" \
    --sample "$SAMPLE_IMAGE" ${insecure:+--insecure-registry "$insecure"}
}

# load_issuer HERE SEEN: nodes don't know the registry's name in the cluster, so the image is handed to them under it, by its
# digest: as it is in the registry, byte for byte.
load_issuer() {
  local crane node digest layout
  crane=$("$ROOT/scripts/go-tool" crane)
  digest=$(sed -n "s#^$1/issuer@##p" "$ROOT/dist/release/digests.txt")
  layout=$(mktemp -d)
  "$crane" pull --format oci "$1/issuer@$digest" "$layout" || die "the issuer can't be pulled from \`$1\`"
  for node in $(kind get nodes --name "$KIND_CLUSTER"); do
    tar --create --directory "$layout" . |
      docker exec --interactive "$node" ctr --namespace k8s.io images import --base-name "$2/issuer" --digests - >&2 ||
      die "the issuer can't be loaded into $node"
    docker exec "$node" ctr --namespace k8s.io images list --quiet | grep -qx "$2/issuer@$digest" ||
      die "$node does not have \`$2/issuer@$digest\`"
  done
  rm -rf "$layout"
}
