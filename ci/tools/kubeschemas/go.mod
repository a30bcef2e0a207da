module github.com/portolan-charts/portolan/ci/tools/kubeschemas

go 1.26.0

require sigs.k8s.io/kubectl-validate v0.0.5-0.20260105161640-a97ccfaca20b
