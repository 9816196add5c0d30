# shellcheck shell=bash
# Shared by the parts of scripts/kind: options, commands to the cluster, images. Sourced, not run.

readonly PARTS="istio registry tyk keycloak samples"
readonly MARK=attache.kind/made-by=up
KIND_CLUSTER=${KIND_CLUSTER:-attache}
REGISTRY_CONTAINER=${REGISTRY_CONTAINER:-attache-registry}
REGISTRY_PORT=${REGISTRY_PORT:-5001}
# Where sidecars find the registry that `up` starts.
readonly REGISTRY_IN_CLUSTER=registry.attache-registry.svc.cluster.local:5000
# A slow machine needs more.
WAIT=${ATTACHE_KIND_WAIT:-300s}

CONTEXT='' OWN_CLUSTER=yes SKIP=''

# options ARGUMENT...: sets CONTEXT, OWN_CLUSTER and SKIP; what is left is REST.
options() {
  REST=()
  while [ $# -gt 0 ]; do
    case $1 in
      --context | --skip)
        if [ $# -lt 2 ] || [ -z "$2" ]; then die "\`$1\` needs a value" "see scripts/kind --help"; fi
        if [ "$1" = --context ]; then CONTEXT=$2 OWN_CLUSTER=no; else SKIP=$SKIP,$2; fi
        shift 2
        ;;
      --) shift; REST+=("$@"); break ;;
      -*) die "unknown option \`$1\`" "see scripts/kind --help" ;;
      *) REST+=("$1"); shift ;;
    esac
  done
  local part
  for part in ${SKIP//,/ }; do
    case " $PARTS " in
      *" $part "*) ;;
      *) die "\`$part\` can't be skipped" "the parts are: $PARTS" ;;
    esac
  done
  CONTEXT=${CONTEXT:-kind-$KIND_CLUSTER}
  if [ "$OWN_CLUSTER" = no ] && [ -z "${REGISTRY:-}" ]; then
    die "a cluster of your own needs a registry that it and this machine reach" "set REGISTRY=registry.example.com/folder"
  fi
}

skipped() {
  case ",$SKIP," in *",$1,"*) return 0 ;; *) return 1 ;; esac
}

# need_tool NAME...: programs that are nobody's package here.
need_tool() {
  local tool
  for tool in "$@"; do
    have "$tool" || die "\`$tool\` is not on the path" "e2e/kind/README.md says where to get it"
  done
}

k() { kubectl --context "$CONTEXT" "$@"; }

# say_step TEXT: what happens now, and since when.
say_step() { say "== $(date +%H:%M:%S) $*"; }

# rolled_out NAMESPACE KIND/NAME...: waits until each is as it should be, or says why it is not.
rolled_out() {
  local namespace=$1 what
  shift
  for what in "$@"; do
    if ! k -n "$namespace" rollout status "$what" --timeout="$WAIT" >&2; then
      k -n "$namespace" get pods -o wide >&2 || true
      k -n "$namespace" get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 15 >&2 || true
      die "$what in $namespace does not get ready" "scripts/kind logs gathers all that is known"
    fi
  done
}

# namespace NAME [LABEL]: made where it is missing, and only then marked as ours.
namespace() {
  if ! k get namespace "$1" >/dev/null 2>&1; then
    k create namespace "$1" >&2
    k label namespace "$1" "$MARK" >&2
  fi
  if [ $# -gt 1 ]; then k label --overwrite namespace "$1" "$2" >&2; fi
}

has_cluster() { grep -qx "$KIND_CLUSTER" <<<"$(kind get clusters 2>/dev/null)"; }

# registry_is_ours: whether `up` made the container of that name.
registry_is_ours() {
  [ "$(docker inspect --format '{{index .Config.Labels "attache.kind/made-by"}}' "$REGISTRY_CONTAINER" 2>/dev/null)" = up ]
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# bring IMAGE...: images that this machine's Docker has go into our own cluster, so that nothing need be pulled. What it
# lacks the cluster pulls.
bring() {
  [ "$OWN_CLUSTER" = yes ] || return 0
  local image
  for image in "$@"; do
    if has_image "$image" && ! in_cluster "$image"; then
      say "loading $image"
      kind load docker-image --name "$KIND_CLUSTER" "$image" >&2
    fi
  done
}

# in_cluster IMAGE: whether every node has just this image. Docker and containerd name it by the same digest: of its
# configuration, or of its manifest where Docker keeps images in containerd.
in_cluster() {
  local id node known
  id=$(docker image inspect --format '{{.Id}}' "$1")
  for node in $(kind get nodes --name "$KIND_CLUSTER"); do
    known=$(docker exec "$node" crictl inspecti -o json "$1" 2>/dev/null) ||
      known=$(docker exec "$node" sh -c "$ASK_CONTAINERD" sh "$(whole_name "$1")" 2>/dev/null) || return 1
    grep -q "$id" <<<"$known" || return 1
  done
}

# What a node without crictl tells of an image: its digest, and the manifests, which name the configuration.
# It is run there, and expands its own variables.
# shellcheck disable=SC2016
readonly ASK_CONTAINERD='
  content() { ctr --namespace k8s.io content get "$1" 2>/dev/null; }
  digest=$(ctr --namespace k8s.io images list "name==$1" | sed -n "2s/.*\(sha256:[0-9a-f]*\).*/\1/p")
  [ -n "$digest" ] || exit 1
  manifest=$(content "$digest")
  printf "%s\n" "$digest" "$manifest"
  case $manifest in
    *\"manifests\"*) for digest in $(printf %s "$manifest" | grep -o "sha256:[0-9a-f]*"); do content "$digest"; done ;;
  esac
  exit 0'

# whole_name IMAGE: the name that containerd has for what Docker may abbreviate.
whole_name() {
  case $1 in
    localhost/* | *.*/* | *:*/*) printf '%s\n' "$1" ;;
    */*) printf 'docker.io/%s\n' "$1" ;;
    *) printf 'docker.io/library/%s\n' "$1" ;;
  esac
}

# own_image NAME PART: builds an image that holds a part of scripts/build, a static program, and nothing else, brings it to
# the cluster, and prints its reference. The tag follows the content, so that a new build is a new image.
own_image() {
  local name=$1 folder tag reference
  folder=$(mktemp -d)
  "$ROOT/scripts/build" "$2" --output "$folder/$name" >&2 || { rm -rf "$folder"; return 1; }
  tag=$(sha256sum "$folder/$name" | cut -c1-16)
  reference=${REGISTRY:-attache.local}/$name:$tag
  if ! has_image "$reference"; then
    printf 'FROM scratch\nCOPY %s /%s\nENTRYPOINT ["/%s"]\n' "$name" "$name" "$name" >"$folder/Dockerfile"
    docker build --quiet --tag "$reference" "$folder" >&2 || { rm -rf "$folder"; return 1; }
  fi
  rm -rf "$folder"
  if [ "$OWN_CLUSTER" = yes ]; then bring "$reference"; else docker push --quiet "$reference" >&2; fi
  printf '%s\n' "$reference"
}
