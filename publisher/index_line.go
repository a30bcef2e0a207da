package publisher

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
)

// lineURL begins the URL of a release, the last thing in its line.
const lineURL = `"urls":["`

// releaseLine is what this package reads of a release's line: where the archive is and
// what it must be.
type releaseLine struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Digest  string   `json:"digest"`
	URLs    []string `json:"urls"`
}

func lineOf(text string) releaseLine {
	var l releaseLine
	if json.Unmarshal([]byte(text), &l) != nil {
		return releaseLine{}
	}
	return l
}

func (l releaseLine) url() string {
	if len(l.URLs) != 1 {
		return ""
	}
	return l.URLs[0]
}

// urlAt is where the URL begins in a line; -1 if the line has no URL.
func urlAt(line string) int {
	// It nearly always follows the last bracket, which is found faster.
	if i := strings.LastIndexByte(line, lineURL[len(lineURL)-2]) - len(lineURL) + 2; i >= 0 && strings.HasPrefix(line[i:], lineURL) {
		return i + len(lineURL)
	}
	if i := strings.LastIndex(line, lineURL); i >= 0 {
		return i + len(lineURL)
	}
	return -1
}

// moveURL writes a line up to its URL, then up, and returns the rest.
func moveURL(b *bufio.Writer, line, up string) string {
	url := urlAt(line)
	if url < 0 {
		return line
	}
	b.WriteString(line[:url])
	b.WriteString(up)
	return line[url:]
}

// moveUp removes up from the front of each URL.
func (x *Index) moveUp(up string) error {
	x.text = ""
	for _, s := range x.charts {
		for i, line := range s.lines {
			url := strings.LastIndex(line, lineURL) + len(lineURL)
			rest, ok := strings.CutPrefix(line[url:], up)
			if url < len(lineURL) || !ok {
				return fmt.Errorf("%w: chart %s: a URL does not begin with %s", ErrNotOurs, s.name, up)
			}
			s.lines[i] = line[:url] + rest
		}
	}
	return nil
}
