package check

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// small keeps a fuzzed archive from spending the time of a large one.
var small = Limits{Packed: 1 << 20, Unpacked: 4 << 20, File: 1 << 20, Entries: 200, Depth: 4}

// FuzzCheck reads any bytes as an archive, and the same bytes as a tar archive
// that only needs compressing.
func FuzzCheck(f *testing.F) {
	f.Add(charttest.Simple("mychart", "0.1.0"))
	f.Add(charttest.Tar(charttest.File("mychart/Chart.yaml", chartYAML), charttest.Folder("mychart/templates/")))
	f.Add(sparse(true))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzOne(t, data)
		fuzzOne(t, charttest.Gzip(data, 1))
	})
}

// FuzzEntries makes an archive of the files of a txtar text, so that the fuzzer
// writes names and YAML instead of checksums. A name that ends in .tgz holds
// the archive of the files after it, up to one named "end"; a name's first
// character can ask for another type of entry.
func FuzzEntries(f *testing.F) {
	cases, _ := filepath.Glob("testdata/check/*.txtar")
	for _, file := range cases {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		a.Comment, a.Files = nil, a.Files[:len(a.Files)-1]
		if data := txtar.Format(a); len(data) < 2000 {
			f.Add(data)
		}
	}
	f.Add([]byte("-- mychart/Chart.yaml --\n" + chartYAML + "-- mychart/charts/a.tgz --\n-- a/Chart.yaml --\nname: a\nversion: 1\n-- end --\n-- >mychart/x --\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := txtar.Parse(data).Files
		fuzzOne(t, fuzzedArchive(&files))
	})
}

// fuzzedArchive takes files off the list, up to one named "end".
func fuzzedArchive(files *[]txtar.File) []byte {
	var entries []charttest.Entry
	for len(*files) > 0 {
		f := (*files)[0]
		*files = (*files)[1:]
		if f.Name == "end" {
			break
		}
		e := charttest.File(f.Name, string(f.Data))
		if name, ok := strings.CutPrefix(f.Name, ">"); ok {
			e = charttest.Link(name, string(f.Data))
		} else if strings.HasSuffix(f.Name, "/") {
			e = charttest.Folder(f.Name)
		} else if strings.HasSuffix(f.Name, ".tgz") && len(*files) > 0 {
			e.Body = string(fuzzedArchive(files))
		}
		if tarTakes(e) {
			entries = append(entries, e)
		}
	}
	return charttest.Gzip(charttest.Tar(entries...), 1)
}

// tarTakes tells whether package tar will write an entry.
func tarTakes(e charttest.Entry) bool {
	e.Header.Size = int64(len(e.Body))
	return !strings.Contains(e.Header.Name+e.Header.Linkname, "\x00") && e.Header.Name != "" &&
		tar.NewWriter(&bytes.Buffer{}).WriteHeader(&e.Header) == nil
}

// fuzzOne checks an archive: no panic, no other error than a Problem, no
// message that could do harm, nothing that Helm reads differently.
func fuzzOne(t *testing.T, data []byte) {
	chart, err := sameAsHelm(t, data, Options{Versions: "helm", Limits: small})
	if p := (*Problem)(nil); errors.As(err, &p) {
		if message, _ := Describe(p.Rule); message == "" {
			t.Errorf("the rule %q has no entry", p.Rule)
		}
		checkHarmless(t, p.Message)
		return
	}
	for _, w := range chart.Warnings {
		checkHarmless(t, w.Message)
	}
	md := chart.Metadata
	for _, s := range []string{md.Name, md.Version, md.Description, md.AppVersion, md.Home, md.Icon, md.Type, md.KubeVersion} {
		if strings.ContainsFunc(s, hidden) {
			t.Errorf("metadata holds control characters: %q", s)
		}
	}
	if again := FileName(md.Name, md.Version); strings.ContainsAny(again, "/\\ %?#") || len(again) > 255 {
		t.Errorf("file name %q", again)
	}
}

// FuzzProvenance reads any bytes as a provenance file and, to get past the
// signature, as the text that one signs.
func FuzzProvenance(f *testing.F) {
	// A fixed one: a fresh key would make every worker see other seeds.
	signed, err := os.ReadFile(filepath.Join("testdata", "charts", "signtest-0.1.0.tgz.prov"))
	if err != nil {
		f.Fatal(err)
	}
	begin := bytes.Index(signed, []byte("apiVersion"))
	end := bytes.Index(signed, []byte("-----BEGIN PGP SIGNATURE"))
	f.Add(signed)
	f.Add(signed[begin:end])
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, append(append(bytes.Clone(signed[:begin]), data...), append([]byte("\n"), signed[end:]...)...)} {
			p, err := ReadProvenance(bytes.NewReader(file))
			if problem := (*Problem)(nil); err != nil && !errors.As(err, &problem) {
				t.Errorf("no Problem: %v", err)
			} else if err != nil {
				if problem.Rule == "internal" {
					t.Error(err)
				}
				checkHarmless(t, problem.Message)
			} else if len(p.Digest) != 64 || p.File == "" {
				t.Errorf("got %+v", p)
			}
		}
	})
}

// TestMutatedCorpus changes real archives and checks that whatever is still
// accepted is what Helm reads.
func TestMutatedCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	accepted, all := 0, 0
	for i, file := range corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plain := gunzip(t, data)
		for j := range 8 { // the first header, the first file, and wherever
			changed := bytes.Clone(plain)
			at := (j*j*613 + i*97) % min(len(changed), 4096)
			changed[at] ^= 1 << (j % 8)
			all++
			if _, err := sameAsHelm(t, charttest.Gzip(changed, 1), Options{Versions: "helm"}); err == nil {
				accepted++
			}
		}
	}
	t.Logf("%d of %d mutated archives are accepted", accepted, all)
}

func gunzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
