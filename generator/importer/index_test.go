package importer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// reference reads a whole index at once, as Helm does.
func reference(t *testing.T, b []byte) []Entry {
	t.Helper()
	var x struct {
		Entries map[string][]struct {
			Name, Version, Digest string
			Created               time.Time
			URLs                  []string
		}
	}
	if err := yaml.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	var all []Entry
	for _, list := range x.Entries {
		for _, e := range list {
			all = append(all, Entry{Name: e.Name, Version: e.Version, Created: e.Created, Digest: e.Digest, URL: e.URLs[0]})
		}
	}
	return sorted(all)
}

func sorted(all []Entry) []Entry {
	all = slices.Clone(all)
	for i := range all {
		all[i].Created = all[i].Created.UTC()
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Digest, b.Digest), a.Created.Compare(b.Created), cmp.Compare(a.URL, b.URL))
	})
	return all
}

// realIndexes returns the indexes to test with: those in the folder that
// PORTOLAN_INDEXES names, or the one in testdata.
func realIndexes(t testing.TB) map[string][]byte {
	t.Helper()
	folder := cmp.Or(os.Getenv("PORTOLAN_INDEXES"), "testdata")
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no indexes in %s: %v", folder, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = b
	}
	return all
}

// TestRealIndexes reads each index in several forms, with the results that Helm
// would get.
func TestRealIndexes(t *testing.T) {
	for name, b := range realIndexes(t) {
		want := reference(t, b)
		asJSON, err := yaml.YAMLToJSON(b)
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string][]byte{"yaml": b, "json": asJSON, "windows": bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")), "flow": append([]byte("# {}\n"), asJSON...)} {
			x, err := ReadIndex(bytes.NewReader(text))
			if err != nil {
				t.Fatalf("%s, %s: %v", name, form, err)
			}
			if got := sorted(x.Entries); len(x.Flaws) > 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %d entries and flaws %v, want %d entries", name, form, len(got), x.Flaws, len(want))
			}
		}
		t.Logf("%s: %d entries", name, len(want))
	}
}

// read sums up in a few words what ReadIndex returns.
func readText(text string) string {
	x, err := ReadIndex(strings.NewReader(text))
	if err != nil {
		return "error: " + err.Error()
	}
	var words []string
	for _, e := range x.Entries {
		words = append(words, strings.TrimSuffix(fmt.Sprintf("%s@%s %s", e.Name, e.Version, e.URL), " "))
	}
	for _, f := range x.Flaws {
		words = append(words, fmt.Sprintf("(%s: %s)", f.Chart, f.Reason))
	}
	return strings.Join(words, ", ")
}

func TestReadIndex(t *testing.T) {
	const a = `{"name":"a","version":"1","urls":["u"]}`
	tests := []struct{ name, text, want string }{
		{"nothing", "", "error: is not the index of a Helm repository: it is empty"},
		{"white space", " \n\t", "error: is not the index"},
		{"a page", "<!doctype html><title>x</title>", "error: is not the index"},
		{"a list", "- a\n- b\n", "error: is not the index"},
		{"another object", `{"message":"not found"}`, "error: is not the index"},
		{"cut JSON", `{"apiVersion":"v1","entries":{"a":[` + a, "error: is not the index"},
		{"no entries", "apiVersion: v1\n", ""},
		{"null entries", "apiVersion: v1\nentries:\n", ""},
		{"empty entries", "apiVersion: v1\nentries: {} # none\ngenerated: x\n", ""},
		{"JSON", `{"apiVersion":"v1","entries":{"a":[` + a + `]},"x":{"entries":1}}`, "a@1 u"},
		{"JSON nulls", `{"entries":{"a":[null,` + a + `],"b":null},"apiVersion":null}`, "a@1 u, (a: it is null)"},
		{"JSON number", `{"apiVersion":"v1","entries":{"a":[{"name":"a","version":1.10,"urls":["u"]},` + a + `]}}`, "a@1 u, (a: it cannot be read: json"},
		{"JSON that is YAML", "{apiVersion: v1, entries: {a: [" + a + "]}}", "a@1 u"},
		{"BOM", "\ufeff{\"apiVersion\":\"v1\",\"entries\":{\"a\":[" + a + "]}}", "a@1 u"},
		{"block", "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.10\n    urls:\n    - u\n    - v\n", "a@1.10 u"},
		{"document", "---\n# c\nentries:\n  # c\n  a:\n\n    - version: '1'\n# c\n      urls: [\"u\"]\n      name: a\n...\nentries:\n", "a@1 u"},
		{"not indented", "entries:\n a:\n - name: a\n   version: 1\n   urls: [u]\nx:\n- y\n", "a@1 u"},
		{"dash alone", "entries:\n  a:\n  -\n    name: a\n    version: 1\n    urls: [u]\n", "a@1 u"},
		{"quoted keys", "entries:\n  \"a\": # c\n  - name: a\n    version: 1\n    urls: [u]\n  'b': []\n  c:\n", "a@1 u"},
		{"text like entries", "entries:\n  a:\n  - description: |\n      entries:\n      - name: x\n\n     \n    name: a\n    version: 1\n    urls: [u]\n", "a@1 u"},
		{"quoted over lines", "entries:\n  a:\n  - description: \"x\n- name: b\n  \"\n    name: a\n    version: 1\n    urls: [u]\n", "a@1 u"},
		{"anchors", "entries:\n  a:\n  - &x\n    name: a\n    version: 1\n    urls: [u]\n  - *x\n", "a@1 u, a@1 u"},
		{"aliased values", "x: &u [u]\nentries:\n  a:\n  - name: a\n    version: 1\n    urls: *u\n", "a@1 u"},
		{"flow entry", "entries:\n  a:\n  - " + a + "\n", "a@1 u"},
		{"flow list", "entries:\n  a: [" + a + "]\n", "a@1 u"},
		{"null entry", "entries:\n  a:\n  -\n  - null\n  - " + a + "\n", "a@1 u, (a: it is not an object with a name, a version and URLs), (a: it is not an object"},
		{"bad entry", "entries:\n  a:\n  - name: [\n  - " + a + "\n", "a@1 u, (a: it is not valid YAML"},
		{"fields missing", "entries:\n  a:\n  - {}\n  - name: a\n  - {name: a, version: 1}\n  - {name: a, version: 1, urls: []}\n", "(a: it has no name), (a: it has no version), (a: it has no URL), (a: it has no URL)"},
		{"wrong types", "entries:\n  a:\n  - name: {}\n  - {name: a, version: 1, urls: u}\n", "(a: name must be a string), (a: urls must be a list)"},
		{"other name", "entries:\n  b:\n  - " + a + "\n", `(b: its name is "a", not the one that it is listed under)`},
		{"bad date", "entries:\n  a:\n  - created: yesterday\n    name: a\n    version: 1\n    urls: [u]\n", `(a: created is "yesterday", which is not a valid time)`},
		{"huge entry", "entries:\n  a:\n  - description: " + strings.Repeat("x", maxEntry) + "\n  - " + a + "\n", "a@1 u, (a: it has more than 1048576 bytes)"},
		{"long URL", "entries:\n  a:\n  - {name: a, version: 1, urls: [" + strings.Repeat("u", maxText+1) + "]}\n", "(a: its name, version, digest or URL is too long)"},
		{"entries as a list", "apiVersion: v1\nentries:\n- a\n- b\n", "(: it is not an object with a name, a version and URLs), (: it is not an object with a name, a version and URLs)"},
		{"entries as text", "apiVersion: v1\nentries: a\n", "error: is not the index"},
		{"a chart as text", "entries:\n  a: b\n", "(a: it has no list of versions)"},
		{"entries twice", "entries:\n  a:\n  - " + a + "\nentries:\n", "error: is not the index"},
	}
	for _, test := range tests {
		got := readText(test.text)
		if got != test.want && (!strings.Contains(test.want, "error:") && !strings.Contains(test.want, "(") || !strings.HasPrefix(got, test.want)) {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestDates reads the dates that Helm reads.
func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		`"2021-02-03T04:05:06.123456789+02:00"`: "2021-02-03T02:05:06.123456789Z",
		`2021-02-03T04:05:06Z`:                  "2021-02-03T04:05:06Z",
		`2021-02-03`:                            "2021-02-03T00:00:00Z",
		`null`:                                  "0001-01-01T00:00:00Z",
		`""`:                                    "0001-01-01T00:00:00Z",
		`"0001-01-01T00:00:00Z"`:                "0001-01-01T00:00:00Z",
	} {
		x, err := ReadIndex(strings.NewReader("entries:\n  a:\n  - created: " + text + "\n    name: a\n    version: 1\n    urls: [u]\n"))
		if err != nil || len(x.Entries) != 1 {
			t.Errorf("%s: got %+v, %v", text, x, err)
			continue
		}
		if got := x.Entries[0].Created.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// repeated is a large index that is never in memory as a whole.
type repeated struct {
	head, part, tail string
	n                int
	at               int64
}

func (r *repeated) size() int64 {
	return int64(len(r.head)) + int64(r.n)*int64(len(r.part)) + int64(len(r.tail))
}

func (r *repeated) Seek(offset int64, whence int) (int64, error) {
	r.at = offset
	if whence == io.SeekEnd {
		r.at += r.size()
	}
	return r.at, nil
}

func (r *repeated) Read(b []byte) (int, error) {
	at, text := r.at, r.head
	if at >= int64(len(r.head)) {
		at -= int64(len(r.head))
		text = r.part
		if at >= int64(r.n)*int64(len(r.part)) {
			at, text = at-int64(r.n)*int64(len(r.part)), r.tail
		} else {
			at %= int64(len(r.part))
		}
	}
	if at >= int64(len(text)) {
		return 0, io.EOF
	}
	n := copy(b, text[at:])
	r.at += int64(n)
	return n, nil
}

// TestLargeIndex reads an index that is too large to be read as a whole, in a
// fraction of the memory that this would take, and refuses one above the limit.
func TestLargeIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: it reads the largest indexes")
	}
	fields := strings.Repeat("    field: some text\n", 80)
	yaml := &repeated{head: "apiVersion: v1\nentries:\n  a:\n", part: "  - name: a\n    version: 1.0.0\n    urls: [u]\n" + fields}
	object := `{"name":"a","version":"1.0.0","urls":["u"],"x":"` + strings.Repeat("x", 2000) + `"}`
	list := &repeated{head: `{"apiVersion":"v1","entries":{"a":[` + object, part: "," + object, tail: "]}}"}
	for name, r := range map[string]*repeated{"yaml": yaml, "json": list} {
		r.n = 2 * maxWhole / len(r.part)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begun := time.Now()
		x, err := ReadIndex(r)
		runtime.ReadMemStats(&after)
		if err != nil || len(x.Flaws) > 0 || len(x.Entries) < r.n {
			t.Fatalf("%s: got %v; want %d entries", name, err, r.n)
		}
		grown := int64(after.Sys) - int64(before.Sys)
		t.Logf("%s: %d MiB, %d entries, %v, %d MiB more memory", name, r.size()>>20, len(x.Entries), time.Since(begun).Round(time.Millisecond), grown>>20)
		if grown > 64<<20 {
			t.Errorf("%s: reading takes %d MiB more memory", name, grown>>20)
		}
		r.n += 1 + maxIndex/len(r.part)
		if _, err := ReadIndex(r); !errors.Is(err, errTooLarge) {
			t.Errorf("%s: got %v, want that it is too large", name, err)
		}
	}
}

// TestManyEntries stops reading an index that consists of very many tiny entries
// once the limit is reached.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: it reads the largest indexes")
	}
	const entry = `{"name":"a","version":"1","urls":["u"]}`
	for name, test := range map[string]struct {
		r    *repeated
		want error
	}{
		"yaml":          {&repeated{head: "entries:\n  a:\n", part: "  - 1\n"}, errFlaws},
		"json":          {&repeated{head: `{"entries":{"a":[1`, part: ",1", tail: "]}}"}, errFlaws},
		"flow":          {&repeated{head: "entries: {a: [1", part: ",1", tail: "]}"}, errFlaws},
		"json, entries": {&repeated{head: `{"entries":{"a":[` + entry, part: "," + entry, tail: "]}}"}, errEntries},
	} {
		test.r.n = maxFlaws - 10
		if test.want == errEntries {
			test.r.n = maxEntries - 1
		}
		if _, err := ReadIndex(test.r); err != nil {
			t.Errorf("%s: %d entries: got %v", name, test.r.n, err)
		}
		test.r.n += 20
		if _, err := ReadIndex(test.r); !errors.Is(err, test.want) {
			t.Errorf("%s: %d entries: got %v, want %v", name, test.r.n, err, test.want)
		}
	}
}

// FuzzReadIndex checks that reading any index ends, and that every entry is
// complete and within the limits.
func FuzzReadIndex(f *testing.F) {
	for _, b := range realIndexes(f) {
		f.Add(b[:min(len(b), 4000)])
	}
	f.Add([]byte("entries:\n  a:\n  - &x {name: a, version: 1, urls: [u]}\n  - *x\n"))
	f.Add([]byte(`{"apiVersion":"v1","entries":{"a":[{"name":"a","version":"1","urls":["u"],"created":"2020-01-01T00:00:00Z"}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ReadIndex(bytes.NewReader(b))
		if (err == nil) != (x != nil) {
			t.Fatalf("got %v and %v", x, err)
		}
		if err != nil {
			return
		}
		for _, e := range x.Entries {
			if e.Name == "" || e.Version == "" || e.URL == "" || len(e.Name)+len(e.Version)+len(e.Digest) > 3*maxWord || len(e.URL) > maxText {
				t.Errorf("entry %+v", e)
			}
		}
		// What was read can be written as an index and read again.
		lists := map[string][]map[string]any{}
		for _, e := range x.Entries {
			lists[e.Name] = append(lists[e.Name], map[string]any{"name": e.Name, "version": e.Version, "urls": []string{e.URL}, "digest": e.Digest})
		}
		again, err := json.Marshal(map[string]any{"apiVersion": "v1", "entries": lists})
		if err != nil {
			t.Fatal(err)
		}
		if y, err := ReadIndex(bytes.NewReader(again)); err != nil || len(y.Entries) != len(x.Entries) || len(y.Flaws) > 0 {
			t.Errorf("after writing: %+v, %v; before: %+v", y, err, x)
		}
	})
}
