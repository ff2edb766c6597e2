{{- define "caco.name" -}}
{{- ternary .Release.Name (printf "%s-caco" .Release.Name) (contains "caco" .Release.Name) | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "caco.labels" -}}
app.kubernetes.io/name: caco
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "caco.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- define "caco.secure" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* What every pod has that reads and writes the store. */}}
{{- define "caco.env" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secret }}
      key: {{ .Values.database.key }}
- name: CACO_HOME
  value: /data
- name: CACO_FLEET
  value: kubernetes
- name: CACO_DRY_RUN
  value: {{ .Values.dryRun | quote }}
- name: CACO_KUBERNETES_HOME
  value: {{ .Release.Namespace }}
{{- with .Values.namespaces }}
- name: CACO_KUBERNETES_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "caco.envFrom" -}}
{{- with .Values.settingsFrom }}
envFrom:
{{- range . }}
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* A home of the pod's own with the ledger's keys, readable by nobody else: whoever signs keeps beside them what it has signed last. */}}
{{- define "caco.keys" -}}
- name: keys
  {{- include "caco.image" . | nindent 2 }}
  command: [sh, -c, "umask 077 && mkdir -p /data/keys && cp /keys/* /data/keys/ && chmod 600 /data/keys/*"]
  {{- include "caco.secure" . | nindent 2 }}
  volumeMounts:
    - { name: home, mountPath: /data }
    - { name: keys, mountPath: /keys, readOnly: true }
{{- end }}

{{- define "caco.mounts" -}}
- { name: home, mountPath: /data }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "caco.volumes" -}}
- name: home
  emptyDir: {}
- name: tmp
  emptyDir: {}
- name: keys
  secret:
    secretName: {{ .Values.ledger.keys }}
{{- end }}

{{- define "caco.where" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
