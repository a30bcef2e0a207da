module github.com/portolan-charts/portolan/ci/tools/readers

go 1.26.0

require (
	github.com/Masterminds/semver/v3 v3.1.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/crypto v0.0.0-20200622213623-75b288015ac9 // indirect
	gopkg.in/yaml.v2 v2.3.0 // indirect
	helm.sh/helm/v3 v3.4.2
	sigs.k8s.io/yaml v1.2.0 // indirect
)
