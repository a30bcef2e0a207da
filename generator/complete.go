package generator

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// A channel that has versions when it is put into the registry gives manifests to new ones
// from then on. The older ones get theirs when all channels of a run are decided, chart by
// chart, by records that decide nothing else. Each record is a step that need not be done
// again, so a run may be cut off at any time.

// completeAll gives older versions of channels in the registry their manifests.
func (o *Options) completeAll(ctx context.Context, all []*remainder) {
	for _, rest := range all {
		if !rest.incomplete {
			continue
		}
		err := o.completeRest(ctx, rest)
		if err != nil && !errors.Is(err, errNoArchive) && !errors.Is(err, publisher.ErrUnsound) {
			rest.uploads = nil // they stay in the inbox, and bring the next run here
		}
		rest.fail(err)
	}
}

func (o *Options) completeRest(ctx context.Context, rest *remainder) error {
	c := rest.channel
	if c == nil {
		var err error
		if c, err = openChannel(ctx, o, rest.report.Channel); err != nil {
			return err
		}
		c.UseRegistry(true)
	}
	n, err := o.complete(ctx, c)
	rest.report.After, rest.report.Completed = c.Generation(), n
	return err
}

// Completion is what CompleteRegistry did.
type Completion struct {
	Generation   int    // the newest now
	Versions     int    // that got a manifest
	RegistryLeft string // as in ChannelReport; also why the channel is in the registry although it should not be
}

// CompleteRegistry gives every version of the channel that can have a manifest one, if the
// configuration puts the channel into the registry. A channel that should leave stays, since
// a rebuild takes nothing away. It may be repeated after any failure.
func CompleteRegistry(ctx context.Context, o Options, channel string) (Completion, error) {
	o.setDefaults()
	m, left := newManifests(&o, channel, o.Config.Policy(channel).OCI)
	c, err := openChannel(ctx, &o, channel)
	if err != nil {
		return Completion{RegistryLeft: left}, err
	}
	versions := 0
	switch {
	case c.IndexGeneration() == 0:
	case !m.off:
		c.UseRegistry(true)
		versions, err = o.complete(ctx, c)
	case c.Registry().Since > 0 && left == "":
		left = fmt.Sprintf("channel %s is in the registry, but portolan.yaml does not say oci: true: "+
			"say so, or run 'portolan generate --channel %s', which takes it out", channel, channel)
	}
	return Completion{c.Generation(), versions, left}, err
}

func (o *Options) complete(ctx context.Context, c *publisher.Channel) (int, error) {
	m, _ := newManifests(o, c.Name, true)
	b := &completer{Options: o, channel: c, manifests: m, charts: map[string]bool{}, given: map[string]bool{}}
	for {
		if in := c.Registry(); in.Since > 0 && in.All {
			return b.n, nil
		}
		more, err := b.step(ctx)
		if err == nil && !more {
			err = b.missing
		}
		if err != nil {
			return b.n, fmt.Errorf("manifests of older versions: %w", err)
		}
	}
}

// errNoArchive says that a version cannot get a manifest, now or later.
var errNoArchive = errors.New("the index names an archive that is missing: restore it from a copy, or upload the chart again")

// completer gives the versions of one channel their manifests.
type completer struct {
	*Options
	channel   *publisher.Channel
	manifests *manifests
	catalog   *catalog
	charts    map[string]bool // that are complete
	given     map[string]bool // URLs of versions that got a manifest
	n         int             // of these
	mu        sync.Mutex
	missing   error // why some get none; nil if all do
}

// step commits one record. It reports whether there was anything to commit.
func (b *completer) step(ctx context.Context) (bool, error) {
	some, complete, all, err := b.some(ctx)
	if err != nil {
		return false, err
	}
	texts := make([]string, len(some))
	err = each(ctx, b.Workers, len(some), func(i int) error {
		m, err := b.give(ctx, some[i])
		texts[i], some[i].Manifest = m.Manifest, m.SHA256()
		return err
	})
	if err != nil {
		return false, err
	}
	change := &publisher.RegistryChange{}
	lacking := map[string]bool{}
	for _, v := range some {
		if v.Manifest == "" {
			lacking[v.Chart] = true
			b.given[v.is.URLs[0]], b.charts[v.Chart] = true, true // not tried again
			continue
		}
		change.Manifests = append(change.Manifests, v.VersionManifest)
	}
	change.Complete = slices.DeleteFunc(complete, func(chart string) bool { return lacking[chart] })
	all = all && b.missing == nil
	if len(change.Manifests)+len(change.Complete) == 0 && !all {
		return false, nil
	}
	draft := b.channel.RegistryDraft(change, all)
	draft.Time, draft.Nonce, draft.Texts = b.time(), b.Nonce(), texts
	err = b.channel.Commit(ctx, draft)
	if errors.Is(err, bucket.ErrConflict) {
		if err := b.channel.Refresh(ctx); err != nil {
			return false, err
		}
		return true, b.channel.Project(ctx) // the other generator may have died
	}
	if err != nil {
		return false, err
	}
	b.done(change)
	return true, b.channel.Project(ctx)
}

// done notes what a record has done.
func (b *completer) done(change *publisher.RegistryChange) {
	for _, m := range change.Manifests {
		b.given[publisher.ReleaseURL(m.Chart, m.Version, m.Upload)] = true
	}
	for _, chart := range change.Complete {
		b.charts[chart] = true
	}
	b.n += len(change.Manifests)
}

// time is when the next record is made: never before the last one.
func (b *completer) time() time.Time {
	if now := b.Now().UTC().Truncate(clockStep); now.After(b.channel.Time()) {
		return now
	}
	return b.channel.Time()
}

// incomplete is a version that is to get a manifest.
type incomplete struct {
	publisher.VersionManifest
	is published
}

// some returns versions that have no manifest yet, as many as fit a record, the charts that
// are complete with them, and whether all charts are.
func (b *completer) some(ctx context.Context) (some []incomplete, complete []string, all bool, err error) {
	b.catalog = catalogOf(b.Site, b.channel)
	for chart := range b.channel.Index().Charts() {
		if b.charts[chart] {
			continue
		}
		if done, err := b.channel.Complete(ctx, chart); err != nil || done {
			if err != nil {
				return nil, nil, false, err
			}
			b.charts[chart] = true
			continue
		}
		releases, err := b.catalog.releases(chart)
		if err != nil {
			return nil, nil, false, err
		}
		for _, p := range releases {
			upload, ok := publisher.UploadOf(p.URLs[0])
			if !ok || b.given[p.URLs[0]] || b.manifests.lacks(ref{chart, p.Version}) != nil {
				continue
			}
			if len(some) == publisher.MaxManifests {
				return some, complete, false, nil
			}
			some = append(some, incomplete{publisher.VersionManifest{Upload: upload, Chart: chart, Version: p.Version}, p})
		}
		complete = append(complete, chart)
	}
	return some, complete, true, nil
}

// give puts a version's files into the registry, and returns its manifest; none if its
// archive is missing or damaged.
func (b *completer) give(ctx context.Context, v incomplete) (publisher.Manifest, error) {
	url := v.is.URLs[0]
	info, err := b.catalog.released(ctx, v.is)
	if err != nil {
		return publisher.Manifest{}, err
	}
	if info == nil {
		return publisher.Manifest{}, b.lacks(url, errNoArchive)
	}
	m := info.Manifest
	if m.Manifest == "" {
		if m, err = b.make(ctx, v, info); err == nil {
			m, err = publisher.KeepManifest(ctx, b.Site, b.channel.Name, url, m)
		}
	}
	if err != nil {
		return m, err
	}
	if err = publisher.CheckManifest(ctx, b.Site, b.channel.Name, v.Chart, url, m); err == nil {
		err = publisher.PutManifest(ctx, b.Site, b.channel.Name, v.Chart, url, m)
	}
	if errors.Is(err, publisher.ErrUnsound) {
		return publisher.Manifest{}, b.lacks(url, fmt.Errorf("%w: restore it from a copy", publisher.ErrUnsound))
	}
	if err != nil {
		if gone, failure := b.catalog.missing(ctx, url); gone && failure == nil {
			return publisher.Manifest{}, b.lacks(url, errNoArchive)
		}
	}
	return m, err
}

// lacks notes why the archive at a URL, or its provenance file, cannot be used.
func (b *completer) lacks(url string, why error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.missing == nil {
		b.missing = bucket.About(path.Join(b.channel.Name, url), why)
	}
	return nil
}

// make makes the manifest of a version that has none. It follows from what the site has of
// the version, so two generators make the same.
func (b *completer) make(ctx context.Context, v incomplete, info *publisher.ReleaseInfo) (publisher.Manifest, error) {
	provSize := int64(0)
	if info.Provenance != "" {
		prov, err := publisher.OpenArchive(ctx, b.Site, b.channel.Name, v.is.URLs[0]+".prov")
		if err != nil {
			return publisher.Manifest{}, err
		}
		provSize = prov.Entry.Size
		prov.Close()
	}
	_, marked := b.channel.State().FindDeprecated(v.Chart)
	config, err := configOfLine(v.is.line, marked, b.channel.State().Owns(v.Chart, v.Version))
	if err != nil {
		return publisher.Manifest{}, err
	}
	if info.Arrival.IsZero() { // it was read from the archive
		info.Arrival = v.is.Created
	}
	return b.manifests.of(ref{v.Chart, v.Version}, config, info, provSize)
}
