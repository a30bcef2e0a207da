package pages

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/url"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/templates"
)

// maxRaw is the largest values.yaml or schema that lies beside a version's pages, in
// bytes.
const maxRaw = 1 << 20

// unreadable says on a page that it shows nothing of the archive.
const unreadable = "What is in this version's archive cannot be shown."

// versionContent is what the pages of a version show, wherever they lie.
type versionContent struct {
	release   templates.Release
	overview  templates.ChartPage
	values    templates.ValuesPage
	table     *values.Reference // that they show; nil without values
	templates templates.TemplatesPage
	changes   templates.ChangesPage
	raw       map[string][]byte // by name
	keys      bool              // the channel has the keys that it can be verified with

	top template.HTML // what is above the bar of all pages in the version's folder; "" before it is rendered
}

// newContent returns what the index says of a version.
func newContent(md *check.Metadata) *versionContent {
	v := &versionContent{}
	describeRelease(&v.release, md)
	describe(&v.overview, md)
	v.changes.Said = annotatedChanges(md)
	return v
}

// show adds what is in the archive, and how that differs from the archive of the version
// before, if there is one.
func (v *versionContent) show(ctx context.Context, s *shared, before, c *archive) {
	v.release.Faults = faults(c.Contents)
	if c.Icon != nil {
		v.release.Icon = iconOf(c.Icon.Path, c.Icon.Text)
	}
	v.raw = map[string][]byte{}
	for name, content := range map[string][]byte{valuesFile: c.Values, schemaOfFile: c.Schema} {
		if content != nil && len(content) <= maxRaw {
			v.raw[name] = content
		}
	}
	describeTemplates(ctx, &v.templates, s, c)
	describeChanges(ctx, &v.changes, before, c)
	readme := s.readme(ctx, c.README)
	table := s.table(ctx, c, readme.values) // values without a text of their own have that of the README
	v.table = table
	describeValues(&v.values, v.changes.Against, table)
	describeReadme(ctx, &v.overview, s, c, readme, table)
	if before != nil {
		v.changes.Upgrade = upgradeNotes(v.changes.Against, before, c, v.values.Groups)
	}
	v.release.License = cmp.Or(v.release.License, licenseOf(c.Contents))
	if found := c.imagesInValues(ctx); len(v.overview.Images) == 0 && len(found) > 0 {
		v.overview.Images, v.overview.ImagesFrom = found, fromValues
	}
}

// duePages are those pages of a version that are to be written.
type duePages struct {
	overview, others bool // its own
	chart            bool // the chart's
	replaced         bool // the version had others, some of which may have to go
}

// writeVersion writes pages of the release at the position.
func (c *chartPages) writeVersion(ctx context.Context, i int, due duePages) error {
	if !due.overview && !due.chart {
		return nil
	}
	v, err := c.content(ctx, i)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // rather than pages that are plain because of that
	}
	if due.chart {
		if err := c.writeOverview(ctx, i, v, path.Join(chartDir(c.name), indexPage)); err != nil {
			return err
		}
	}
	if due.overview {
		if err := c.writeOverview(ctx, i, v, versionPage(c.name, c.all[i].Version)); err != nil {
			return err
		}
	}
	if !due.others {
		return nil
	}
	if err := c.writeOthers(ctx, i, v); err != nil {
		return err
	}
	return c.writeRaw(ctx, i, v, due.replaced)
}

// content returns what the pages of the release at the position show.
func (c *chartPages) content(ctx context.Context, i int) (*versionContent, error) {
	now, err := c.contents(ctx, i)
	if err != nil {
		return nil, err
	}
	then, err := c.contents(ctx, c.before[i])
	if err != nil {
		return nil, err
	}
	v := newContent(c.all[i].Metadata)
	if now.archive == nil {
		v.release.Note = unreadable
	} else if problem := c.fill(ctx, v, then.archive, now.archive); problem != "" {
		c.problem("%s shows only what the index says: %s", path.Join(c.channel.Name, versionPage(c.name, c.all[i].Version)), problem)
		v = newContent(c.all[i].Metadata)
		v.release.Note = unreadable
	}
	if c.before[i] >= 0 && v.changes.Against == nil && v.release.Note == "" {
		v.changes.Against = &templates.Difference{Comparison: templates.Comparison{ValuesNote: "What is in that version's archive cannot be read, so there is no comparison."}}
	}
	v.release.KeyID = now.keyID
	v.release.Signer, v.keys, err = c.signer(ctx, i)
	return v, err
}

// fill shows what is in the archive. What this may cost is bounded: by the packages that
// do it in bytes and steps, and here in time. What is left when that is over is plain
// text, with a note. If it cannot be done at all, problem says why.
func (c *chartPages) fill(ctx context.Context, v *versionContent, before, now *archive) (problem string) {
	defer func() {
		if v := recover(); v != nil {
			problem = fmt.Sprintf("reading its archive made portolan fail: %s", check.Foreign(fmt.Errorf("%v", v)))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.PageTime)
	defer cancel()
	v.show(ctx, c.shared, before, now)
	return ""
}

// smallOnly returns the icon if pages besides the overview have it, too.
func smallOnly(icon template.URL) template.URL {
	if len(icon) > smallIcon {
		return ""
	}
	return icon
}

// release returns what the page with that name shows above its own content.
func (c *chartPages) release(i int, v *versionContent, name, current string) templates.Release {
	r, of, dir := v.release, c.all[i], chartDir(c.name)
	levels := strings.Count(name, "/")
	if current != "Overview" {
		r.Icon = smallOnly(r.Icon)
	}
	r.Channel, r.Name, r.Version = c.about(levels), c.name, of.Version
	r.Created, r.Digest, r.Size, r.Signed = of.Created, of.Digest, c.versions[i].Size, c.versions[i].Signed
	r.File, r.Archive = path.Base(of.URLs[0]), strings.Repeat("../", levels)+escapePath(of.URLs[0])
	if r.Signed {
		r.Prov = r.Archive + ".prov"
	}
	if p := c.versions[i].Promoted; p != nil {
		r.From, r.Promoted = p.From, p.Time
	}
	if v.keys {
		r.Keyring = relative(name, publisher.KeyringURL)
	}
	r.OCI = c.ofRegistry(i)
	r.Versions, r.List = relative(name, path.Join(dir, versionsFile)), relative(name, path.Join(dir, versionsPage))
	r.ChartLink = relative(name, path.Join(dir, indexPage))
	r.Alone = c.repository(levels, dir)
	c.describeActions(&r, of, name)
	page := func(file string) string { return relative(name, path.Join(versionDir(c.name, of.Version), file)) }
	r.Tabs = []templates.Tab{
		{Name: "Overview", URL: page(indexPage)},
		{Name: "Values", URL: page(valuesPage), Count: v.values.Count},
		{Name: "Templates", URL: page(templatesPage), Count: len(v.templates.Files) + len(v.templates.CRDs) + v.templates.More},
		{Name: "Changes", URL: page(changesPage), Count: changed(v.changes.Against)},
		{Name: "Versions", URL: r.List},
	}
	if name == path.Join(dir, indexPage) {
		r.Tabs[0].URL = indexPage
	}
	for j := range r.Tabs {
		r.Tabs[j].Current = r.Tabs[j].Name == current
	}
	if levels > 2 && r.Icon == smallOnly(v.release.Icon) {
		if v.top == "" {
			v.top = c.set.Top(r)
		}
		r.Top = v.top
	}
	return r
}

// writeOverview writes the overview of the release at the position, as its own page or as
// the chart's.
func (c *chartPages) writeOverview(ctx context.Context, i int, v *versionContent, name string) error {
	page := v.overview
	page.Release = c.release(i, v, name, "Overview")
	page.README = withValues(page.README, relative(name, path.Join(versionDir(c.name, c.all[i].Version), valuesPage)))
	page.API, page.Badge = relative(name, chartDoc(c.name)), relative(name, path.Join(chartDir(c.name), badgeFile))
	page.Dependencies = append([]templates.Dependency(nil), page.Dependencies...)
	for j, d := range page.Dependencies {
		if page.Channel.URL != "" && strings.TrimSuffix(d.Repository, "/") == page.Channel.URL {
			page.Dependencies[j].Link = strings.TrimSuffix(page.ChartLink, indexPage) + "../" + escapePath(d.Name) + "/" + indexPage
		}
	}
	title, levels := c.name, strings.Count(name, "/")
	if levels > 2 {
		title += " " + page.Version
	}
	about := cmp.Or(shorten(page.Release.Description, maxDescription), "The Helm chart "+c.name)
	page.Frame = c.frame(name, title, about, c.crumbs(levels, levels > 2)...)
	page.Feed = relative(name, path.Join(chartDir(c.name), feedFile))
	return c.putPage(ctx, name, page)
}

// writeOthers writes the pages of the release at the position besides its overview.
func (c *chartPages) writeOthers(ctx context.Context, i int, v *versionContent) error {
	dir := versionDir(c.name, c.all[i].Version)
	file := func(name string) string { return path.Join(dir, name) }
	table := v.values
	table.Release, table.Frame = c.release(i, v, file(valuesPage), "Values"), c.versionFrame(i, file(valuesPage), "Values")
	for name, url := range map[string]*string{valuesFile: &table.Raw, schemaOfFile: &table.Schema} {
		if _, ok := v.raw[name]; ok {
			*url = name
		}
	}
	if v.table != nil {
		table.Body = c.shared.body(ctx, v.table, table, c.set.Body)
	}
	sources := v.templates
	sources.Listing = c.set.Listing(sources, c.shared.listed)
	c.shared.listed = sources
	sources.Release, sources.Frame = c.release(i, v, file(templatesPage), "Templates"), c.versionFrame(i, file(templatesPage), "Templates")
	changes := v.changes
	changes.Release, changes.Frame = c.release(i, v, file(changesPage), "Changes"), c.versionFrame(i, file(changesPage), "Changes")
	changes.Compare = relative(file(changesPage), path.Join(chartDir(c.name), comparePage))
	if before := c.before[i]; changes.Against != nil {
		against := *changes.Against
		against.Comparison.Version = c.all[before].Version
		against.Link = relative(file(changesPage), versionPage(c.name, c.all[before].Version))
		against.Compare = changes.Compare + "?" + url.Values{"from": {c.all[before].Version}, "to": {c.all[i].Version}}.Encode()
		changes.Against = &against
	}
	for _, page := range []struct {
		name string
		templates.Page
	}{{valuesPage, table}, {templatesPage, sources}, {changesPage, changes}} {
		if err := c.putPage(ctx, file(page.name), page.Page); err != nil {
			return err
		}
	}
	return nil
}

// versionFrame is the frame of a page of the release at the position besides its
// overview.
func (c *chartPages) versionFrame(i int, name, what string) templates.Frame {
	of := c.name + " " + c.all[i].Version
	crumbs := append(c.crumbs(strings.Count(name, "/"), true), templates.Link{Text: c.all[i].Version, URL: indexPage})
	f := c.frame(name, what+" of "+of, fmt.Sprintf("%s of the Helm chart %s", what, of), crumbs...)
	f.Feed = relative(name, path.Join(chartDir(c.name), feedFile))
	return f
}

// writeRaw writes the files that lie as they are beside the pages of the release at the
// position. It removes those that another archive of the same version may have had.
func (c *chartPages) writeRaw(ctx context.Context, i int, v *versionContent, had bool) error {
	for _, name := range rawFiles {
		file := path.Join(versionDir(c.name, c.all[i].Version), name)
		content, ok := v.raw[name]
		switch {
		case ok:
			if err := c.put(ctx, file, content); err != nil {
				return err
			}
		case had || c.unknown || c.remake:
			if err := c.remove(ctx, file); err != nil {
				return err
			}
		}
	}
	return nil
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
