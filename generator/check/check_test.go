package check

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/tools/txtar"

	"github.com/portolan-charts/portolan/generator/charttest"
)

var updateChecks = flag.Bool("update-checks", false, "rewrite what testdata/check wants")

// TestCheck runs the cases of testdata/check: the files of an archive, and
// what Archive says of it. Options stand in the comment.
func TestCheck(t *testing.T) {
	cases, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			last := len(a.Files) - 1
			if a.Files[last].Name != "want" {
				t.Fatal("the last file is not want")
			}
			var entries []charttest.Entry
			for _, f := range a.Files[:last] {
				entries = append(entries, charttest.File(f.Name, string(f.Data)))
			}
			got := verdict(sameAsHelm(t, charttest.Archive(entries...), options(string(a.Comment))))
			if *updateChecks {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(a.Files[last].Data); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// options reads the lines "versions:", "charts:" and "require:" of a comment.
func options(comment string) (c Options) {
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "versions":
			c.Versions = value
		case "charts":
			c.Charts = strings.Split(value, ", ")
		case "require":
			c.Require = strings.Split(value, ", ")
		}
	}
	return c
}

// verdict writes what ReadContents returned.
func verdict(c *Contents, err error) string {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return fmt.Sprintf("rejected %s: %s\n", p.Rule, p.Message)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "accepted %s, %d files, %d templates, %d CRDs, README %t, schema %t\n", FileName(c.Metadata.Name, c.Metadata.Version),
		len(c.Files), len(c.Templates), len(c.CRDs), c.README != nil, c.Schema != nil)
	for _, w := range c.Warnings {
		fmt.Fprintf(&b, "%s: %s\n", w.Rule, w.Message)
	}
	return b.String()
}

// wantRule fails unless err is the Problem of a rule.
func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if p := (*Problem)(nil); !errors.As(err, &p) || p.Rule != rule {
		t.Errorf("got %v, want a problem of rule %q", err, rule)
	}
}

func TestCheckResult(t *testing.T) {
	data := charttest.Simple("mychart", "0.1.0", "crds/a.json", `{"apiVersion": "v1", "kind": "List"}`, "values.schema.json", "{}", "annotations.txt", "x")
	c, err := ReadContents(bytes.NewReader(data), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != int64(len(data)) || len(c.Digest) != 64 || !strings.HasPrefix(c.Fingerprint, "1:") || len(c.Warnings) != 0 {
		t.Errorf("got %+v", c)
	}
	if string(c.README) != "# mychart\n" || string(c.Values) != "replicas: 1\n" || string(c.Schema) != "{}" {
		t.Errorf("kept %q, %q, %q", c.README, c.Values, c.Schema)
	}
	var paths []string
	for _, f := range c.Files {
		paths = append(paths, fmt.Sprint(f.Path, ":", f.Size))
	}
	want := "Chart.yaml:75 README.md:10 annotations.txt:1 crds/a.json:36 templates/note.yaml:118 values.schema.json:2 values.yaml:12"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("got files %s\nwant %s", got, want)
	}
}

func TestREADMEChoice(t *testing.T) {
	data := charttest.Simple("mychart", "0.1.0", "readme", "3", "readme.md", "2", "README.txt", "4")
	c, err := ReadContents(bytes.NewReader(data), Options{})
	if err != nil || string(c.README) != "# mychart\n" {
		t.Errorf("got %v, %v", c, err)
	}
}

// What the site says of a chart is bounded, however it got so long.
func TestDescription(t *testing.T) {
	chart := func(n int) string {
		return "apiVersion: v2\nname: mychart\nversion: 0.1.0\nhome: " + strings.Repeat("x", n) + "\n"
	}
	fits := 64<<10 - check(t, charttest.Simple("mychart", "0.1.0", "Chart.yaml", chart(1))).IndexSize + 1
	check(t, charttest.Simple("mychart", "0.1.0", "Chart.yaml", chart(fits)))
	_, err := sameAsHelm(t, charttest.Simple("mychart", "0.1.0", "Chart.yaml", chart(fits+1)), Options{})
	wantRule(t, err, "index-line-size")
	long := strings.Repeat("x", 40<<10)
	_, err = sameAsHelm(t, charttest.Simple("mychart", "0.1.0", "Chart.yaml", chart(len(long)),
		"requirements.yaml", "dependencies:\n- {name: a, version: '1', repository: "+long+"}\n"), Options{})
	wantRule(t, err, "index-line-size")

	md := &Metadata{Name: "mychart", Version: "0.1.0"}
	for path, want := range map[string]string{
		"a/" + long[:250] + "/" + long[:250]:               "",
		"a/" + long[:250] + "/" + strings.Repeat("<", 250): "too-many-entries",
	} {
		files := make([]File, 9000)
		for i := range files {
			files[i] = File{Path: fmt.Sprint(path, i)}
		}
		if _, p := checkDescription(md, files); ruleOf(p) != want {
			t.Errorf("9,000 files named %.300s: got %v", path, p)
		}
	}
}

// A repacked chart has another digest and the same fingerprint.
func TestFingerprint(t *testing.T) {
	files := charttest.Chart("mychart", "0.1.0", "a/b", "1", "a/c", "2")
	base := check(t, charttest.Pack("mychart", files, nil))
	for _, o := range []charttest.Options{
		{Time: charttest.Time.AddDate(1, 0, 0)}, {Level: 1}, {Reverse: true}, {Folders: true},
	} {
		c := check(t, charttest.Pack("mychart", files, &o))
		if c.Digest == base.Digest || c.Fingerprint != base.Fingerprint {
			t.Errorf("%+v: digest %s, fingerprint %s; first %s, %s", o, c.Digest, c.Fingerprint, base.Digest, base.Fingerprint)
		}
	}
	for name, body := range map[string]string{"a/b": "2", "a": "x", "README.md": ""} {
		if name == "a" { // moving bytes from a name to a content is a change too
			delete(files, "a/b")
			delete(files, "a/c")
		}
		changed := charttest.Chart("mychart", "0.1.0", "a/b", "1", "a/c", "2", name, body)
		if name == "a" {
			delete(changed, "a/b")
			delete(changed, "a/c")
		}
		if c := check(t, charttest.Pack("mychart", changed, nil)); c.Fingerprint == base.Fingerprint {
			t.Errorf("changing %s leaves the fingerprint alone", name)
		}
	}
}

func check(t *testing.T, data []byte) *Chart {
	t.Helper()
	c, err := sameAsHelm(t, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Chart
}

// An error of the source is passed on as it is, wherever it happens.
func TestCheckSourceError(t *testing.T) {
	broken := errors.New("connection reset")
	nested := charttest.Simple("sub", "0.1.0", "random.bin", noise(5000))
	data := charttest.Simple("mychart", "0.1.0", "charts/sub.tgz", string(nested), "random.bin", noise(20_000))
	for i := 0; i < len(data); i += 97 {
		for _, cause := range []error{broken, io.ErrUnexpectedEOF} {
			r := io.MultiReader(bytes.NewReader(data[:i]), iotest.ErrReader(cause))
			if _, err := Archive(iotest.OneByteReader(r), Options{}); err != cause {
				t.Fatalf("at byte %d: got %v, want %v", i, err, cause)
			}
		}
	}
}

// Every way to cut an archive short is a Problem.
func TestCheckTruncated(t *testing.T) {
	nested := charttest.Simple("sub", "0.1.0")
	data := charttest.Simple("mychart", "0.1.0", "charts/sub.tgz", string(nested))
	for i := range data {
		_, err := Archive(bytes.NewReader(data[:i]), Options{})
		if rule := "gzip-truncated"; i >= 2 {
			wantRule(t, err, rule)
		} else {
			wantRule(t, err, "not-gzip")
		}
	}
}

// Every flipped bit of the compressed data is found out.
func TestCheckFlipped(t *testing.T) {
	data := charttest.Simple("mychart", "0.1.0")
	good := check(t, data)
	for i := range data {
		data[i] ^= 0x10
		c, err := Archive(bytes.NewReader(data), Options{})
		// The gzip header says nothing that matters: time, system, level.
		if i >= 10 && err == nil || err == nil && c.Fingerprint != good.Fingerprint {
			t.Errorf("byte %d changed and nobody noticed", i)
		}
		data[i] ^= 0x10
	}
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("out of \x1b[31mcheese") }

func TestCheckPanic(t *testing.T) {
	c, err := Archive(panics{}, Options{})
	wantRule(t, err, "internal")
	if c != nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %v, %q", c, err)
	}
	_, err = ReadProvenance(panics{})
	wantRule(t, err, "internal")
}

func TestCheckNoProgress(t *testing.T) {
	r := readerFunc(func([]byte) (int, error) { return 0, nil })
	if _, err := Archive(r, Options{}); err != io.ErrNoProgress {
		t.Errorf("got %v, want %v", err, io.ErrNoProgress)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func BenchmarkCheck(b *testing.B) {
	for _, file := range []string{"frobnitz-1.2.3.tgz", "aws-vpc-cni-1.0.1.tgz"} {
		data, err := os.ReadFile(filepath.Join("testdata", "charts", file))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Archive(bytes.NewReader(data), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
