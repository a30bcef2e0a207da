package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
)

// TestSchemaGolden compares portolan.schema.json, which editors use, with the
// types that portolan.yaml is decoded into.
func TestSchemaGolden(t *testing.T) {
	const file = "portolan.schema.json"
	want := schema(t)
	if !bytes.Equal(testenv.Golden(t, file, want), want) {
		t.Errorf("%s is stale; run: make golden", file)
	}
}

func schema(t *testing.T) []byte {
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Anonymous:                  true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch t {
			case reflect.TypeFor[time.Duration]():
				return &jsonschema.Schema{Type: "string", Pattern: days.Pattern}
			case reflect.TypeFor[strictyaml.Size]():
				return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
					{Type: "integer", Minimum: "1"},
					{Type: "string", Pattern: `^[0-9.]+ *([kKMG]i?)?B?$`},
				}}
			}
			return nil
		},
	}
	if err := r.AddGoComments("github.com/portolan-charts/portolan/generator/config", "."); err != nil {
		t.Fatal(err)
	}
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(text), " ")
	}
	s := r.Reflect(&Config{})
	s.Title = "portolan.yaml"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// Every key is described, and documented nowhere else.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var s struct {
		Defs map[string]struct {
			Properties map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema(t), &s); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for name, def := range s.Defs {
		for key, property := range def.Properties {
			keys++
			if property.Description == "" {
				t.Errorf("%s: the key %s has no description", name, key)
			}
		}
	}
	if keys < 15 {
		t.Errorf("got %d keys in the schema, want all", keys)
	}
}
