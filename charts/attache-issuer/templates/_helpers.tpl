{{- define "issuer.name" -}}
{{- /* Helm allows more; that of a Service is a label of DNS that begins with a letter (RFC 1035). */ -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name) -}}
{{- fail (printf "the release's name `%s` can't be that of a Service: use lower-case letters, digits and hyphens, a letter first" .Release.Name) -}}
{{- end -}}
{{- .Release.Name | trunc 55 | trimSuffix "-" -}}
{{- end -}}

{{- define "issuer.labels" -}}
app.kubernetes.io/name: attache-issuer
app.kubernetes.io/instance: {{ .Release.Name | toYaml }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "issuer.selector" -}}
app: attache-issuer
app.kubernetes.io/instance: {{ .Release.Name | toYaml }}
{{- end -}}

{{- /* The configuration, with what the rest of the chart rests on. */ -}}
{{- define "issuer.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "grpc" (merge (dict "listen" "tcp://0.0.0.0:5555") (default dict $config.grpc)) -}}
{{- $_ := set $config "http" (merge (dict "listen" "0.0.0.0:8080") (default dict $config.http)) -}}
{{- if $config.mint -}}
{{- $keys := merge (dict "folder" "/keys") (default dict $config.mint.keys) -}}
{{- $_ := set $config.mint "keys" $keys -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
