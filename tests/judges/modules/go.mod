// The judges' sources: API schemas as their projects ship them. Nothing here is compiled; tests/judges/schema-sources.ts
// downloads exactly these versions, and Go checks them with go.sum.
module frappe-platform/tests/judges

go 1.26.4

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cloudnative-pg/cloudnative-pg v1.30.0
	github.com/mariadb-operator/mariadb-operator/v25 v25.10.4
	github.com/prometheus-operator/prometheus-operator v0.94.1
	k8s.io/api v0.33.13
	k8s.io/kubernetes v1.33.13
	sigs.k8s.io/gateway-api v1.6.3
)
