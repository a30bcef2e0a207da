package values

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

const (
	// maxSchema bounds a schema that is read, in bytes. Real ones have up to
	// 558 KiB, because they include all of Kubernetes' types.
	maxSchema = 1 << 20

	// maxSteps bounds how many schemas are looked at. Schemas behind references
	// count each time, and so do long lists of names.
	maxSteps = 20_000

	// maxRef bounds a reference, in bytes. A longer one is not followed.
	maxRef = 1000

	// maxLevels bounds how many levels of properties are listed where there is no
	// values.yaml.
	maxLevels = 8

	// maxType bounds a type and a default, in bytes.
	maxType = 160
)

// A table looks things up in a schema. Only references within the schema are followed;
// nothing is fetched.
type table struct {
	ctx    context.Context
	root   *object
	refs   map[string]*object // what references lead to; nil for nowhere
	steps  int
	more   int  // number of properties that are left out
	remote bool // a reference leads out of the schema
	late   bool // there was no more time
}

// spend counts steps, and reports whether there may be more.
func (t *table) spend(steps int) bool {
	if t.steps/256 != (t.steps+steps)/256 && t.ctx.Err() != nil {
		t.late, t.steps = true, maxSteps
	}
	t.steps += steps
	return t.steps <= maxSteps
}

// line returns a text on one line, cut at a number of bytes.
func line(s string, limit int) string {
	s = s[:min(len(s), 2*limit)]
	return visible(untrusted.Cut(strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " "), limit))
}

// requires reports whether a schema lists a property as required.
func (t *table) requires(s *object, name string) bool {
	list := s.list("required")
	t.spend(len(list) / 100)
	return slices.Contains(list, any(name))
}

// parts returns the schemas to which s refers for the same value.
func (t *table) parts(s *object) []*object {
	var all []*object
	if ref := s.text("$ref"); ref != "" {
		if o := t.lookup(ref); o != nil {
			all = append(all, o)
		}
	}
	list := s.list("allOf")
	for _, v := range list[:min(len(list), 20)] {
		if o, ok := v.(*object); ok {
			all = append(all, o)
		}
	}
	return all
}

// closure returns s and all schemas that apply to the same value, at most about
// 20.
func (t *table) closure(s *object) []*object {
	all := []*object{s}
	for i := 0; i < len(all) && len(all) < 20 && t.spend(1); i++ {
		for _, p := range t.parts(all[i]) {
			if len(all) < 20 && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// lookup follows a reference within the schema; once, however many use it.
func (t *table) lookup(ref string) *object {
	fragment, local := strings.CutPrefix(ref, "#")
	switch {
	case !local:
		t.remote = true
		return nil
	case len(ref) > maxRef:
		return nil
	}
	o, known := t.refs[ref]
	if !known {
		o = t.follow(fragment)
		t.refs[ref] = o
	}
	return o
}

// follow returns the schema at a place in the document.
func (t *table) follow(fragment string) *object {
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	o := t.root
	for _, key := range strings.Split(fragment, "/")[1:] {
		key = strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
		switch next := o.values[key].(type) {
		case *object:
			o = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(next) {
				return nil
			}
			item, ok := next[i].(*object)
			if !ok {
				return nil
			}
			o = item
		default:
			return nil
		}
	}
	return o
}
