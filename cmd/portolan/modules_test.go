package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// runModule runs a test of the scripts that read and compare archives, with node, and
// returns what it prints.
func runModule(t *testing.T, test string, input, output any) {
	t.Helper()
	set, err := templates.New(templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	paths := set.Site(templates.Site{})
	var modules []string
	for _, p := range []string{paths.Unpack, paths.Compare} {
		i := slices.IndexFunc(set.Assets(), func(a templates.Asset) bool { return a.Path == p })
		file := filepath.Join(dir, filepath.Base(p)+".mjs")
		write(t, file, set.Assets()[i].Content)
		modules = append(modules, file)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "browser", test))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	out := process(t, dir, plainEnv(), testenv.Program(t, "node"), script, modules[0], modules[1], string(text))
	if out.code != 0 {
		t.Fatalf("%s: exit code %d\n%s", test, out.code, out.stderr)
	}
	decode(t, out.stdout, output)
}

// serveFiles serves files by their names.
func serveFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// unpacked is what archive.mjs prints of an archive: the SHA-256 of its files, or why it was not read.
type unpacked struct {
	Files map[string]string
	Error string
}

// TestArchiveModule has the browser's script read archives that the generator takes, as
// the generator reads them, and ones that it does not take.
func TestArchiveModule(t *testing.T) {
	t.Parallel()
	archives := charttest.Hostile()
	for _, file := range corpusFiles(t) {
		archives[filepath.Base(file)] = read(t, file)
	}
	long := strings.Repeat("long/", 40) + "name.txt"
	for name, format := range map[string]tar.Format{"pax": tar.FormatPAX, "gnu": tar.FormatGNU, "ustar": tar.FormatUSTAR} {
		entry := charttest.File("top/"+long, "text")
		entry.Header.Format = format
		archives["long-"+name] = charttest.Archive(charttest.File("top/Chart.yaml", "apiVersion: v2\nname: top\nversion: 1.0.0\n"),
			charttest.Folder("top/a"), entry, charttest.File("top/é.txt", ""), charttest.File("top/"+long[5:], "more"))
	}
	faulty := faultyArchives()
	served := maps.Clone(archives)
	for name, f := range faulty {
		if f.archive != nil {
			served[name] = f.archive
		}
	}
	url := serveFiles(t, served)
	var urls []string
	for _, name := range append(sortedKeys(archives), sortedKeys(faulty)...) {
		urls = append(urls, url+neturl.PathEscape(name))
	}
	got := map[string]unpacked{}
	runModule(t, "archive.mjs", urls, &got)
	taken := 0
	for name, archive := range archives {
		if _, err := check.Archive(bytes.NewReader(archive), check.Options{Versions: "helm"}); err != nil {
			continue // it is on no site
		}
		taken++
		want := contentOf(t, archive)
		if got := got[url+neturl.PathEscape(name)]; !maps.Equal(got.Files, want) {
			t.Errorf("%s: got %.2000v, want %.2000v", name, got, want)
		}
	}
	if taken < len(archives)*8/10 {
		t.Errorf("only %d of %d archives can be on a site", taken, len(archives))
	}
	for name, f := range faulty {
		if got := got[url+name]; got.Error != f.fault || !slices.Equal(sortedKeys(got.Files), f.files) {
			t.Errorf("%s: got %q and %q, want %q and %q", name, sortedKeys(got.Files), got.Error, f.files, f.fault)
		}
	}
}

// contentOf returns the SHA-256 of an archive's files, by their paths in the chart's folder.
func contentOf(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		sum := sha256.New()
		if err == nil {
			_, err = io.Copy(sum, r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, path, _ := strings.Cut(h.Name, "/"); h.Typeflag == tar.TypeReg {
			files[path] = hex.EncodeToString(sum.Sum(nil))
		}
	}
}

// faultyArchive is an archive that no generator puts on a site.
type faultyArchive struct {
	archive []byte   // nil if it is missing
	fault   string   // what the script says; "" if it reads it
	files   []string // that it finds
}

func faultyArchives() map[string]faultyArchive {
	const damaged = "The archive is damaged: it is not a proper tar archive."
	const packed = "The archive is damaged, or not compressed with gzip."
	good := charttest.Tar(charttest.File("top/a", "text"), charttest.File("top/b", strings.Repeat("more", 1000)))
	patched := func(field string) []byte {
		b := bytes.Clone(good)
		copy(b[124:136], field)
		return charttest.Gzip(b, gzip.BestSpeed)
	}
	pax := func(records string) []byte {
		b := charttest.Tar(charttest.File("x", records), charttest.File("top/a", "text"))
		b[156] = 'x'
		return charttest.Gzip(b, gzip.BestSpeed)
	}
	var many []charttest.Entry
	for i := range 10_001 {
		many = append(many, charttest.File(fmt.Sprintf("top/%d", i), ""))
	}
	random := make([]byte, 17<<20)
	rand.NewChaCha8([32]byte{}).Read(random)
	return map[string]faultyArchive{
		"missing":       {nil, "This site does not have the archive any more.", nil},
		"empty":         {[]byte{}, packed, nil},
		"text":          {[]byte("<!DOCTYPE html>"), packed, nil},
		"cut":           {charttest.Gzip(good, gzip.BestSpeed)[:60], packed, nil},
		"trailing":      {append(charttest.Gzip(good, gzip.BestSpeed), "more"...), packed, nil},
		"large":         {random, "The archive is too large to be read here: it has more than 16 MiB.", nil},
		"zeros":         {charttest.Gzip(make([]byte, 65<<20), gzip.BestSpeed), "The archive is too large to be read here: unpacked, it has more than 64 MiB.", nil},
		"few-zeros":     {charttest.Gzip(make([]byte, 63<<20), gzip.BestSpeed), damaged, nil},
		"many":          {charttest.Archive(many...), "The archive has more than 10,000 entries, which are too many to be read here.", nil},
		"no-tar":        {charttest.Gzip([]byte(strings.Repeat("no tar archive ", 100)), gzip.BestSpeed), damaged, nil},
		"short":         {charttest.Gzip(good[:900], gzip.BestSpeed), "", []string{"a"}},
		"shorter":       {charttest.Gzip(good[:514], gzip.BestSpeed), damaged, nil},
		"lying":         {patched("00000777777\x00"), damaged, nil},
		"negative":      {patched("-0000000001\x00"), damaged, nil},
		"huge":          {patched("777777777777"), damaged, nil},
		"words":         {patched("a lot of it\x00"), damaged, nil},
		"base-256":      {patched("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04"), "", []string{"a", "b"}},
		"base-256-huge": {patched("\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), damaged, nil},
		"base-256-less": {patched("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), damaged, nil},
		"pax-path":      {pax("14 path=top/b\n"), "", []string{"b"}},
		"pax-size":      {pax("14 size=99999\n"), damaged, nil},
		"pax-negative":  {pax("11 size=-1\n"), damaged, nil},
		"pax-endless":   {pax("0 path=top/b\n"), damaged, nil},
		"pax-long":      {pax("99 path=top/b\n"), "", []string{"b"}},
		"pax-words":     {pax("a path=top/b\n"), damaged, nil},
		"pax-nothing":   {pax(strings.Repeat("x", 5000)), damaged, nil},
		"odd-names": {charttest.Archive(charttest.File("top/../a", ""), charttest.File("../a", ""), charttest.File("/top/./a", ""), charttest.File("top//a", ""),
			charttest.File("a", ""), charttest.Link("top/link", "/etc/passwd"), charttest.File("top/__proto__", "1"), charttest.File("top/b", "")), "", []string{"__proto__", "b"}},
		"twice": {charttest.Archive(charttest.File("top/a", "first"), charttest.File("top/a", "second")), "", []string{"a"}},
	}
}

// TestCompareModule has the browser's script compare the values of charts, as the
// generator compares them. They agree but where the script takes something as text that
// is more: aliases, and what is in brackets and not JSON.
func TestCompareModule(t *testing.T) {
	t.Parallel()
	archives := map[string][]byte{}
	charts := map[string][]*check.Contents{}
	for _, file := range corpusFiles(t) {
		b := read(t, file)
		if c, err := check.ReadContents(bytes.NewReader(b), check.Options{Versions: "helm"}); err == nil {
			archives[check.FileName(c.Metadata.Name, c.Metadata.Version)] = b
			charts[c.Metadata.Name] = append(charts[c.Metadata.Name], c)
		}
	}
	url := serveFiles(t, archives)
	var pairs [][2]string
	var want [][][2]string
	for _, name := range sortedKeys(charts) {
		all := charts[name]
		slices.SortFunc(all, func(a, b *check.Contents) int {
			return semver.MustParse(a.Metadata.Version).Compare(semver.MustParse(b.Metadata.Version))
		})
		for i, after := range all[1:] {
			before := all[i]
			c := values.Compare(t.Context(), values.New(before.Values), values.New(after.Values))
			if c.Note != "" || c.More > 0 {
				t.Errorf("%s: the generator does not compare %s and %s: %s", name, before.Metadata.Version, after.Metadata.Version, c.Note)
			}
			pair := [2]string{}
			for i, c := range []*check.Contents{before, after} {
				pair[i] = url + neturl.PathEscape(check.FileName(name, c.Metadata.Version))
			}
			pairs, want = append(pairs, pair), append(want, changedPaths(c))
		}
	}
	var got []json.RawMessage
	runModule(t, "compare.mjs", pairs, &got)
	agree, changes := 0, 0
	for i, pair := range pairs {
		var rows [][2]string
		if err := json.Unmarshal(got[i], &rows); err != nil {
			t.Errorf("%s: %s", pair, got[i])
		}
		for j := range rows {
			rows[j][0] = strings.Replace(rows[j][0], "retyped", "changed", 1)
		}
		slices.SortFunc(rows, func(a, b [2]string) int { return cmp.Compare(a[0]+a[1], b[0]+b[1]) })
		if slices.Equal(rows, want[i]) {
			agree++
			changes += len(rows)
		} else {
			t.Logf("%s: got %.1000q, want %.1000q", pair, rows, want[i])
		}
	}
	t.Logf("%d of %d pairs of versions agree, with %d changes", agree, len(pairs), changes)
	if len(pairs) == 0 || agree*10 < len(pairs)*9 {
		t.Errorf("%d of %d pairs of versions agree", agree, len(pairs))
	}
}

// changedPaths lists changes of values, sorted.
func changedPaths(c values.Changes) [][2]string {
	var all [][2]string
	for what, list := range map[string][]templates.ValueChange{"added": c.Added, "removed": c.Removed, "changed": c.Changed} {
		for _, v := range list {
			all = append(all, [2]string{what, v.Path})
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return cmp.Compare(a[0]+a[1], b[0]+b[1]) })
	return all
}
