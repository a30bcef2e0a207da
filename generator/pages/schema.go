package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"path"
)

// The schemas are made from the document types: make golden.
//
//go:embed schema/*.json
var schemaFiles embed.FS

// schemaKinds are the documents that have a schema, by what its file is called.
var schemaKinds = map[string]any{"site": SiteDoc{}, "channel": ChannelDoc{}, "chart": ChartDoc{}, "changes": ChangesDoc{}}

func schemaFile(kind string) string { return kind + ".schema.json" }

// schema is the URL of a schema in a document so many levels below the channel's
// api folder.
func (p *pass) schema(levels int, kind string) string {
	return p.up(levels+1) + path.Join(apiDir, schemaFile(kind))
}

// format changes whenever this code makes other pages of the same data.
const format = "1"

// lookOf is over all that makes a channel's pages differ though their data does not.
func (w *Writer) lookOf(channel string) string {
	b, err := json.Marshal([]any{format, w.set.Look(), w.Site, w.ArtifactHub(channel)})
	if err != nil {
		panic(err) // texts always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
