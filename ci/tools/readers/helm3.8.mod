module github.com/portolan-charts/portolan/ci/tools/readers

go 1.26.0

require (
	github.com/Masterminds/semver/v3 v3.1.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/crypto v0.0.0-20211117183948-ae814b36b871 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
	helm.sh/helm/v3 v3.8.2
	sigs.k8s.io/yaml v1.3.0 // indirect
)
