package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// kubeSchema is a schema in the OpenAPI documents of a Kubernetes version, with
// the keywords that these use.
type kubeSchema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Properties           map[string]*kubeSchema
	AdditionalProperties *kubeSchema
	Required             []string
	Items                *kubeSchema
	AllOf, OneOf         []*kubeSchema
	Kinds                []struct{ Group, Version, Kind string } `json:"x-kubernetes-group-version-kind"`
}

// kubeSchemas are those of one API version, by their names.
type kubeSchemas map[string]*kubeSchema

// newKubeSchemas reads the schemas of an API version, as a Kubernetes version has it.
func newKubeSchemas(t *testing.T, version, api string) kubeSchemas {
	t.Helper()
	folder := "apis"
	if !strings.Contains(api, "/") {
		folder = "api"
	}
	file := filepath.Join(testenv.Tool(t, "kube-schemas"), version, folder, filepath.FromSlash(api)+".json")
	var document struct{ Components struct{ Schemas kubeSchemas } }
	decode(t, string(read(t, file)), &document)
	return document.Components.Schemas
}

// check checks an object as the API server does under strict validation of
// fields: each is known, of the right type, and none that is needed is missing.
func (s kubeSchemas) check(o kubeObject) error {
	group, version, ok := strings.Cut(o["apiVersion"].(string), "/")
	if !ok {
		group, version = "", group
	}
	for _, schema := range s {
		for _, k := range schema.Kinds {
			if k.Group == group && k.Version == version && k.Kind == o["kind"] {
				return s.fits("", schema, o)
			}
		}
	}
	return fmt.Errorf("%v has no %v", o["apiVersion"], o["kind"])
}

// fits reports how a value differs from a schema.
func (s kubeSchemas) fits(at string, schema *kubeSchema, v any) error {
	if name, ok := strings.CutPrefix(schema.Ref, "#/components/schemas/"); ok {
		return s.fits(at, s[name], v)
	}
	for _, one := range schema.AllOf {
		if err := s.fits(at, one, v); err != nil {
			return err
		}
	}
	if len(schema.OneOf) > 0 && !slices.ContainsFunc(schema.OneOf, func(one *kubeSchema) bool { return s.fits(at, one, v) == nil }) {
		return fmt.Errorf("%s: %v is of none of the types", at, v)
	}
	if schema.Type == "" {
		return nil
	}
	if got := typeOf(v); got != schema.Type && (got != "integer" || schema.Type != "number") {
		return fmt.Errorf("%s: %v is %s, want %s", at, v, got, schema.Type)
	}
	var faults []error
	switch v := v.(type) {
	case map[string]any:
		faults = s.fieldsFit(at, schema, v)
	case []any:
		for i, item := range v {
			faults = append(faults, s.fits(fmt.Sprintf("%s[%d]", at, i), schema.Items, item))
		}
	}
	return errors.Join(faults...)
}

func (s kubeSchemas) fieldsFit(at string, schema *kubeSchema, v map[string]any) (faults []error) {
	for _, name := range schema.Required {
		if _, ok := v[name]; !ok {
			faults = append(faults, fmt.Errorf("%s.%s is missing", at, name))
		}
	}
	for _, name := range sortedKeys(v) {
		inner := schema.Properties[name]
		if inner == nil {
			inner = schema.AdditionalProperties
		}
		if inner == nil {
			faults = append(faults, fmt.Errorf("%s.%s is unknown", at, name))
			continue
		}
		faults = append(faults, s.fits(at+"."+name, inner, v[name]))
	}
	return faults
}

// typeOf names the type of a JSON value as schemas do.
func typeOf(v any) string {
	switch v := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case nil:
		return "null"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// TestKubeSchemas has objects that are not as they should be.
func TestKubeSchemas(t *testing.T) {
	t.Parallel()
	schemas := newKubeSchemas(t, kubernetesVersions[0], "apps/v1")
	const good = `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {
		"replicas": 1, "selector": {"matchLabels": {"b": "c"}}, "template": {"metadata": {}, "spec": {"containers": [
		{"name": "x", "ports": [{"containerPort": 80}], "livenessProbe": {"httpGet": {"port": "http"}}, "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}]}}}}`
	for text, want := range map[string]string{
		good: "",
		strings.Replace(good, `"replicas": 1`, `"replicas": "1"`, 1):                ".spec.replicas: 1 is string, want integer",
		strings.Replace(good, `"replicas"`, `"replica"`, 1):                         ".spec.replica is unknown",
		strings.Replace(good, `"name": "x", `, ``, 1):                               ".spec.template.spec.containers[0].name is missing",
		strings.Replace(good, `{"b": "c"}`, `{"b": 1}`, 1):                          ".metadata.labels.b: 1 is integer, want string",
		strings.Replace(good, `"port": "http"`, `"port": true`, 1):                  ".spec.template.spec.containers[0].livenessProbe.httpGet.port: true is of none of the types",
		strings.Replace(good, `"metadata": {}`, `"metadata": []`, 1):                ".spec.template.metadata: [] is array, want object",
		strings.Replace(good, `"ports": [{"containerPort": 80}]`, `"ports": {}`, 1): ".spec.template.spec.containers[0].ports: map[] is object, want array",
		strings.Replace(good, "Deployment", "Deploiment", 1):                        "apps/v1 has no Deploiment",
	} {
		var o kubeObject
		decode(t, text, &o)
		if err := schemas.check(o); want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
