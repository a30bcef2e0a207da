package check

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"path"
	"slices"
	"strings"
)

const (
	// maxSource bounds the text of one template or definition that is kept, and
	// maxSources all of them in one archive, in bytes. Of 246 real charts, the
	// largest file has 0.6 MiB, and the most that one chart has is 3.1 MiB. Twice as
	// much is held while an archive is read.
	maxSource  = 1 << 20
	maxSources = 8 << 20

	// maxIcon bounds an icon, and maxIcons the images of an archive that may be it.
	maxIcon  = 64 << 10
	maxIcons = 1 << 20
)

// Source is the text of a file. It may be anything.
type Source struct {
	Path string // below the chart's folder
	Text []byte // without a byte order mark
}

// kept are texts of files, up to a number of bytes in all: of those that would be
// more, the first by order. They do not depend on the order in which files come.
type kept struct {
	most  int
	order func(a, b string) int // of paths

	files []Source
	size  int
	end   string // the first path that is not kept; "" if all are
}

// sourceCost is what a text costs beside its own bytes.
const sourceCost = 100

func (k *kept) add(name string, text []byte) {
	if k.end != "" && k.order(name, k.end) >= 0 {
		return
	}
	k.files = append(k.files, Source{name, bytes.Clone(text)})
	if k.size += len(text) + len(name) + sourceCost; k.size > 2*k.most {
		k.settle()
	}
}

// settle sorts the files and lets those go that are too much. What comes after them
// is too much as well, however much is left for it: else another order of the
// archive's entries would give other files.
func (k *kept) settle() []Source {
	slices.SortFunc(k.files, func(a, b Source) int { return k.order(a.Path, b.Path) })
	k.size = 0
	for i, f := range k.files {
		cost := len(f.Text) + len(f.Path) + sourceCost
		if k.size+cost > k.most {
			k.end = f.Path
			clear(k.files[i:])
			k.files = k.files[:i]
			break
		}
		k.size += cost
	}
	return k.files
}

// templatesFirst orders templates before definitions, of which few may be large.
func templatesFirst(a, b string) int {
	if isTemplate(a) != isTemplate(b) {
		return -cmp.Compare(a, b)
	}
	return cmp.Compare(a, b)
}

// shallowFirst orders files by their folders' depth.
func shallowFirst(a, b string) int {
	return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
}

// wants tells which of the files that no check looks at are to be kept. Nil wants
// none.
func (c *Contents) wants(name string, size int64) bool {
	return c != nil && (c.wantsREADME(name) || isImage(name) && size <= maxIcon || licenseRank(name) > 0 && size <= maxLicense)
}

func (c *Contents) wantsREADME(name string) bool {
	return readmeRank(name) > 0 && (c.README == nil || readmeBefore(name, c.readmeName))
}

// keep takes a file that is wanted.
func (c *Contents) keep(name string, data []byte) {
	if c.wantsREADME(name) {
		c.README, c.readmeName = bytes.Clone(trimMark(data)), name
	} else if isImage(name) {
		c.images.add(name, data)
	} else if rank := licenseRank(name); c.License.rank == 0 || rank < c.License.rank {
		c.License = License{File: name, Name: licenseName(trimMark(data)), rank: rank}
	}
}

// isImage tells which files may be an icon.
func isImage(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg":
		return true
	}
	return false
}

// finish fills in what is known once all files are read.
func (c *Contents) finish(t *tree, chart *Chart) {
	c.Chart = chart
	for _, f := range chart.Files {
		switch {
		case isTemplate(f.Path):
			c.Templates = append(c.Templates, f.Path)
		case isCRD(f.Path):
			c.CRDs = append(c.CRDs, f.Path)
		}
	}
	c.Sums = make([][sha256.Size]byte, len(chart.Files))
	for i, f := range chart.Files {
		c.Sums[i] = t.files[f.Path].sum
	}
	c.Sources = c.sources.settle()
	c.Icon = c.icon(chart.Metadata.Icon)
	c.sources, c.images = kept{}, kept{}
}

// icon returns the image that Chart.yaml names, if it is a file of the archive.
func (c *Contents) icon(name string) *Source {
	name = path.Clean(strings.TrimPrefix(name, "file://"))
	for _, f := range c.images.settle() {
		if f.Path == strings.TrimPrefix(name, "/") {
			return &f
		}
	}
	return nil
}
