package generator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

// indexLine is a release as Helm reads it from an index: the fields of
// Chart.yaml, and three more.
type indexLine struct {
	*check.Metadata
	Created time.Time `json:"created"`
	Digest  string    `json:"digest"`
	URLs    []string  `json:"urls"` // exactly one; the last field, see withURL
}

// renderLine returns a release's line in the index.
func renderLine(md *check.Metadata, created time.Time, digest, url string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(indexLine{md, created.UTC(), digest, []string{url}}); err != nil {
		return "", fmt.Errorf("rendering the index line of %s %s: %v", md.Name, md.Version, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// withURL returns the line with its URL replaced and every other byte kept.
func withURL(line, from, to string) (string, error) {
	head, ok := strings.CutSuffix(line, urlEnd(from))
	if !ok {
		return "", fmt.Errorf("index line does not end in the URL %s", from)
	}
	return head + urlEnd(to), nil
}

func urlEnd(url string) string {
	b, err := json.Marshal(url)
	if err != nil {
		panic(err) // strings always encode
	}
	return `,"urls":[` + string(b) + `]}`
}

// afterDeprecated are the fields of a line that come after deprecated, and are always there.
// Between these and it come others.
var afterDeprecated = map[string]bool{
	"annotations": true, "kubeVersion": true, "dependencies": true, "type": true,
	"created": true, "digest": true, "urls": true,
}

// withDeprecated returns the line with or without the mark that its chart is deprecated,
// where renderLine puts it, and every other byte kept.
func withDeprecated(line string, on bool) (string, error) {
	mark := ""
	if on {
		mark = `,"deprecated":true`
	}
	d := json.NewDecoder(strings.NewReader(line))
	_, err := d.Token() // the opening brace
	for err == nil && d.More() {
		at := d.InputOffset() // the end of the field before
		var key json.Token
		if key, err = d.Token(); err != nil {
			break
		}
		name, _ := key.(string)
		if afterDeprecated[name] {
			return line[:at] + mark + line[at:], nil
		}
		var value json.RawMessage
		if err = d.Decode(&value); err == nil && name == "deprecated" {
			return line[:at] + mark + line[d.InputOffset():], nil
		}
	}
	return "", fmt.Errorf("index line cannot be read: %.80s…", line)
}

// published is what the index says of one release, as far as decisions need it.
type published struct {
	Version    string    `json:"version"`
	Created    time.Time `json:"created"`
	Digest     string    `json:"digest"`
	URLs       []string  `json:"urls"`
	Deprecated bool      `json:"deprecated"`
	line       string
	version    check.Version
}

// parseLine reads a line of the index.
func parseLine(line string) (published, error) {
	p := published{line: line}
	if err := json.Unmarshal([]byte(line), &p); err != nil || len(p.URLs) != 1 {
		return p, fmt.Errorf("index line cannot be read: %.80s…", line)
	}
	p.version = check.ParseVersion(p.Version)
	return p, nil
}
