package pages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// reading is what was read from a release's archive.
type reading struct {
	contents *check.Contents // nil if the archive is missing or is not a valid chart
	keyID    string          // the key that signed its provenance file
}

// contents reads the archive of the release at the position. The page of that
// version needs it, and so does the page of the version after it.
func (c *chartPages) contents(ctx context.Context, i int) (*reading, error) {
	if i < 0 {
		return &reading{}, nil
	}
	if r, ok := c.read[i]; ok {
		return r, nil
	}
	r := &reading{}
	in, err := publisher.OpenArchive(ctx, c.site, c.channel.Name, c.all[i].URLs[0])
	if errors.Is(err, bucket.ErrNotFound) {
		return r, nil // the page then shows only what the index says
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r.contents, err = check.ReadContents(in, check.Options{Versions: "helm", Limits: check.MaxLimits()})
	var problem *check.Problem
	if err != nil && !errors.As(err, &problem) {
		return nil, fmt.Errorf("%s: %w", c.all[i].URLs[0], err)
	}
	if c.versions[i].Signed {
		if r.keyID, err = c.keyID(ctx, i); err != nil {
			return nil, err
		}
	}
	c.read[i] = r
	return r, nil
}

// keyID returns the key that signed the release's provenance file, or "" if the
// file does not say.
func (c *chartPages) keyID(ctx context.Context, i int) (string, error) {
	key := path.Join(c.channel.Name, c.all[i].URLs[0]+".prov")
	b, _, err := publisher.ReadFile(ctx, c.site, key, check.MaxProvenance)
	if err != nil || b == nil {
		return "", err
	}
	prov, err := check.ReadProvenance(bytes.NewReader(b))
	if err != nil {
		return "", nil // accepted under other rules
	}
	return prov.KeyID, nil
}

// writeVersion writes a page about the release at the position: its own page, or
// the chart's.
func (c *chartPages) writeVersion(ctx context.Context, i int, name string) error {
	now, err := c.contents(ctx, i)
	if err != nil {
		return err
	}
	before := predecessor(c.all, i)
	then, err := c.contents(ctx, before)
	if err != nil {
		return err
	}
	page := c.page(i, name)
	page.KeyID = now.keyID
	if now.contents != nil {
		if problem := c.fill(ctx, page, then.contents, now.contents); problem != "" {
			c.problem("%s shows only what the index says: %s", path.Join(c.channel.Name, name), problem)
			page = c.page(i, name)
			page.Note = "What is in this version's archive cannot be shown."
		}
		if page.Against != nil {
			page.Against.Version = c.all[before].Version
			page.Against.Link = relative(name, versionPage(c.name, c.all[before].Version))
		}
	}
	if err := ctx.Err(); err != nil {
		return err // rather than a page that is plain because of that
	}
	return c.putPage(ctx, name, page)
}

// page returns the page of a release, filled in from the index.
func (c *chartPages) page(i int, name string) *templates.ChartPage {
	r, v := c.all[i], c.versions[i]
	own := name == path.Join(chartDir(c.name), indexPage)
	levels := strings.Count(name, "/")
	archive := strings.Repeat("../", levels) + escapePath(r.URLs[0])
	page := &templates.ChartPage{
		Channel: c.about(levels), Name: c.name, Version: r.Version,
		Created: r.Created, Digest: r.Digest, Size: v.Size, File: path.Base(r.URLs[0]), Archive: archive,
		Newest:    i == c.newest,
		ChartLink: relative(name, path.Join(chartDir(c.name), indexPage)),
		API:       relative(name, chartDoc(c.name)), Badge: relative(name, path.Join(chartDir(c.name), badgeFile)),
	}
	if v.Signed {
		page.Prov = archive + ".prov"
	}
	describe(page, r.Metadata)
	page.Signed, page.Older = v.Signed, v.Older
	title := c.name
	if !own {
		title += " " + r.Version
	}
	about := cmp.Or(shorten(page.Description, maxDescription), "The Helm chart "+c.name)
	page.Frame = c.frame(name, title, about, c.crumbs(levels, !own)...)
	page.Feed = relative(name, path.Join(chartDir(c.name), feedFile))
	if page.Newest { // the chart's page has the same content, and more
		page.Canonical = c.absolute(path.Join(c.channel.Name, chartDir(c.name), indexPage))
	}
	if own {
		page.Versions = &templates.VersionList{Versions: c.entries(0, min(len(c.all), versionsPerPage)), Total: len(c.all)}
		if len(c.all) > versionsPerPage {
			page.Versions.Older = c.olderPages(0)
		}
	}
	return page
}

// fill adds to the page what is in the archive, and how that differs from the one
// before. What this may cost is bounded: by the packages that do it in bytes and
// steps, and here in time. What is left when that is over is plain text, with a note.
// If it cannot be done at all, problem says why.
func (c *chartPages) fill(ctx context.Context, page *templates.ChartPage, before, contents *check.Contents) (problem string) {
	defer func() {
		if v := recover(); v != nil {
			problem = fmt.Sprintf("reading its archive made portolan fail: %s", check.Foreign(fmt.Errorf("%v", v)))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.PageTime)
	defer cancel()
	show(ctx, page, before, contents)
	for i, d := range page.Dependencies {
		if page.Channel.URL != "" && strings.TrimSuffix(d.Repository, "/") == page.Channel.URL {
			page.Dependencies[i].Link = strings.TrimSuffix(page.ChartLink, indexPage) + "../" + escapePath(d.Name) + "/" + indexPage
		}
	}
	return ""
}

// relative returns the URL of a file of the channel, relative to another file.
func relative(from, to string) string {
	dir := strings.Split(path.Dir(from), "/")
	parts := strings.Split(to, "/")
	for len(dir) > 0 && len(parts) > 1 && dir[0] == parts[0] {
		dir, parts = dir[1:], parts[1:]
	}
	if len(dir) == 1 && dir[0] == "." {
		dir = nil
	}
	return strings.Repeat("../", len(dir)) + escapePath(strings.Join(parts, "/"))
}
