{{- /* What would not work, or not safely: each is one sentence that says what to do. */}}
{{- define "backstage-oidc-helper.refusals" -}}
{{- $values := .Values }}
{{- if not $values.encryptionKeys.existingSecret }}
{{- fail "encryptionKeys.existingSecret is not set, and logins are only kept sealed: make a Secret with what `backstage-oidc-helper config generate-key` prints, and name it there." }}
{{- end }}
{{- if not $values.redis.existingSecret }}
{{- if gt (include "backstage-oidc-helper.replicas" . | int) 1 }}
{{- fail "replicaCount is more than 1 without Redis, and pods share logins through Redis alone: set redis.existingSecret, or replicaCount to 1." }}
{{- end }}
{{- if $values.autoscaling.enabled }}
{{- fail "autoscaling is enabled without Redis, and pods share logins through Redis alone: set redis.existingSecret, or autoscaling.enabled to false." }}
{{- end }}
{{- end }}
{{- if not $values.settings.backstageUrl }}
{{- fail "settings.backstageUrl is not set: set it to where the pods reach Backstage's API, such as https://backstage.example.com." }}
{{- end }}
{{- if not $values.clusters }}
{{- fail "clusters is empty: add a cluster with its oidcIssuerUrl and oidcClientId, or have `backstage-oidc-helper config from-kubeconfig --helm` write them." }}
{{- end }}
{{- range $values.extraEnv }}
{{- if and (has .name (list "TOKEN_ENCRYPTION_KEYS" "REDIS_URL" "OIDC_CLIENT_SECRET")) (hasKey . "value") }}
{{- fail (printf "extraEnv has %s in the clear: name its Secret in encryptionKeys, redis, or clientSecret of the cluster." .name) }}
{{- end }}
{{- end }}
{{- range $name, $exposed := dict "ingress" $values.ingress "httpRoute" $values.httpRoute }}
{{- if $exposed.enabled }}
{{- if not $values.settings.trustedProxies }}
{{- fail (printf "%s is enabled without settings.trustedProxies, and all requests would seem to come from one address: set it to the networks of the proxies in front, such as [10.0.0.0/8]." $name) }}
{{- end }}
{{- $hosts := ternary "hosts" "hostnames" (eq $name "ingress") }}
{{- if not (get $exposed $hosts) }}
{{- fail (printf "%s.%s is empty, and the path would be served on every host: set it to Backstage's." $name $hosts) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $values.httpRoute.enabled (not $values.httpRoute.parentRefs) }}
{{- fail "httpRoute.parentRefs is empty, so no gateway would take the route: name the gateway." }}
{{- end }}
{{- with $values.networkPolicy }}
{{- if and .enabled (not .apiFrom) }}
{{- fail "networkPolicy.apiFrom is empty, so no pod could call the API: name Backstage's pods, and those of the ingress controller." }}
{{- end }}
{{- if and .enabled (not .identityProviders.cidrs) }}
{{- fail "networkPolicy.identityProviders.cidrs is empty, so no login could end: set it to their networks, or to [0.0.0.0/0]." }}
{{- end }}
{{- range $name, $cluster := $values.clusters }}
{{- if and $values.networkPolicy.enabled $cluster.kubernetesApiUrl (not $values.networkPolicy.kubernetesApis.cidrs) (not $values.networkPolicy.extraEgress) }}
{{- fail (printf "networkPolicy.kubernetesApis.cidrs is empty, so the API of %s could not be reached: set it to the networks of the clusters' API servers." $name) }}
{{- end }}
{{- end }}
{{- if and .enabled $values.redis.existingSecret (not .redis.to) }}
{{- fail "networkPolicy.redis.to is empty, so Redis could not be reached: name its pods or its networks." }}
{{- end }}
{{- end }}
{{- end }}
