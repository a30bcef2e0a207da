package publisher

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// indexFields are the fields by which an index of another tool is known.
var indexFields = []string{"apiVersion", "entries"}

// looksForeign reports whether what lies in the site's root instead of an index of
// portolan's is one of another tool. What begins like one in YAML counts, whole or not:
// portolan writes none like that. JSON has to be whole, since portolan's own index is JSON
// as well, and what is left of one is not another tool's.
func looksForeign(r io.Reader) bool {
	in := bufio.NewReader(r)
	for begun := true; ; {
		line, err := in.ReadSlice('\n')
		text := strings.TrimLeft(strings.TrimPrefix(string(line), "\ufeff"), " \t\r\n")
		if begun && strings.HasPrefix(text, "{") {
			return wholeJSON(io.MultiReader(strings.NewReader(text), in))
		}
		if begun && namesField(string(line)) {
			return true
		}
		begun = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && begun {
			return false
		}
	}
}

// namesField reports whether a line of YAML is one of an index's fields.
func namesField(line string) bool {
	line = strings.TrimPrefix(line, "\ufeff")
	for _, name := range indexFields {
		for _, quote := range []string{"", `"`, "'"} {
			if strings.HasPrefix(line, quote+name+quote+":") {
				return true
			}
		}
	}
	return false
}

// wholeJSON reports whether r has one JSON object with a field of an index, and no more.
func wholeJSON(r io.Reader) bool {
	d := json.NewDecoder(r)
	named := false
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && depth == 0 && named
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case indexFields[0], indexFields[1]:
			named = named || depth == 1
		}
	}
}
