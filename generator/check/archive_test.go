package check

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

const chartYAML = "apiVersion: v2\nname: mychart\nversion: 0.1.0\n"

// noise returns n bytes that do not compress.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return string(b)
}

func entryOf(typeflag byte, name string, change func(*tar.Header)) charttest.Entry {
	e := charttest.File(name, "")
	e.Header.Typeflag = typeflag
	if change != nil {
		change(&e.Header)
	}
	return e
}

// TestEntries has the entries that no text can show.
func TestEntries(t *testing.T) {
	chart := charttest.File("mychart/Chart.yaml", chartYAML)
	global := func(key, value string) charttest.Entry {
		return charttest.Entry{Header: tar.Header{
			Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{key: value},
		}}
	}
	for _, test := range []struct {
		name  string
		rule  string
		entry charttest.Entry
	}{
		{"folder", "", charttest.Folder("mychart/")},
		{"git", "", global("comment", "0123456789abcdef")},
		{"global path", "tar-global-header", global("path", "other/Chart.yaml")},
		{"symlink", "entry-type", charttest.Link("mychart/x", "/etc/passwd")},
		{"hard link", "entry-type", entryOf(tar.TypeLink, "mychart/x", func(h *tar.Header) { h.Linkname = "mychart/Chart.yaml" })},
		{"fifo", "entry-type", entryOf(tar.TypeFifo, "mychart/x", nil)},
		{"device", "entry-type", entryOf(tar.TypeChar, "mychart/x", nil)},
		{"block device", "entry-type", entryOf(tar.TypeBlock, "mychart/x", nil)},
		{"contiguous", "entry-type", entryOf(tar.TypeCont, "mychart/x", nil)},
		{"folder by mode", "entry-mode", entryOf(tar.TypeReg, "mychart/x", func(h *tar.Header) { h.Mode = 0o40755 })},
		{"link by mode", "entry-mode", entryOf(tar.TypeReg, "mychart/x", func(h *tar.Header) { h.Mode = 0o120777 })},
		{"file by mode", "", entryOf(tar.TypeReg, "mychart/x", func(h *tar.Header) { h.Mode = 0o100644 })},
		{"escape in name", "path-control", charttest.File("mychart/\x1b[31m", "")},
		{"line in name", "path-control", charttest.File("mychart/a\nb", "")},
		{"direction in name", "path-control", charttest.File("mychart/a\u202eb", "")},
		{"latin name", "path-encoding", charttest.File("mychart/caf\xe9", "")},
		{"other script", "", charttest.File("mychart/читай ме.txt", "")},
		{"same again", "", chart},
		{"other again", "path-twice", charttest.File("mychart/Chart.yaml", chartYAML+"icon: x\n")},
		{"file and folder", "path-conflict", charttest.Folder("mychart/Chart.yaml/")},
		{"bad UTF-8 in values", "yaml-encoding", charttest.File("mychart/values.yaml", "a: caf\xe9\n")},
		{"UTF-16 values", "yaml-encoding", charttest.File("mychart/values.yaml", "\xff\xfea\x00:\x00 \x001\x00")},
		{"5 MiB", "", charttest.File("mychart/x", strings.Repeat("x", defaultFile))},
		{"more than 5 MiB", "file-size", charttest.File("mychart/x", strings.Repeat("x", defaultFile+1))},
		{"large lock", "yaml-size", charttest.File("mychart/Chart.lock", strings.Repeat("#", defaultChartYAML+1))},
		{"dense values", "yaml-complex", charttest.File("mychart/values.yaml", "a:\n"+strings.Repeat("- 1\n", maxYAMLMarks))},
		{"nested", "", charttest.File("mychart/charts/sub.tgz", string(charttest.Simple("sub", "0.1.0")))},
		{"nested, other folder", "", charttest.File("mychart/charts/sub.tgz", string(charttest.Pack("x", charttest.Chart("sub", "0.1.0"), nil)))},
		{"nested, trailing", "gzip-trailing-bytes", charttest.File("mychart/charts/sub.tgz", string(charttest.Simple("sub", "0.1.0"))+"x")},
		{"nested, no chart", "subchart", charttest.File("mychart/charts/sub.tgz", string(charttest.Archive(charttest.File("sub/x", ""))))},
		{"nested, bad version", "chart-yaml", charttest.File("mychart/charts/sub.tgz", string(charttest.Simple("sub", "latest")))},
		{"nested, bad values", "yaml", charttest.File("mychart/charts/sub.tgz", string(charttest.Simple("sub", "0.1.0", "values.yaml", "- x")))},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := sameAsHelm(t, charttest.Archive(chart, test.entry), Options{})
			switch {
			case test.rule != "":
				wantRule(t, err, test.rule)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

// sparse returns a tar archive with one sparse file of the old GNU kind, or of
// the PAX kind; package tar writes neither.
func sparse(pax bool) []byte {
	e := charttest.File("mychart/x", "")
	if !pax {
		data := charttest.Tar(e)
		data[156] = tar.TypeGNUSparse
		copy(data[257:], "ustar  \x00")
		copy(data[483:], "00000000000\x00") // real size
		return checksummed(data)
	}
	// A record of the same length, renamed in the bytes.
	e.Header.PAXRecords = map[string]string{"PORTO.xxxxxx.major": "1", "PORTO.xxxxxx.minor": "0"}
	return bytes.ReplaceAll(charttest.Tar(e), []byte("PORTO.xxxxxx."), []byte("GNU.sparse.X."))
}

// checksummed corrects the checksum of the first header.
func checksummed(data []byte) []byte {
	copy(data[148:156], "        ")
	sum := 0
	for _, c := range data[:512] {
		sum += int(c)
	}
	for i := 153; i >= 148; i-- {
		data[i] = byte('0' + sum%8)
		sum /= 8
	}
	data[154], data[155] = 0, ' '
	return data
}

// TestFraming has faults outside of entries.
func TestFraming(t *testing.T) {
	good := charttest.Simple("mychart", "0.1.0")
	plain := charttest.Tar(charttest.File("mychart/Chart.yaml", chartYAML))
	end := len(plain) - 1024
	other := charttest.Tar(charttest.File("mychart/values.yaml", "a: 1\n"))
	bad := bytes.Clone(plain)
	bad[1] ^= 1
	later := append(bytes.Clone(plain[:end]), bad...)
	zip := func(data []byte) []byte { return charttest.Gzip(data, 1) }
	crc := bytes.Clone(good)
	crc[len(crc)-6] ^= 1
	for _, test := range []struct {
		name, rule string
		data       []byte
	}{
		{"empty", "not-gzip", nil},
		{"text", "not-gzip", []byte("apiVersion: v1\n")},
		{"two bytes", "gzip-truncated", []byte("\x1f\x8b")},
		{"other method", "not-gzip", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"no gzip", "not-gzip", plain},
		{"gzip of nothing", "no-files", zip(nil)},
		{"gzip of text", "not-tar", zip(bytes.Repeat([]byte("hello, world\n"), 100))},
		{"gzip of short text", "tar-truncated", zip([]byte("hello"))},
		{"only folders", "no-files", zip(charttest.Tar(charttest.Folder("mychart/")))},
		{"checksum", "gzip-corrupt", crc},
		{"two members", "gzip-several-members", append(bytes.Clone(good), zip(nil)...)},
		{"trailing zero", "gzip-trailing-bytes", append(bytes.Clone(good), 0)},
		{"trailing text", "gzip-trailing-bytes", append(bytes.Clone(good), "hello"...)},
		{"no end", "", zip(plain[:end])},
		{"half an end", "", zip(plain[:end+512])},
		{"much end", "", zip(append(bytes.Clone(plain), make([]byte, 10240)...))},
		{"no padding", "tar-truncated", zip(plain[:512+len(chartYAML)])},
		{"half a file", "tar-truncated", zip(plain[:512+10])},
		{"half a header", "tar-truncated", zip(append(bytes.Clone(plain[:end]), other[:100]...))},
		{"bad header", "not-tar", zip(bad)},
		{"bad later header", "tar-corrupt", zip(later)},
		{"second archive", "tar-trailing-bytes", zip(append(bytes.Clone(plain), other...))},
		{"one zero block, then more", "tar-corrupt", zip(append(bytes.Clone(plain[:end+512]), other...))},
		{"sparse", "entry-sparse", zip(sparse(false))},
		{"PAX sparse", "entry-sparse", zip(sparse(true))},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := sameAsHelm(t, test.data, Options{})
			switch {
			case test.rule != "":
				wantRule(t, err, test.rule)
			case err != nil:
				t.Error(err)
			case strings.Contains(test.name, "no end") != (len(c.Warnings) == 1):
				if test.name != "half an end" || len(c.Warnings) != 1 {
					t.Errorf("warnings: %v", c.Warnings)
				}
			}
		})
	}
}

// nest puts a chart into an archive in a chart, several times over.
func nest(levels int) []byte {
	data := charttest.Simple("mychart", "0.1.0")
	for range levels {
		data = charttest.Simple("mychart", "0.1.0", "charts/mychart.tgz", string(data))
	}
	return data
}

func TestDepth(t *testing.T) {
	if _, err := sameAsHelm(t, nest(defaultDepth), Options{}); err != nil {
		t.Error(err)
	}
	_, err := sameAsHelm(t, nest(defaultDepth+1), Options{})
	wantRule(t, err, "too-deep")
}

func TestLimits(t *testing.T) {
	files := charttest.Chart("mychart", "0.1.0", "noise", noise(3000), "zeros", strings.Repeat("\x00", 9000))
	data := charttest.Pack("mychart", files, nil)
	nested := charttest.Simple("mychart", "0.1.0", "charts/a.tgz", string(data))
	for _, test := range []struct {
		rule   string
		data   []byte
		limits Limits
	}{
		{"", data, Limits{Packed: int64(len(data))}},
		{"packed-size", data, Limits{Packed: int64(len(data)) - 1}},
		{"packed-size", data, Limits{Packed: 1}},
		{"unpacked-size", data, Limits{Unpacked: 12_000}},
		{"unpacked-size", nested, Limits{Unpacked: 20_000}},
		{"", data, Limits{Unpacked: 20_000}},
		{"file-size", data, Limits{File: 8999}},
		{"", data, Limits{File: 9000}},
		{"yaml-size", data, Limits{ChartYAML: 50}},
		{"", data, Limits{Entries: 6}},
		{"too-many-entries", data, Limits{Entries: 5}},
		{"too-many-entries", nested, Limits{Entries: 10}},
		{"", nested, Limits{Entries: 11}},
		{"", nested, Limits{Depth: 1}},
	} {
		_, err := sameAsHelm(t, test.data, Options{Limits: test.limits})
		if test.rule != "" {
			wantRule(t, err, test.rule)
		} else if err != nil {
			t.Errorf("%+v: %v", test.limits, err)
		}
	}
}

// bomb writes an archive of one file after another, each of size zeros.
func bomb(files int, size int64) io.Reader {
	r, w := io.Pipe()
	go func() {
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		t := tar.NewWriter(z)
		zeros := make([]byte, 1<<20)
		for i := range files {
			name := "mychart/" + strings.Repeat("x", 90) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
			if t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}) != nil {
				break
			}
			for left := size; left > 0; left -= int64(len(zeros)) {
				if _, err := t.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
					break
				}
			}
		}
		w.CloseWithError(t.Close())
	}()
	return r
}

// yamlBomb is a chart with a YAML file that is small until its aliases are expanded.
func yamlBomb(name, yaml string) io.Reader {
	if name == "Chart.yaml" {
		yaml = chartYAML + yaml
	}
	return bytes.NewReader(charttest.Simple("mychart", "0.1.0", name, yaml))
}

// What is refused for its size is refused in little memory and without
// reading all of it. The bounds are far below what a bomb would cost, and far
// above the few MiB that it costs to find out: under the race detector package
// io forgets its buffers at random and makes up to two new ones per entry.
func TestBombs(t *testing.T) {
	quotes, letters := strings.Repeat(`"`, 100<<10), strings.Repeat("x", 1<<20)
	for _, test := range []struct {
		name, rule string
		most       uint64 // bytes allocated in all
		archive    io.Reader
	}{
		{"file", "file-size", 100 << 20, bomb(1, 100<<30)},
		{"files", "unpacked-size", 100 << 20, bomb(1000, 4<<20)},
		{"entries", "too-many-entries", 300 << 20, bomb(15_000, 0)},
		// These would be 850 MB of index line, and a gigabyte of values.
		{"annotations", "yaml-aliases", 60 << 20, yamlBomb("Chart.yaml", "annotations:\n  a: &a '"+quotes+"'\n"+numbered("  a%d: *a\n", 1400))},
		{"keywords", "yaml-aliases", 60 << 20, yamlBomb("Chart.yaml", "keywords:\n- &a '"+quotes+"'\n"+strings.Repeat("- *a\n", 1400))},
		{"dependencies", "yaml-aliases", 60 << 20, yamlBomb("requirements.yaml", "dependencies:\n- &a {name: a, version: '"+quotes+"'}\n"+numbered("- {<<: *a, name: a%d}\n", 1400))},
		{"lock", "yaml-aliases", 60 << 20, yamlBomb("Chart.lock", "digest: &a '"+quotes+"'\ndependencies:\n"+strings.Repeat("- {name: *a}\n", 1400))},
		{"values", "yaml-aliases", 60 << 20, yamlBomb("values.yaml", "a: &a "+letters+"\nb: ["+strings.Repeat("*a, ", 1000)+"]\n")},
		{"keys", "yaml-aliases", 60 << 20, yamlBomb("values.yaml", "? &a "+letters[:100<<10]+"\n: 1\nb:\n"+strings.Repeat("- *a : 1\n", 10_000))},
		{"merged", "yaml-aliases", 60 << 20, yamlBomb("values.yaml", "a: &a {x: "+letters+"}\nb:\n"+strings.Repeat("- <<: *a\n", 1000))},
		{"anchors in anchors", "yaml-aliases", 60 << 20, yamlBomb("charts/sub/values.yaml", "a: &a "+letters+"\n"+
			"b: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: &d [*c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d]\n")},
		{"escapes", "yaml-size", 100 << 20, yamlBomb("values.yaml", "a: '"+strings.Repeat("<", 4<<20)+"'\n")},
		{"tags", "yaml-complex", 60 << 20, yamlBomb("values.yaml", "%TAG !e! !"+letters+"\n---\n"+numbered("a%d: !e!x 1\n", 1000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Archive(test.archive, Options{})
			runtime.ReadMemStats(&after)
			wantRule(t, err, test.rule)
			n := after.TotalAlloc - before.TotalAlloc
			t.Logf("allocated %d MiB in all", n>>20)
			if n > test.most {
				t.Errorf("allocated %d MiB in all; %d would do", n>>20, test.most>>20)
			}
		})
	}
}

// numbered repeats a format for the numbers below n.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// The YAML files of an archive are bounded together, too.
func TestBombsTogether(t *testing.T) {
	files := map[string]string{}
	for i := range 10 {
		files[fmt.Sprintf("charts/a%d/Chart.yaml", i)] = "apiVersion: v2\nname: a\nversion: 0.1.0\n"
		files[fmt.Sprintf("charts/a%d/values.yaml", i)] = "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [*a, *a, *a, *a, *a, *a, *a, *a]\n"
	}
	_, err := Archive(bytes.NewReader(charttest.Pack("mychart", files, nil)), Options{})
	wantRule(t, err, "yaml-complex")
}

// TestArchiveSize says of a file of a known size that it is too large, not what it is not.
func TestArchiveSize(t *testing.T) {
	_, err := Archive(strings.NewReader("this is not an archive"), Options{Limits: Limits{Packed: 10}})
	if p := (*Problem)(nil); !errors.As(err, &p) || p.Rule != "packed-size" {
		t.Errorf("got %v, want packed-size", err)
	}
}
