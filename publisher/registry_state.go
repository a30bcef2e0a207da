package publisher

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// A channel that is in the registry has two kinds of files there. Those whose keys are made
// from their bytes are written before the record that names them, and never change. Tags
// and lists of tags follow from the log, like the index of a chart, and are written before
// head: see derived.go.
//
// The header of head says since when the channel is in the registry, and whether all its
// versions are by now. Until they are, the list of a chart's tags exists only if it is
// complete: clients take the highest version that they find there.

// registryView is what a channel knows of the registry apart from its log.
type registryView struct {
	wish  *bool             // whether the channel is to be in it; nil leaves that as the log says
	texts map[string]string // manifests that tags will name, by their SHA-256
}

// hold keeps manifests until the tags name them.
func (v *registryView) hold(texts []string) {
	for _, text := range texts {
		if v.texts == nil {
			v.texts = map[string]string{}
		}
		v.texts[hexSHA256([]byte(text))] = text
	}
}

// UseRegistry says whether the channel is to be in the registry. The next Commit sees to
// that; see [Channel.RegistryChanges].
func (c *Channel) UseRegistry(on bool) { c.registry.wish = &on }

// Registry is what the newest index says of the registry.
func (c *Channel) Registry() Registry {
	h, err := c.index.Header()
	if err != nil {
		return Registry{}
	}
	return h.Registry
}

// RegistryChanges reports whether the index is wrong about whether the channel is in the
// registry. Then the next Commit corrects it, also if the draft changes nothing else.
func (c *Channel) RegistryChanges() bool {
	return c.IndexGeneration() > 0 && c.registry.wish != nil && *c.registry.wish != (c.Registry().Since > 0)
}

// RegistryDraft is the draft of a record that decides nothing, and gives manifests to
// versions that were published before; with all, each version that can have one has it.
func (c *Channel) RegistryDraft(change *RegistryChange, all bool) Draft {
	d := Draft{Registry: change, RegistryAll: all}
	if h, err := c.index.Header(); err == nil {
		d.Keep, d.ContextPath = h.Keep, h.ContextPath
	}
	return d
}

// nextRegistry is what the header of the next generation says of the registry.
func (c *Channel) nextRegistry(generation int, all bool) Registry {
	is := c.Registry()
	if wish := c.registry.wish; wish != nil && !*wish || wish == nil && is.Since == 0 {
		return Registry{}
	}
	if is.Since == 0 {
		_, versions := c.index.Counts()
		is = Registry{Since: generation, All: versions == 0}
	}
	is.All = is.All || all
	return is
}

// complete names in the record the charts whose tags are, or are now to be, listed, among
// those whose list it changes. That is the file's to say as long as the header does not.
func (r *Record) complete(ctx context.Context, c *Channel, next Registry, d Draft) error {
	if next.Since == 0 || next.All {
		return nil
	}
	charts := map[string]bool{}
	for _, lines := range [][]Line{d.Removed, d.Added} {
		for _, l := range lines {
			charts[l.Chart] = true
		}
	}
	for chart := range r.acted() {
		charts[chart] = true
	}
	var complete []string
	for chart := range charts {
		is, err := c.isComplete(ctx, chart, next.Since)
		if err != nil {
			return err
		}
		if is {
			complete = append(complete, chart)
		}
	}
	if len(complete) == 0 {
		return nil
	}
	change := RegistryChange{}
	if r.Registry != nil {
		change = *r.Registry
	}
	change.Complete = append(slices.Clone(change.Complete), complete...)
	slices.Sort(change.Complete)
	change.Complete = slices.Compact(change.Complete)
	r.Registry = &change
	return nil
}

// Complete reports whether all versions of a chart that can have a manifest have one.
func (c *Channel) Complete(ctx context.Context, chart string) (bool, error) {
	in := c.Registry()
	if in.Since == 0 || in.All {
		return in.All, nil
	}
	return c.isComplete(ctx, chart, in.Since)
}

func (c *Channel) isComplete(ctx context.Context, chart string, since int) (bool, error) {
	if len(c.index.Lines(chart)) == 0 || c.touched.lists[chart] > 0 {
		return true, nil
	}
	repository := registry.Repository(c.Name, chart)
	b, _, err := bucket.ReadAll(ctx, c.site, registry.TagsKey(repository), maxTags)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := registry.ParseTags(b)
	return err == nil && list.Repository == repository && list.Generation >= since, nil
}

// maxTags is the largest list of tags that is read, in bytes.
const maxTags = 16 << 20

// version is a chart's version.
type version struct{ chart, version string }

// tagTouch is the last change of a tag.
type tagTouch struct {
	manifest   string // SHA-256 of what it names since; "" if the version is gone
	generation int
}

// addRegistry adds what a record that changes the index changes in the registry.
func (t *touched) addRegistry(r *Record) {
	in, _ := r.registry()
	if in.Since == 0 || in.Since == r.Generation {
		t.tags, t.lists = nil, nil // what it had before counts no more
	}
	if in.Since == 0 {
		return
	}
	if t.tags == nil {
		t.tags, t.lists = map[version]tagTouch{}, map[string]int{}
	}
	for v := range r.gone(removals...) {
		t.tags[v] = tagTouch{"", r.Generation}
	}
	for _, m := range r.manifests() {
		t.tags[version{m.Chart, m.Version}] = tagTouch{m.Manifest, r.Generation}
	}
	if in.All {
		for _, lines := range [][]Line{r.Change.Removed, r.Change.Added} {
			for _, l := range lines {
				t.lists[l.Chart] = r.Generation
			}
		}
		for chart := range r.acted() {
			t.lists[chart] = r.Generation
		}
	}
	if r.Registry != nil {
		for _, chart := range r.Registry.Complete {
			t.lists[chart] = r.Generation
		}
	}
}

// manifests are those that the record gives to versions.
func (r *Record) manifests() []VersionManifest {
	var all []VersionManifest
	for _, d := range r.Decisions {
		if d.Manifest != "" {
			all = append(all, VersionManifest{d.Upload, d.Chart, d.Version, d.Manifest})
		}
	}
	for _, a := range r.Actions {
		for _, v := range a.Versions {
			if upload, ok := parseReleaseURL(a.url(v)); ok && v.Manifest != "" {
				all = append(all, VersionManifest{upload, v.Chart, v.Version, v.Manifest})
			}
		}
	}
	if r.Registry != nil {
		all = append(all, r.Registry.Manifests...)
	}
	return all
}

// url is where the version's archive lies.
func (m VersionManifest) url() string { return ReleaseURL(m.Chart, m.Version, m.Upload) }

// ManifestAt is the SHA-256 of the manifest that the record gives to the version whose
// archive lies at the URL, in hex; "" if it gives it none.
func (r *Record) ManifestAt(url string) string {
	for _, m := range r.manifests() {
		if m.url() == url {
			return m.Manifest
		}
	}
	return ""
}

// registryFiles are the tags and the lists of tags that were touched.
func (c *Channel) registryFiles(ctx context.Context, x *Index, state *action.State, t touched) []derived {
	var files []derived
	for v, touch := range t.tags {
		repository := registry.Repository(c.Name, v.chart)
		if registry.CheckVersion(c.Name, v.chart, v.version) != nil {
			continue // it is gone, and never had a tag
		}
		if touch.manifest == "" {
			if !t.create { // a rebuild restores, and removes nothing
				files = append(files, derived{key: registry.TagKey(repository, registry.Tag(v.version)), generation: touch.generation, gone: true})
			}
			continue
		}
		files = append(files, derived{
			key: registry.TagKey(repository, registry.Tag(v.version)), body: c.manifestBody(ctx, repository, touch.manifest),
			contentType: registry.TypeManifest, generation: touch.generation, due: true,
		})
	}
	for chart, generation := range t.lists {
		if registry.CheckVersion(c.Name, chart, "") != nil {
			continue
		}
		// If no tags are left, an old list must not stay; but nobody needs an empty one.
		list := registry.Tags{Repository: registry.Repository(c.Name, chart), Tags: x.tags(c.Name, chart, state), Generation: generation}
		files = append(files, derived{
			key: registry.TagsKey(list.Repository), body: bucket.Bytes(list.Bytes()),
			contentType: registry.TypeTags, generation: generation, due: len(list.Tags) > 0,
		})
	}
	slices.SortFunc(files, func(a, b derived) int { return strings.Compare(a.key, b.key) })
	return files
}

// manifestBody is a manifest of the repository.
func (c *Channel) manifestBody(ctx context.Context, repository, sum string) bucket.Body {
	if text, ok := c.registry.texts[sum]; ok {
		return bucket.Bytes([]byte(text))
	}
	return bucket.Copy(ctx, c.site, registry.ManifestKey(repository, sum))
}

// putRegistryRoot answers clients who ask whether the site is a registry, if it is a bucket:
// there, a key may end with a slash. Elsewhere the web server answers them, as it also can
// before a bucket that refuses the key; so a failure does no harm.
func (c *Channel) putRegistryRoot(ctx context.Context) {
	if site, ok := c.site.(bucket.Slashed); ok {
		_ = site.CreateSlashed(ctx, bucket.Object{Key: registryRoot, Body: bucket.Bytes(nil), ContentType: typeJSON, CacheControl: revalidated})
	}
}

// tags are those of a chart's versions that can have one and are not yanked.
func (x *Index) tags(channel, chart string, state *action.State) []string {
	var tags []string
	for _, line := range x.listed(chart, state) {
		if v := lineVersion(line); v != "" && registry.CheckVersion(channel, chart, v) == nil {
			tags = append(tags, registry.Tag(v))
		}
	}
	return tags
}

// lineVersion is the version of a release, by the URL in its line; "" if that is not
// portolan's.
func lineVersion(line string) string {
	at := urlAt(line)
	if at < 0 {
		return ""
	}
	url, _, _ := strings.Cut(line[at:], `"`)
	parts := strings.Split(url, "/")
	if len(parts) != 5 {
		return ""
	}
	return parts[2]
}

// mayHave reports whether the index may list a version.
func (x *Index) mayHave(v version) bool { return x.urlOf(v) != "" }

// urlOf is where the archive of a version lies; "" if the index has no such version.
func (x *Index) urlOf(v version) string {
	for _, line := range x.Lines(v.chart) {
		if lineVersion(line) == v.version {
			return lineOf(line).url()
		}
	}
	return ""
}
