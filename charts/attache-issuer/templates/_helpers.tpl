{{- define "issuer.name" -}}
{{- .Release.Name | trunc 55 | trimSuffix "-" -}}
{{- end -}}

{{- define "issuer.labels" -}}
app.kubernetes.io/name: attache-issuer
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "issuer.selector" -}}
app: attache-issuer
app.kubernetes.io/instance: {{ .Release.Name }}
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
