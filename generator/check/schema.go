package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A schemaFile is a values.schema.json being looked at as Helm's library does it
// (github.com/santhosh-tekuri/jsonschema): first the shape of all of it, then what it
// refers to. The library itself would take hours for some schemas of 50 KB.
type schemaFile struct {
	root  any
	draft int // 4, 6, 7, 2019 or 2020

	shaped  map[uintptr]bool // objects whose shape is as it should be
	ids     map[string]bool  // what $id says anywhere, without fragment
	anchors map[string]bool  // names that $anchor or the like give anywhere
	inner   bool             // schemas in it have an $id of their own
}

// schemaFault says why Helm can check no values against a schema; it returns "" for
// one that nothing is known against, or that is not looked at.
func (b *bounds) schemaFault(data []byte) string {
	if !json.Valid(data) {
		return "it is not JSON"
	}
	if !b.left.effort.forSchema(data) {
		return ""
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	s := &schemaFile{shaped: map[uintptr]bool{}, ids: map[string]bool{}, anchors: map[string]bool{}}
	if err := decoder.Decode(&s.root); err != nil && !errors.Is(err, io.EOF) {
		return "it is not JSON: " + Foreign(err)
	}
	if fault := s.findDraft(); fault != "" {
		return fault
	}
	if fault := s.schema(s.root, true); fault != nil {
		return fault.text()
	}
	if fault := s.follow(); fault != "" {
		return fault
	}
	return s.fitsNothing()
}

// drafts are the drafts that Helm's library knows, by what $schema says of them.
var drafts = map[string]int{
	"json-schema.org/schema":               2020,
	"json-schema.org/draft/2020-12/schema": 2020,
	"json-schema.org/draft/2019-09/schema": 2019,
	"json-schema.org/draft-07/schema":      7,
	"json-schema.org/draft-06/schema":      6,
	"json-schema.org/draft-04/schema":      4,
}

func (s *schemaFile) findDraft() string {
	s.draft = 2020
	m, ok := s.root.(map[string]any)
	if !ok {
		return ""
	}
	name, ok := m["$schema"].(string)
	if !ok {
		return ""
	}
	known, isKnown := drafts[strings.TrimSuffix(trimScheme(name), "#")]
	if isKnown {
		s.draft = known
		return ""
	}
	return fmt.Sprintf("its $schema is %s, a draft that Helm does not know and would have to fetch", Quote(name))
}

func trimScheme(url string) string {
	return strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://")
}

// idKey is the key of a schema's URL.
func (s *schemaFile) idKey() string {
	if s.draft == 4 {
		return "id"
	}
	return "$id"
}

// note remembers by which names a schema can be referred to.
func (s *schemaFile) note(m map[string]any) {
	if id, ok := m[s.idKey()].(string); ok && (s.draft >= 2019 || m["$ref"] == nil) {
		url, fragment, _ := strings.Cut(id, "#")
		if url != "" {
			s.ids[url] = true
			root, _ := s.root.(map[string]any)
			s.inner = s.inner || !sameObject(m, root)
		}
		if fragment != "" {
			s.anchors[fragment] = true
		}
	}
	for _, key := range []string{"$anchor", "$dynamicAnchor"} {
		if name, ok := m[key].(string); ok {
			s.anchors[name] = true
		}
	}
}

func sameObject(a, b map[string]any) bool { return identity(a) == identity(b) }

func identity(m map[string]any) uintptr { return reflect.ValueOf(m).Pointer() }

// follow looks at every schema that values can reach from the root, and at what each
// of them refers to.
func (s *schemaFile) follow() string {
	seen := map[uintptr]bool{}
	queue := []any{s.root}
	for len(queue) > 0 {
		m, ok := queue[0].(map[string]any)
		queue = queue[1:]
		if !ok || seen[identity(m)] {
			continue
		}
		seen[identity(m)] = true
		for _, key := range []string{"$ref", "$recursiveRef", "$dynamicRef"} {
			ref, ok := m[key].(string)
			if !ok || key != "$ref" && s.draft < 2019 {
				continue
			}
			target, fault := s.refer(ref)
			if fault != "" {
				return fault
			}
			if fault := s.schema(target, false); fault != nil {
				return fmt.Sprintf("%s, to which %s refers", fault.text(), Quote(ref))
			}
			queue = append(queue, target)
		}
		if _, ref := m["$ref"].(string); !ref || s.draft >= 2019 {
			queue = s.reached(queue, m)
		}
	}
	return ""
}

// reached adds the schemas that a schema applies.
func (s *schemaFile) reached(queue []any, m map[string]any) []any {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		k, known := schemaKeywords[key]
		if !known || !k.applies || !k.in(s.draft) || (key == "then" || key == "else") && m["if"] == nil {
			continue
		}
		switch v := m[key].(type) {
		case []any:
			queue = append(queue, v...)
		case map[string]any:
			if !k.named() {
				queue = append(queue, v)
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				queue = append(queue, v[name])
			}
		}
	}
	return queue
}

// urlScheme is how a URL begins that is not relative.
var urlScheme = whenNeeded(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)

// refer returns what a reference leads to; nil if that is not known, but no fault.
func (s *schemaFile) refer(ref string) (any, string) {
	url, fragment, _ := strings.Cut(ref, "#")
	switch {
	case url == "":
	case s.ids[url]:
		if s.inner {
			return nil, ""
		}
	case s.inner && s.endsID(url), strings.HasPrefix(trimScheme(url), "json-schema.org/draft"), strings.HasPrefix(url, "urn:"):
		return nil, "" // drafts are built in; of URNs, Helm only warns
	case s.endsID(url):
	default:
		return nil, s.elsewhere(url)
	}
	if fragment == "" && !s.inner {
		return s.root, ""
	}
	return s.fragment(ref, fragment)
}

// endsID reports whether a relative reference can mean a schema's own URL; if there
// are many, it is not found out.
func (s *schemaFile) endsID(url string) bool {
	if len(s.ids) > 100 {
		return true
	}
	for id := range s.ids {
		if strings.HasSuffix(id, "/"+strings.TrimPrefix(url, "./")) || strings.HasSuffix(url, "/"+id) {
			return true
		}
	}
	return false
}

// elsewhere says what is wrong with a reference to another file.
func (s *schemaFile) elsewhere(url string) string {
	remote := strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
	if !urlScheme().MatchString(url) {
		for id := range s.ids {
			remote = remote || strings.HasPrefix(id, "http://") || strings.HasPrefix(id, "https://")
		}
	}
	if remote {
		return fmt.Sprintf("it refers to %s, which Helm would have to fetch when the chart is installed", Quote(url))
	}
	return fmt.Sprintf("it refers to the file %s, which Helm does not read from the chart", Quote(url))
}

// fragment returns what stands at a place of the schema, or has a name in it.
func (s *schemaFile) fragment(ref, fragment string) (any, string) {
	text, ok := unescapePercent(fragment)
	if !ok {
		return nil, fmt.Sprintf("its reference %s is not a URL", Quote(ref))
	}
	if text != "" && text[0] != '/' {
		if s.anchors[text] || s.anchors[fragment] || s.inner {
			return nil, ""
		}
		return nil, fmt.Sprintf("it refers to %s, a name that nothing in it has", Quote(ref))
	}
	v := s.root
	for _, token := range strings.Split(text, "/")[1:] {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		found := false
		switch at := v.(type) {
		case map[string]any:
			v, found = at[token]
		case []any:
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(at) {
				v, found = at[i], true
			}
		}
		if !found {
			if s.inner {
				return nil, "" // it may begin at an $id within
			}
			return nil, fmt.Sprintf("it refers to %s, which is not there", Quote(ref))
		}
	}
	return v, ""
}

// unescapePercent decodes the %20 of a URL.
func unescapePercent(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), true
}
