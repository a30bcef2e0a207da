package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"path"
)

// The schemas are generated from the document types by "make golden".
//
//go:embed schema/*.json
var schemaFiles embed.FS

// schemaKinds are the documents that have a schema, by the name of its file.
var schemaKinds = map[string]any{"site": SiteDoc{}, "channel": ChannelDoc{}, "chart": ChartDoc{}, "changes": ChangesDoc{}}

func schemaFile(kind string) string { return kind + ".schema.json" }

// schema returns the URL of a schema, relative to a document that is levels below
// the channel's api folder.
func (p *pass) schema(levels int, kind string) string {
	return p.up(levels+1) + path.Join(apiDir, schemaFile(kind))
}

// format changes whenever this code makes different pages from the same data.
const format = "4"

// lookOf returns a hash of everything besides a channel's data that its pages are
// made from.
func (w *Writer) lookOf(channel string) string {
	b, err := json.Marshal([]any{format, w.set.Look(), w.Site, w.prefix, w.Private(channel), w.ArtifactHub(channel)})
	if err != nil {
		panic(err) // texts always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
