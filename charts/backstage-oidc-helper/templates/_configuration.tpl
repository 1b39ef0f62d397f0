{{- /* A value of TOML or of a variable: lists are written with commas. */}}
{{- define "backstage-oidc-helper.written" -}}
{{- if kindIs "slice" . }}{{ join "," . }}
{{- else if kindIs "float64" . }}{{ int64 . }}
{{- else }}{{ toString . }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.isSet" -}}
{{- if not (or (kindIs "invalid" .) (eq (include "backstage-oidc-helper.written" .) "")) }}true{{ end }}
{{- end }}

{{- define "backstage-oidc-helper.folder" -}}
/etc/backstage-oidc-helper
{{- end }}

{{- /* Where certificates of `name` are, if they are given. */}}
{{- define "backstage-oidc-helper.certificates" -}}
{{- $given := .given | default dict }}
{{- if or $given.pem $given.configMap $given.secret }}{{ include "backstage-oidc-helper.folder" . }}/{{ empty $given.secret | ternary "configuration" "secrets" }}/{{ .name }}{{ end }}
{{- end }}

{{- define "backstage-oidc-helper.clusters.toml" -}}
# Generated from the values of the chart.
{{- $files := dict "clientSecret" "oidc_client_secret_file" "privateKey" "oidc_private_key_file" }}
{{- range $name, $cluster := .Values.clusters }}

[[clusters]]
cluster_name = {{ $name | toRawJson }}
{{- range $key, $value := $cluster }}
{{- if hasKey $files $key }}
{{ get $files $key }} = {{ printf "%s/secrets/%s-%s" (include "backstage-oidc-helper.folder" $) $name (kebabcase $key) | toRawJson }}
{{- else if eq $key "kubernetesCa" }}
{{- with include "backstage-oidc-helper.certificates" (dict "given" $value "name" (printf "%s-ca.pem" $name)) }}
kubernetes_ca_file = {{ toRawJson . }}
{{- end }}
{{- else if include "backstage-oidc-helper.isSet" $value }}
{{ snakecase $key }} = {{ include "backstage-oidc-helper.written" $value | toRawJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.configuration" -}}
clusters.toml: |
  {{- include "backstage-oidc-helper.clusters.toml" . | nindent 2 }}
{{- with .Values.ca.pem }}
ca.pem: |
  {{- trim . | nindent 2 }}
{{- end }}
{{- range $name, $cluster := .Values.clusters }}
{{- with ($cluster.kubernetesCa | default dict).pem }}
{{ $name }}-ca.pem: |
  {{- trim . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* One key of a Secret or ConfigMap as a file. */}}
{{- define "backstage-oidc-helper.source" -}}
- {{ .kind }}:
    name: {{ .from.name | quote }}
    items:
      - key: {{ .from.key | quote }}
        path: {{ .path }}
{{- end }}

{{- define "backstage-oidc-helper.configurationSources" -}}
- configMap:
    name: {{ include "backstage-oidc-helper.fullname" . }}
{{- with .Values.ca.configMap }}
{{ include "backstage-oidc-helper.source" (dict "kind" "configMap" "from" . "path" "ca.pem") }}
{{- end }}
{{- range $name, $cluster := .Values.clusters }}
{{- with ($cluster.kubernetesCa | default dict).configMap }}
{{ include "backstage-oidc-helper.source" (dict "kind" "configMap" "from" . "path" (printf "%s-ca.pem" $name)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.secretSources" -}}
{{ include "backstage-oidc-helper.source" (dict "kind" "secret" "from" (dict "name" .Values.encryptionKeys.existingSecret "key" .Values.encryptionKeys.key) "path" "encryption-keys") }}
{{- with .Values.redis.existingSecret }}
{{ include "backstage-oidc-helper.source" (dict "kind" "secret" "from" (dict "name" . "key" $.Values.redis.key) "path" "redis-url") }}
{{- end }}
{{- with .Values.tls.existingSecret }}
- secret:
    name: {{ . | quote }}
    items:
      - key: tls.crt
        path: tls.crt
      - key: tls.key
        path: tls.key
{{- end }}
{{- with .Values.ca.secret }}
{{ include "backstage-oidc-helper.source" (dict "kind" "secret" "from" . "path" "ca.pem") }}
{{- end }}
{{- range $name, $cluster := .Values.clusters }}
{{- with ($cluster.kubernetesCa | default dict).secret }}
{{ include "backstage-oidc-helper.source" (dict "kind" "secret" "from" . "path" (printf "%s-ca.pem" $name)) }}
{{- end }}
{{- range $key := list "clientSecret" "privateKey" }}
{{- with get $cluster $key }}
{{ include "backstage-oidc-helper.source" (dict "kind" "secret" "from" . "path" (printf "%s-%s" $name (kebabcase $key))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
