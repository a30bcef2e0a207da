package check

import (
	"bytes"

	"helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"
)

// This file is the only one that imports Helm. Helm's loader reads whole
// archives into memory, and logs to standard error; its few steps that
// interpret files stand here, in its order and with its types, and a
// differential test holds them to it.

// Metadata is Helm's own type for Chart.yaml.
type Metadata = chart.Metadata

// Dependency is Helm's own type for an entry of dependencies.
type Dependency = chart.Dependency

// loadMetadata reads Chart.yaml, and requirements.yaml over it, as Helm's
// loader does (pkg/chart/loader/load.go, LoadFiles).
func loadMetadata(chartYAML, requirements []byte) (*Metadata, error) {
	md := new(Metadata)
	if err := yaml.Unmarshal(chartYAML, md); err != nil {
		return nil, err
	}
	if md.APIVersion == "" {
		md.APIVersion = chart.APIVersionV1
	}
	if requirements == nil {
		return md, nil
	}
	return md, yaml.Unmarshal(requirements, md)
}

// maybeInfinite reports whether YAML may have a number that is not finite, such as .inf
// or .NaN, or a tag that can make one of other text.
func maybeInfinite(text []byte) bool {
	if bytes.IndexByte(text, '!') >= 0 {
		return true
	}
	for {
		at := bytes.IndexByte(text, '.')
		if at < 0 || len(text) < at+len(".inf") {
			return false
		}
		text = text[at+1:]
		if word := text[:len("inf")]; bytes.EqualFold(word, []byte("inf")) || bytes.EqualFold(word, []byte("nan")) {
			return true
		}
	}
}

// loadAPIVersion reads Chart.yaml, which loadMetadata could read, as Helm 4 does before
// it chooses a type for it (pkg/chart/loader/load.go, chartBase). What is not
// apiVersion has no type then, and must have a form in JSON nevertheless: only numbers
// that are not finite have a form where the type is known, and none where it is not.
func loadAPIVersion(chartYAML []byte) error {
	if !maybeInfinite(chartYAML) {
		return nil
	}
	var base struct {
		APIVersion string `json:"apiVersion,omitempty"`
	}
	return yaml.Unmarshal(chartYAML, &base)
}

// loadLock reads Chart.lock or requirements.lock as Helm's loader does.
func loadLock(data []byte) error {
	lock := new(chart.Lock)
	return yaml.Unmarshal(data, &lock)
}

// loadValues reads values.yaml as Helm 3's loader does.
func loadValues(data []byte) (map[string]any, error) {
	values := map[string]any{}
	err := yaml.Unmarshal(data, &values)
	return values, err
}

// tryValues returns the error of loadValues, without making values of what has been read.
func tryValues(data []byte) error {
	text, err := yaml.YAMLToJSON(data)
	if err == nil && (text[0] == '{' || string(text) == "null") {
		return nil
	}
	_, err = loadValues(data)
	return err
}

// helmKey returns what Helm makes of a plain YAML key: 1.10 is "1.1", and yes
// is "true".
func helmKey(text string) (string, bool) {
	m := map[string]any{}
	if yaml.Unmarshal([]byte(text+": 0\n"), &m) != nil || len(m) != 1 {
		return "", false
	}
	for key := range m {
		return key, true
	}
	return "", false
}

// loadSums reads the second part of a provenance file as Helm does
// (pkg/provenance/sign.go, SumCollection) and returns the archives' sums.
func loadSums(data []byte) (map[string]string, error) {
	var sums struct {
		Files  map[string]string `json:"files"`
		Images map[string]string `json:"images,omitempty"`
	}
	err := yaml.Unmarshal(data, &sums)
	return sums.Files, err
}
