{{/* The name of the chart, as a label. */}}
{{- define "operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* What every object of the release is called. 57 characters leave room for endings. */}}
{{- define "operator.fullname" -}}
{{- $name := include "operator.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 57 | trimSuffix "-" -}}
{{- end -}}

{{- define "operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "operator.fullname" .) "default") -}}
{{- end -}}

{{- define "operator.leaseName" -}}
{{- .Values.leaseName | default (include "operator.fullname" .) -}}
{{- end -}}

{{/* What the pods of the release are found by; must never change. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Every setting of the operator, as `video-pipeline-operator run --help` explains it. */}}
{{- define "operator.settings" -}}
{{- $missing := "clusterName is missing: name this Kubernetes cluster, as in --set clusterName=home. It is part of the owner tag of everything in AWS, must be unique among the clusters that use an AWS account, and must never change" -}}
{{- toYaml (dict
  "CLUSTER_NAME" (required $missing .Values.clusterName)
  "WATCH_NAMESPACES" (.Values.watchNamespaces | join ",")
  "SWEEP_PERIOD" .Values.sweepPeriod
  "AUDIT_PERIOD" .Values.auditPeriod
  "READ_LAG" .Values.readLag
  "CONCURRENCY" (.Values.concurrency | toString)
  "AWS_RATE_PERCENT" (.Values.aws.ratePercent | toString)
  "PERMISSIONS_BOUNDARY" .Values.aws.permissionsBoundary
  "IGNORED_TAGS" (.Values.aws.ignoredTags | join ",")
  "ALLOWED_REGIONS" (.Values.aws.regions | join ",")
  "ALLOWED_ROLES" (include "operator.allowedRoles" .)
  "ALLOWED_ADOPTIONS" (include "operator.allowedAdoptions" .)
  "LISTEN" (printf "%s:%v" .Values.listenAddress .Values.port)
  "LEASE_NAMESPACE" .Release.Namespace
  "LEASE_NAME" (include "operator.leaseName" .)
  "LOG_FORMAT" .Values.log.format
  "LOG_FILTER" .Values.log.filter
  "OTEL_EXPORTER_OTLP_ENDPOINT" .Values.traces.endpoint
  "AWS_ENDPOINT_URL" .Values.aws.endpointUrl
) -}}
{{- end -}}

{{/* Every namespace with every role that it may use, as --allowed-roles takes them. */}}
{{- define "operator.allowedRoles" -}}
{{- $allowed := list -}}
{{- range $account := .Values.aws.accounts -}}
{{- range $namespace := .namespaces -}}
{{- range $account.roleArns -}}
{{- $allowed = append $allowed (printf "%s=%s" $namespace .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $allowed | join ";" -}}
{{- end -}}

{{/* Every namespace with every owner whose environments it may take over, as --allowed-adoptions takes them. */}}
{{- define "operator.allowedAdoptions" -}}
{{- $allowed := list -}}
{{- range $adoption := .Values.adoptions -}}
{{- range $namespace := .namespaces -}}
{{- range $adoption.owners -}}
{{- $allowed = append $allowed (printf "%s=%s" $namespace .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $allowed | join ";" -}}
{{- end -}}

{{/* The same as environment variables, without those that are empty, unless the operator would take another value for one then; and
     the credentials. */}}
{{- define "operator.env" -}}
{{- range $name, $value := include "operator.settings" . | fromYaml }}
{{- if or $value (eq $name "IGNORED_TAGS") }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- with .Values.aws.credentialsSecret }}
{{- range $key := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.aws.credentialsSecret }}
      key: {{ $key }}
      optional: {{ eq $key "AWS_SESSION_TOKEN" }}
{{- end }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The port of a URL. */}}
{{- define "operator.portOf" -}}
{{ regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default (hasPrefix "https:" . | ternary 443 80) }}
{{- end -}}

{{/* What Pod Security `restricted` asks for: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */}}
{{- define "operator.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "operator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
