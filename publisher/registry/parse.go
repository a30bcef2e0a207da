package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Bounds of what is read of others, in bytes. Chart.yaml takes at most 64 KiB as JSON.
const (
	MaxManifest = 512 << 10
	MaxConfig   = 512 << 10

	// MaxTexts is for the manifest and its config together, where both are kept: as texts
	// in JSON, in which a quote takes two bytes, and some other characters six.
	MaxTexts = 2 * (MaxManifest + MaxConfig)
)

// Manifest is what the manifest of a chart says.
type Manifest struct {
	Config      Sum
	Archive     Sum
	Provenance  Sum // zero if absent
	Annotations map[string]string
}

// Content is what a manifest must describe.
type Content struct {
	Name, Version string // as Chart.yaml has them
	Archive       Sum
	Provenance    Sum // zero if absent
}

// ErrNoChart is wrapped by the error of Parse about a manifest of something else.
var ErrNoChart = errors.New("it is not the manifest of a Helm chart")

// Parse reads the manifest of a chart. It refuses whatever two programs might understand
// differently, and layers that a chart does not have.
func Parse(b []byte) (*Manifest, error) {
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("the manifest has %d bytes; %d are allowed", len(b), MaxManifest)
	}
	fields, err := fieldsOf(b)
	if err != nil {
		return nil, fmt.Errorf("the manifest %v", err)
	}
	var schema int
	var mediaType string
	var config descriptor
	var layers []json.RawMessage
	m := &Manifest{}
	err = errors.Join(
		fields.read("schemaVersion", &schema), fields.read("mediaType", &mediaType),
		fields.read("layers", &layers), fields.read("annotations", &m.Annotations))
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be read: %v", err)
	}
	if schema != 2 || mediaType != "" && mediaType != TypeManifest {
		return nil, fmt.Errorf("%w: its schemaVersion is %d and its mediaType %.100q, not 2 and %q", ErrNoChart, schema, mediaType, TypeManifest)
	}
	if fields["subject"] != nil {
		return nil, fmt.Errorf("%w: it has a subject, like a signature or an attestation", ErrNoChart)
	}
	if config, m.Config, err = readDescriptor(fields["config"]); err != nil {
		return nil, fmt.Errorf("the manifest's config: %v", err)
	}
	if config.MediaType != TypeConfig {
		return nil, fmt.Errorf("%w: its config is of type %.100q, not %q", ErrNoChart, config.MediaType, TypeConfig)
	}
	return m, m.readLayers(layers)
}

// readLayers reads the archive and the provenance file, which may come in any order.
func (m *Manifest) readLayers(layers []json.RawMessage) error {
	for i, layer := range layers {
		d, sum, err := readDescriptor(layer)
		if err != nil {
			return fmt.Errorf("the manifest's layer %d: %v", i+1, err)
		}
		part := &m.Archive
		switch d.MediaType {
		case TypeChart, TypeOldChart:
		case TypeProvenance:
			part = &m.Provenance
		default:
			return fmt.Errorf("%w: its layer %d is of type %.100q; a chart has an archive (%s), and perhaps a provenance file (%s)",
				ErrNoChart, i+1, d.MediaType, TypeChart, TypeProvenance)
		}
		if *part != (Sum{}) {
			return fmt.Errorf("the manifest has two layers of type %q; a chart has one", d.MediaType)
		}
		*part = sum
	}
	if m.Archive == (Sum{}) {
		return fmt.Errorf("%w: it has no layer of type %q", ErrNoChart, TypeChart)
	}
	return nil
}

func readDescriptor(b []byte) (d descriptor, s Sum, err error) {
	fields, err := fieldsOf(b)
	if err != nil {
		return d, s, err
	}
	err = errors.Join(fields.read("mediaType", &d.MediaType), fields.read("digest", &d.Digest), fields.read("size", &d.Size))
	if err != nil {
		return d, s, err
	}
	hex, ok := parseDigest(d.Digest)
	if !ok || d.Size <= 0 {
		return d, s, fmt.Errorf("its digest %.100q and size %d are not sha256: with 64 hex digits, and a number of bytes", d.Digest, d.Size)
	}
	return d, Sum{hex, d.Size}, nil
}

// Check returns an error if the manifest, whose config has these bytes, does not describe
// this content and nothing else.
func (m *Manifest) Check(config []byte, c Content) error {
	switch {
	case SumOf(config) != m.Config:
		return fmt.Errorf("the manifest names a config of %d bytes with the SHA-256 %s, which is another than that of the upload", m.Config.Size, m.Config.SHA256)
	case m.Archive != c.Archive:
		return fmt.Errorf("the manifest names an archive of %d bytes with the SHA-256 %s, but this one has %d and %s",
			m.Archive.Size, m.Archive.SHA256, c.Archive.Size, c.Archive.SHA256)
	case m.Provenance != c.Provenance:
		return errors.New("the manifest names another provenance file than that of the upload, or one of them has none")
	}
	fields, err := fieldsOf(config)
	if err != nil {
		return fmt.Errorf("the config %v", err)
	}
	var name, version string
	if err := errors.Join(fields.read("name", &name), fields.read("version", &version)); err != nil {
		return fmt.Errorf("the config cannot be read: %v", err)
	}
	if name != c.Name || version != c.Version {
		return fmt.Errorf("the config is that of %.100q, version %.100q, but Chart.yaml says %s %s", name, version, c.Name, c.Version)
	}
	return nil
}

// CheckTexts returns an error if a manifest and its config are too long to be kept.
func CheckTexts(manifest, config string) error {
	b, err := json.Marshal([]string{manifest, config})
	if err == nil && len(b) > MaxTexts {
		err = fmt.Errorf("manifest and config have %d bytes as texts in JSON; %d are allowed", len(b), MaxTexts)
	}
	return err
}

// fields are an object's fields by their exact names: encoding/json does not tell apart
// names that differ in case only, and other programs do.
type fields map[string]json.RawMessage

func fieldsOf(b []byte) (fields, error) {
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, errors.New("is not JSON in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("is not a JSON object")
	}
	all := fields{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("has the field %.100q twice", name)
		}
		all[name] = value
	}
	return all, nil
}

// read reads a field; one that is absent leaves the value as it is.
func (f fields) read(name string, value any) error {
	text, ok := f[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %v", name, err)
	}
	return nil
}
