{{- /* The variables of the chart and those of `settings`; one of `extraEnv` replaces them. */}}
{{- define "backstage-oidc-helper.env" -}}
{{- $folder := include "backstage-oidc-helper.folder" . }}
{{- $own := dict "CONFIG_FILE" (printf "%s/configuration/clusters.toml" $folder) "TOKEN_ENCRYPTION_KEYS_FILE" (printf "%s/secrets/encryption-keys" $folder) }}
{{- if .Values.redis.existingSecret }}
{{- $_ := set $own "REDIS_URL_FILE" (printf "%s/secrets/redis-url" $folder) }}
{{- else }}
{{- $_ := set $own "STORE_FILE" "/var/lib/backstage-oidc-helper/store/logins.db" }}
{{- end }}
{{- if .Values.tls.existingSecret }}
{{- $_ := set $own "TLS_CERT_FILE" (printf "%s/secrets/tls.crt" $folder) }}
{{- $_ := set $own "TLS_KEY_FILE" (printf "%s/secrets/tls.key" $folder) }}
{{- end }}
{{- with include "backstage-oidc-helper.certificates" (dict "given" .Values.ca "name" "ca.pem") }}
{{- $_ := set $own "CA_FILE" . }}
{{- end }}
{{- range $key, $value := .Values.settings }}
{{- if include "backstage-oidc-helper.isSet" $value }}
{{- $_ := set $own (snakecase $key | upper) (include "backstage-oidc-helper.written" $value) }}
{{- end }}
{{- end }}
{{- $env := list }}
{{- range $name, $value := $own }}
{{- $env = append $env (dict "name" $name "value" $value) }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $replaced := .name }}
{{- $kept := list }}
{{- range $env }}
{{- if ne .name $replaced }}
{{- $kept = append $kept . }}
{{- end }}
{{- end }}
{{- $env = append $kept . }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{- /* What the container of a pod and that of `helm test` have in common. */}}
{{- define "backstage-oidc-helper.container" -}}
image: {{ include "backstage-oidc-helper.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
env:
  {{- include "backstage-oidc-helper.env" . | nindent 2 }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{- define "backstage-oidc-helper.mounts" -}}
- name: configuration
  mountPath: {{ include "backstage-oidc-helper.folder" . }}/configuration
  readOnly: true
- name: secrets
  mountPath: {{ include "backstage-oidc-helper.folder" . }}/secrets
  readOnly: true
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.volumes" -}}
- name: configuration
  projected:
    sources:
      {{- include "backstage-oidc-helper.configurationSources" . | nindent 6 }}
- name: secrets
  projected:
    defaultMode: 0400
    sources:
      {{- include "backstage-oidc-helper.secretSources" . | nindent 6 }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* How and where pods run. */}}
{{- define "backstage-oidc-helper.placement" -}}
serviceAccountName: {{ include "backstage-oidc-helper.serviceAccountName" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "priorityClassName" "hostAliases" }}
{{- with get $.Values $key }}
{{ $key }}: {{- kindIs "string" . | ternary (printf " %q" .) (toYaml . | nindent 2) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "backstage-oidc-helper.probe" -}}
httpGet:
  path: {{ .path }}
  port: control
{{ toYaml .probe }}
{{- end }}

{{- /* The template of the Deployment and of the StatefulSet. */}}
{{- define "backstage-oidc-helper.pod" -}}
metadata:
  annotations:
    # A changed configuration is a new pod. Secrets have none: they are not the chart's.
    checksum/configuration: {{ include "backstage-oidc-helper.configuration" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "backstage-oidc-helper.selectorLabels" . | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "backstage-oidc-helper.placement" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if .Values.redis.existingSecret }}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels:
                {{- include "backstage-oidc-helper.selectorLabels" . | nindent 16 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: backend
      args: [backend]
      {{- include "backstage-oidc-helper.container" . | nindent 6 }}
      ports:
        - name: api
          containerPort: 7008
        - name: control
          containerPort: 9090
      startupProbe:
        {{- include "backstage-oidc-helper.probe" (dict "path" "/healthz" "probe" .Values.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "backstage-oidc-helper.probe" (dict "path" "/healthz" "probe" .Values.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "backstage-oidc-helper.probe" (dict "path" "/readyz" "probe" .Values.readinessProbe) | nindent 8 }}
      volumeMounts:
        {{- include "backstage-oidc-helper.mounts" . | nindent 8 }}
        {{- if not .Values.redis.existingSecret }}
        - name: store
          mountPath: /var/lib/backstage-oidc-helper
        {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "backstage-oidc-helper.volumes" . | nindent 4 }}
    {{- with .Values.store.existingClaim }}
    {{- if not $.Values.redis.existingSecret }}
    - name: store
      persistentVolumeClaim:
        claimName: {{ . | quote }}
    {{- end }}
    {{- end }}
{{- end }}
