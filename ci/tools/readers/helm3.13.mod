module github.com/portolan-charts/portolan/ci/tools/readers

go 1.26.0

require (
	github.com/Masterminds/semver/v3 v3.2.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/crypto v0.14.0 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
	helm.sh/helm/v3 v3.13.3
	sigs.k8s.io/yaml v1.3.0 // indirect
)
