{{- define "portolan.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- if not (contains .Chart.Name .Release.Name) -}}-{{ .Chart.Name }}{{- end -}}
{{- end -}}

{{- define "portolan.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "portolan.labels" -}}
{{ include "portolan.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- define "portolan.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "portolan.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{- define "portolan.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Whether the drop area and the site are folders on a volume. */}}
{{- define "portolan.onVolume" -}}
{{- if and (not .Values.drop) (not .Values.site) -}}true{{- end -}}
{{- end -}}

{{- define "portolan.drop" -}}{{ .Values.drop | default "/data/drop" }}{{- end -}}
{{- define "portolan.site" -}}{{ .Values.site | default "/data/site" }}{{- end -}}

{{- define "portolan.mode" -}}
{{- if .Values.generator.mode -}}
{{ .Values.generator.mode }}
{{- else if include "portolan.onVolume" . -}}
shim
{{- else -}}
cronjob
{{- end -}}
{{- end -}}

{{- define "portolan.authSecret" -}}
{{- if .Values.auth.existingSecret -}}
{{ .Values.auth.existingSecret }}
{{- else if .Values.auth.content -}}
{{ include "portolan.name" . }}-auth
{{- end -}}
{{- end -}}

{{/* Settings that contradict each other, in words. */}}
{{- define "portolan.check" -}}
{{- if ne (empty .Values.drop) (empty .Values.site) -}}
{{- fail "drop and site: give both, as URLs of buckets, or neither, for folders on a volume" -}}
{{- end -}}
{{- if and .Values.shim.enabled (not (include "portolan.authSecret" .)) (not .Values.auth.anonymous) -}}
{{- fail "auth: say who may upload, with auth.existingSecret or auth.content ('portolan token new' makes the file), or let everybody with auth.anonymous=true" -}}
{{- end -}}
{{- if and .Values.shim.enabled .Values.shim.ingress.enabled (not .Values.shim.trustedProxies) -}}
{{- fail "shim.trustedProxies: an ingress hides the addresses of clients, so name the network that its controller's pods are in, such as [10.0.0.0/8]; otherwise a client that guesses passwords locks out all others" -}}
{{- end -}}
{{- if and (include "portolan.onVolume" .) (gt (int .Values.shim.replicas) 1) (not (has "ReadWriteMany" .Values.persistence.accessModes)) -}}
{{- fail "shim.replicas: several pods need buckets, or a volume with the access mode ReadWriteMany" -}}
{{- end -}}
{{- if and (eq (include "portolan.mode" .) "shim") (not .Values.shim.enabled) -}}
{{- fail "generator.mode: the shim is to publish, and shim.enabled is false" -}}
{{- end -}}
{{- end -}}

{{- define "portolan.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What all pods have in common, above their containers. */}}
{{- define "portolan.pod" -}}
serviceAccountName: {{ include "portolan.serviceAccount" . | quote }}
automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
enableServiceLinks: false # they would set PORTOLAN_PORT and more, beside portolan's own settings
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* What all containers have in common. */}}
{{- define "portolan.container" -}}
image: {{ include "portolan.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "portolan.containerSecurity" . | nindent 2 }}
{{- with .Values.env }}
env: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.envFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "portolan.mounts" -}}
- {name: config, mountPath: /etc/portolan, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if include "portolan.onVolume" . }}
- {name: data, mountPath: /data}
{{- end }}
{{- end -}}

{{- define "portolan.volumes" -}}
- name: config
  configMap: {name: {{ include "portolan.name" . }}}
{{- if include "portolan.onVolume" . }}
- name: data
  persistentVolumeClaim: {claimName: {{ .Values.persistence.existingClaim | default (include "portolan.name" .) | quote }}}
{{- end }}
{{- end -}}

{{- define "portolan.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
