package pages

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/portolan-charts/portolan/ci/testenv"
)

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
		if !bytes.Equal(got, testenv.Golden(t, file, got)) {
			t.Errorf("%s is not the schema of its type; run make golden", file)
		}
	}
}
