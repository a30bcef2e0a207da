package pages

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxRequiring bounds a schema that is searched for what it requires, in bytes,
	// maxRequired the values that it may require, and maxRequiredDepth how deep these
	// may be: each level is read once more.
	maxRequiring     = 512 << 10
	maxRequired      = 500
	maxRequiredDepth = 6
)

// newlyRequired returns the values that a schema requires and an earlier one did not,
// without those for which values.yaml has a default. The groups are those of the
// page of values.
func newlyRequired(before, after []byte, groups []templates.ValueGroup) []string {
	if bytes.Equal(before, after) {
		return nil
	}
	old, now := &requirements{all: map[string]bool{}}, &requirements{all: map[string]bool{}, given: map[string]bool{}}
	for _, g := range groups {
		for _, row := range g.Rows {
			for path := row.Path; row.Line > 0 && path != "" && !now.given[path]; path = path[:max(0, strings.LastIndexByte(path, '.'))] {
				now.given[path] = true
			}
		}
	}
	old.read("", before, 0)
	now.read("", after, 0)
	var names []string
	for _, path := range slices.Sorted(maps.Keys(now.all)) {
		if !old.all[path] && !now.given[path] {
			names = append(names, path)
		}
	}
	return names
}

// requirements are the values that a schema requires, by path.
type requirements struct {
	all   map[string]bool
	given map[string]bool // values with a default; nil to look at what is below any value
}

// read reads the schema of the value at a path. What it says in other ways than by
// properties and required is not looked at.
func (r *requirements) read(path string, schema []byte, depth int) {
	var s struct {
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if len(schema) > maxRequiring || depth > maxRequiredDepth || json.Unmarshal(schema, &s) != nil {
		return
	}
	required := map[string]bool{}
	for _, name := range s.Required {
		if required[name] = true; simpleKey(name) && len(r.all) < maxRequired {
			r.all[path+name] = true
		}
	}
	for name, below := range s.Properties {
		if simpleKey(name) && (required[name] || r.given == nil || r.given[path+name]) {
			r.read(path+name+".", below, depth+1)
		}
	}
}

// simpleKey reports whether a key stands in a path as it is.
func simpleKey(key string) bool {
	return key != "" && len(key) <= maxNoted && !strings.ContainsFunc(key, func(c rune) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
}
