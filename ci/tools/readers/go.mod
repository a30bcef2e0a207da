module github.com/portolan-charts/portolan/ci/tools/readers

go 1.26.0

require gopkg.in/yaml.v2 v2.4.0
