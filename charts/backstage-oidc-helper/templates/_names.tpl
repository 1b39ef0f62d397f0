{{- define "backstage-oidc-helper.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* Leaves eleven characters for what objects and controllers add to it. */}}
{{- define "backstage-oidc-helper.fullname" -}}
{{- $name := include "backstage-oidc-helper.name" . }}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $whole .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "backstage-oidc-helper.serviceAccountName" -}}
{{ default (ternary (include "backstage-oidc-helper.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- /* What a selector has can never change in a release: the API server refuses it. */}}
{{- define "backstage-oidc-helper.selectorLabels" -}}
app.kubernetes.io/name: {{ include "backstage-oidc-helper.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: backend
{{- end }}

{{- define "backstage-oidc-helper.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "backstage-oidc-helper.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: backstage
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.image" -}}
{{- with .Values.image -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.replicas" -}}
{{ kindIs "invalid" .Values.replicaCount | ternary (empty .Values.redis.existingSecret | ternary 1 2) .Values.replicaCount }}
{{- end }}
