package pages

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The schemas on a site match the types of the documents.
func TestSchemaGolden(t *testing.T) {
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true, AllowAdditionalProperties: true}
	for kind, doc := range schemaKinds {
		s := r.Reflect(doc)
		s.Title = "portolan: " + kind
		got, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		file := filepath.Join("schema", schemaFile(kind))
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not the schema of its type; run make golden", file)
		}
	}
}
