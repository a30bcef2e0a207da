package check

import (
	"bytes"
	"reflect"
)

// checkValues checks a values.yaml.
func (b *bounds) checkValues(where string, data []byte, strict bool) *Problem {
	if _, p := b.inspectYAML(where, data, strict); p != nil {
		return p
	}
	if err := tryValues(data); err != nil {
		return reject("yaml", "Helm cannot read %s: %s", Quote(where), Foreign(err))
	}
	return checkHelm4Values(where, data)
}

// checkHelm4Values makes sure that Helm 4 reads the same values. It cuts the
// file at lines that begin with --- before it parses the parts, merges what
// it finds, and stumbles over directives and over `--- # text` in odd places
// (pkg/chart/v2/loader/load.go, LoadValues).
func checkHelm4Values(where string, data []byte) *Problem {
	if !bytes.HasPrefix(data, []byte("---")) && !bytes.Contains(data, []byte("\n---")) {
		return nil // nothing to cut
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(bytes.Clone(data), '\n') // as Helm 4 does
	}
	parts, ok := splitDocuments(data)
	if !ok {
		return reject("yaml-documents", "%s has a line that begins with --- and goes on, which Helm 4 refuses", Quote(where))
	}
	if len(parts) == 0 || len(parts) == 1 && len(parts[0]) == len(data) {
		return nil
	}
	found := map[string]any{}
	for _, part := range parts {
		v, err := loadValues(part)
		if err != nil {
			return reject("yaml-documents", "Helm 4 cannot read %s, which it cuts at its --- lines: %s", Quote(where), Foreign(err))
		}
		if len(v) == 0 {
			continue
		}
		if len(found) > 0 {
			return reject("yaml-documents", "%s holds more than one YAML document", Quote(where))
		}
		found = v
	}
	values, err := loadValues(data)
	if err != nil || len(found)+len(values) > 0 && !reflect.DeepEqual(found, values) {
		return reject("yaml-documents", "Helm 3 and Helm 4 read different values from %s", Quote(where))
	}
	return nil
}

// splitDocuments cuts a file as Kubernetes' YAMLReader does for Helm 4. It is
// false if that fails.
func splitDocuments(data []byte) (parts [][]byte, ok bool) {
	var part []byte
	for line := range bytes.Lines(data) {
		rest, separator := bytes.CutPrefix(line, []byte("---"))
		if !separator {
			part = append(part, line...)
			continue
		}
		if rest = bytes.TrimSpace(rest); len(rest) > 0 && rest[0] != '#' {
			return nil, false
		}
		if len(part) > 0 {
			parts, part = append(parts, part), nil
			continue
		}
		// Kubernetes' reader keeps a separator that follows nothing, since a
		// document may begin with one.
		part = append(part, line...)
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts, true
}
