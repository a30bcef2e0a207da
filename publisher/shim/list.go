package shim

import (
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// list answers with releases of a channel: of all charts by name, of one chart,
// or a single release. Each is exactly as the index has it. Lists have all versions but
// those that are yanked, also those that head leaves out so that it stays small.
func (s *Shim) list(a *answer, r *http.Request, to *route) error {
	v, err := s.views.get(r.Context(), to.channel)
	if err != nil {
		return err
	}
	defer a.from(s.views, v)()
	a.Header().Set("Cache-Control", "no-cache")
	if len(to.args) == 0 {
		return v.listAll(a, r)
	}
	if len(to.args) == 2 && len(v.head.Lines(to.args[0])) > 0 {
		return v.one(a, r, to)
	}
	lines := v.head.Listed(to.args[0])
	if len(lines) == 0 {
		return fail(http.StatusNotFound, "chart-unknown", "see the channel's index.yaml for its charts", "there is no chart %.200q in channel %s", to.args[0], to.channel)
	}
	return a.jsonPieces(r, func(yield func(string) bool) { array(lines, yield) })
}

// one answers with a single release. What is yanked can still be asked for, and says so in
// a field of its own.
func (v *view) one(a *answer, r *http.Request, to *route) error {
	line, ok := v.wanted(to.args[0], to.args[1])
	if !ok {
		return versionUnknown(to.channel, to.args[0], to.args[1])
	}
	pieces := []string{line}
	if y, is := v.head.State.FindYanked(to.args[0], to.args[1]); is {
		b, err := json.Marshal(map[string]any{"reason": y.Reason, "time": y.Time})
		if err != nil {
			return err
		}
		pieces = []string{strings.TrimSuffix(line, "}"), `,"yanked":`, string(b), "}"}
	}
	return a.jsonPieces(r, slices.Values(pieces))
}

func versionUnknown(channel, chart, version string) *failure {
	return fail(http.StatusNotFound, "version-unknown", "see the channel's index.yaml for its versions", "there is no version %.200q of chart %.200s in channel %s", version, chart, channel)
}

// listAll answers with the charts from offset on, and at most limit of them
// unless limit is 0.
func (v *view) listAll(a *answer, r *http.Request) error {
	offset, err := number(r, "offset")
	if err != nil {
		return err
	}
	limit, err := number(r, "limit")
	if err != nil {
		return err
	}
	return a.jsonPieces(r, v.charts(offset, limit))
}

// charts returns an object of charts and their releases, in pieces.
func (v *view) charts(offset, limit int) iter.Seq[string] {
	return func(yield func(string) bool) {
		more, comma, at := yield("{"), "", 0
		for name := range v.head.Charts() {
			lines := v.head.Listed(name)
			if len(lines) == 0 {
				continue
			}
			at++
			if !more || limit > 0 && at-limit > offset {
				break
			}
			if at <= offset {
				continue
			}
			key, _ := json.Marshal(name) // a string is never refused
			more = yield(comma+string(key)+":") && array(lines, yield)
			comma = ","
		}
		if more {
			yield("}")
		}
	}
}

// array yields lines of the index as a JSON array, in pieces, while yield wants more.
func array(lines []string, yield func(string) bool) (more bool) {
	more = yield("[")
	for i, line := range lines {
		if more && i > 0 {
			more = yield(",")
		}
		more = more && yield(line)
	}
	return more && yield("]")
}

// number reads a number from the query, and returns 0 if the query has none.
func number(r *http.Request, name string) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fail(http.StatusBadRequest, name, "write a number of charts, such as 20", "%s is %.40q, but must be a whole number, 0 or more", name, text)
	}
	return n, nil
}

// wanted returns the line of a version. For "latest" it returns the newest
// version that is listed, which is a prerelease only if all versions are.
func (v *view) wanted(name, version string) (line string, ok bool) {
	if version != "latest" {
		line, _, ok = v.version(name, version)
		return line, ok
	}
	lines := v.head.Listed(name)
	for _, line := range lines {
		r, _ := parseRelease(line)
		if parsed, err := semver.NewVersion(r.Version); err == nil && parsed.Prerelease() == "" {
			return line, true
		}
	}
	if len(lines) == 0 {
		return "", false
	}
	return lines[0], true
}
