package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Sum is the SHA-256, in hex, and the size of a file, in bytes.
type Sum struct {
	SHA256 string
	Size   int64
}

// SumOf is the sum of the bytes.
func SumOf(b []byte) Sum {
	sum := sha256.Sum256(b)
	return Sum{hex.EncodeToString(sum[:]), int64(len(b))}
}

// Release is a version of which a manifest is to be made.
type Release struct {
	Config     []byte // Chart.yaml as JSON, in the fields that Helm knows
	Archive    Sum
	Provenance Sum // zero if absent
	Created    time.Time
}

// descriptor names a file by its digest.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// manifest is what New writes.
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Annotations   map[string]string `json:"annotations"`
}

// New returns the manifest of a version, with the annotations that 'helm push' makes of
// its Chart.yaml.
func New(r Release) ([]byte, error) {
	var chart chartYAML
	if err := json.Unmarshal(r.Config, &chart); err != nil {
		return nil, fmt.Errorf("the config of a chart is not Chart.yaml as JSON: %v", err)
	}
	m := manifest{
		SchemaVersion: 2,
		MediaType:     TypeManifest,
		Config:        describe(TypeConfig, SumOf(r.Config)),
		Layers:        []descriptor{describe(TypeChart, r.Archive)},
		Annotations:   chart.annotations(r.Created),
	}
	if r.Provenance != (Sum{}) {
		m.Layers = append(m.Layers, describe(TypeProvenance, r.Provenance))
	}
	return json.Marshal(m)
}

func describe(mediaType string, s Sum) descriptor {
	return descriptor{mediaType, digestPrefix + s.SHA256, s.Size}
}

// chartYAML is what becomes annotations.
type chartYAML struct {
	Name, Version, Description, Home string
	Sources                          []string
	Maintainers                      []struct{ Name, Email string }
	Annotations                      map[string]string
}

const (
	annotation        = "org.opencontainers.image."
	annotationTitle   = annotation + "title"
	annotationVersion = annotation + "version"

	// Created is the annotation with the time when a manifest was made, as RFC 3339.
	Created = annotation + "created"
)

// annotations are those of Chart.yaml over those that Helm makes of its other fields; but
// name and version stay (pkg/registry, generateOCIAnnotations).
func (c chartYAML) annotations(created time.Time) map[string]string {
	all := map[string]string{}
	set := func(name, value string) {
		if strings.TrimSpace(value) != "" {
			all[name] = value
		}
	}
	set(annotation+"description", c.Description)
	set(annotation+"url", c.Home)
	set(annotation+"authors", c.authors())
	if len(c.Sources) > 0 {
		set(annotation+"source", c.Sources[0])
	}
	set(Created, created.UTC().Format(time.RFC3339))
	maps.Copy(all, c.Annotations)
	all[annotationTitle], all[annotationVersion] = c.Name, c.Version
	return all
}

func (c chartYAML) authors() string {
	var authors []string
	for _, m := range c.Maintainers {
		author := m.Name
		if m.Email != "" {
			author += " (" + m.Email + ")"
		}
		authors = append(authors, author)
	}
	return strings.Join(authors, ", ")
}
