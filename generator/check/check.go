package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// maxLine bounds a release's line in the index, in bytes. Every client reads
	// it with the index, and every generation repeats it. The longest of 3,200
	// real ones has 3.6 KiB.
	maxLine = 64 << 10

	// maxNames bounds the list of an archive's files, in bytes of JSON; it
	// becomes part of the release's description on the site.
	maxNames = 8 << 20
)

// Options are what a channel asks of its charts. The zero value asks for what
// Helm needs, and for a semantic version.
type Options struct {
	Versions string   // "strict" or "helm"; empty means strict
	Charts   []string // patterns of allowed names, as of path.Match; empty allows all
	Require  []string // fields that Chart.yaml must have, such as "maintainers"
	Warnings string   // "accept" or "reject", what to do where there is something to warn of; empty means accept
	Limits   Limits
}

// A Chart is an accepted archive.
type Chart struct {
	Metadata    *Metadata // as Helm reads it, without control characters
	Digest      string    // SHA-256 of the archive, 64 hex digits
	Fingerprint string    // of paths and content; survives repacking
	Size        int64     // of the archive, in bytes
	IndexSize   int       // bytes that its line takes in the index, without digest and URL
	Files       []File    // sorted by path, without the top folder
	Warnings    []Warning // sorted by rule
}

// A File is a file of a chart.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// Archive reads one chart archive to its end, in one pass and in bounded memory.
// A fault of the archive is a *Problem; any other error is r's own and says
// nothing about the archive. A panic while reading is a Problem too, since the
// same bytes would only do it again.
func Archive(r io.Reader, c Options) (chart *Chart, err error) {
	return examine(r, c, nil)
}

// examine is Archive, and puts what else pages need into contents unless that is nil.
func examine(r io.Reader, c Options, contents *Contents) (chart *Chart, err error) {
	defer recovered(&chart, &err)
	b := newBounds(c)
	b.contents = contents
	if sized, ok := r.(interface{ Size() int64 }); ok && sized.Size() > b.limits.Packed {
		return nil, tooLarge(b.limits.Packed) // however it begins
	}
	src := &source{r: r, sum: sha256.New(), max: b.limits.Packed}
	t, err := readTree(src, b)
	if err != nil {
		return nil, err
	}
	md, p := t.check(c)
	if p != nil {
		return nil, p
	}
	chart = &Chart{Files: t.sorted, Fingerprint: t.fingerprint()}
	if chart.IndexSize, p = checkDescription(md, chart.Files); p != nil {
		return nil, p
	}
	chart.Metadata = md
	chart.Digest = hex.EncodeToString(src.sum.Sum(nil))
	chart.Size = src.n
	warnSize(chart.Size, &b.warn)
	chart.Warnings = b.warn.list()
	if c.Warnings == "reject" && len(chart.Warnings) > 0 {
		return nil, rejectWarned(chart.Warnings)
	}
	if contents != nil {
		contents.finish(t, chart)
	}
	return chart, nil
}

// checkDescription bounds what the site says of a chart: its line in the index,
// whose size it returns, and the list of its files.
func checkDescription(md *Metadata, files []File) (size int, p *Problem) {
	size, err := indexSize(md)
	if err != nil {
		return 0, reject("chart-yaml", "Chart.yaml cannot be written as JSON: %s", Foreign(err))
	}
	if size > maxLine {
		return 0, reject("index-line-size", "Chart.yaml takes %d bytes in the index, which every client reads whole; it may take %d", size, maxLine)
	}
	names := int64(0)
	for _, f := range files {
		names += jsonText(f.Path) + int64(len(`{"path":"","size":10000000},`))
	}
	if names > maxNames {
		return 0, reject("too-many-entries", "the names of the archive's files take more than %s", sizeText(maxNames))
	}
	return size, nil
}

// lineRest is what a line of the index has besides the fields of Chart.yaml: a
// date, and room for digest and URL.
const lineRest = `,"created":"0001-01-01T00:00:00Z","digest":"","urls":[""]`

// indexSize is how many bytes the chart's line takes in the index, without
// digest and URL.
func indexSize(md *Metadata) (int, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(md)
	return b.Len() - len("\n") + len(lineRest), err
}

// recovered turns a panic into a Problem.
func recovered(chart **Chart, err *error) {
	if v := recover(); v != nil {
		*chart = nil
		*err = reject("internal", "reading the archive made portolan fail: %s", Foreign(fmt.Errorf("%v", v)))
	}
}
