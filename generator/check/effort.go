package check

import "bytes"

// An effort is what may still be spent on looking for what no Helm can install. It
// has bounds of its own: what exceeds the others is refused, what exceeds these is
// accepted without having been looked at. They leave room for any real chart: of 246,
// the largest has 2.2 MiB of templates with 5,600 actions, and 0.8 MiB of definitions.
type effort struct {
	templates int // bytes of templates
	actions   int // bytes of the actions in them, and 50 for each
	manifests int // bytes that are read as YAML
	marks     int // in these; see inspectYAML
	schemas   int // bytes of schemas
	nodes     int // about how many values they have
}

// maxEffort is what one archive may cost; hostile ones of this size take a quarter
// of a second.
var maxEffort = effort{
	templates: 8 << 20, actions: 1 << 20, manifests: 2 << 20, marks: 150_000,
	schemas: 2 << 20, nodes: 100_000,
}

// forTemplate takes what a template costs, if that much is left.
func (e *effort) forTemplate(data []byte) bool {
	if e.templates -= len(data); e.templates < 0 {
		return false
	}
	for rest := data; ; {
		at := bytes.Index(rest, []byte("{{"))
		if at < 0 {
			return true
		}
		rest = rest[at:]
		end := bytes.Index(rest, []byte("}}"))
		if end < 0 {
			end = len(rest)
		}
		if e.actions -= 50 + end; e.actions < 0 {
			return false
		}
		rest = rest[end:]
	}
}

// forManifest takes what it costs to read a text as YAML, if that much is left.
func (e *effort) forManifest(text []byte) bool {
	if bytes.Contains(text, []byte("%TAG")) {
		return false // every tag repeats what it says
	}
	if e.manifests -= len(text); e.manifests < 0 {
		return false
	}
	e.marks -= yamlMarks(text)
	return e.marks >= 0
}

// forSchema takes what it costs to read a schema, if that much is left.
func (e *effort) forSchema(data []byte) bool {
	if e.schemas -= len(data); e.schemas < 0 {
		return false
	}
	e.nodes -= bytes.Count(data, []byte(",")) + bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{"))
	return e.nodes >= 0
}
