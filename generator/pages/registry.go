package pages

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/templates"
)

// inRegistry is what a pass knows of its channel in the registry.
type inRegistry struct {
	url  string // of the channel there: oci://charts.example.com/stable; "" if clients cannot read it
	all  bool   // each version that can have a manifest has one
	same bool   // what pages show of it still holds

	gained map[string]bool // charts of which versions got manifests since their pages were made
}

// moved reports whether versions of a chart got manifests, or lost them, since the chart's
// pages were made.
func (r *inRegistry) moved(chart string) bool { return !r.same || r.gained[chart] }

// openRegistry finds out what has changed in the registry since pages were made. That
// changes no line of the index.
func (p *pass) openRegistry(ctx context.Context) error {
	now := p.head.Registry
	p.registry = inRegistry{all: now.All}
	if now.Since > 0 {
		p.registry.url = p.registryURL(p.channel.Name)
	}
	shown, _ := p.before.Header() // without one, no chart has pages
	p.registry.same = shown.Registry.Since == now.Since
	if p.registry.url == "" || !p.registry.same || shown.Registry.All {
		return nil
	}
	p.registry.gained = map[string]bool{}
	for r, err := range p.channel.Changes(ctx, p.state.Generation) {
		if err != nil {
			return err
		}
		if r.Registry == nil {
			continue
		}
		for _, m := range r.Registry.Manifests {
			p.registry.gained[m.Chart] = true
		}
	}
	return nil
}

// registryURL is the address of a channel for clients of registries. It is "" if the
// site's host is not known, or the site is below its root, where they do not look.
func (w *Writer) registryURL(channel string) string {
	u, err := url.Parse(w.Site.URL)
	if err != nil || u.Host == "" || u.Path != "" {
		return ""
	}
	return "oci://" + u.Host + "/" + channel
}

// manifestOf returns the digest of a release's manifest in the registry; "" if it has none
// there. The manifest is known already if release.json has it.
func (p *pass) manifestOf(ctx context.Context, r *release, known publisher.Manifest) (string, error) {
	m := known
	if m.Manifest == "" {
		var err error
		if m, err = publisher.ReadManifest(ctx, p.site, p.channel.Name, r.URLs[0]); err != nil {
			return "", unlessNotFound(err)
		}
	}
	if !p.registry.all { // it may be from a time when the channel was in the registry before
		in, err := p.site.Get(ctx, registry.ManifestKey(registry.Repository(p.channel.Name, r.Name), m.SHA256()))
		if err != nil {
			return "", unlessNotFound(err)
		}
		if err := in.Close(); err != nil {
			return "", err
		}
	}
	return m.Digest(), nil
}

func unlessNotFound(err error) error {
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	return err
}

// mayHaveManifest reports whether the registry may have a release.
func (p *pass) mayHaveManifest(r *release) bool {
	return p.registry.url != "" && registry.CheckVersion(p.channel.Name, r.Name, r.Version) == nil
}

// oci is the address of the chart in the registry; "" if that has none of its versions.
func (c *chartPages) oci() string {
	if !slices.ContainsFunc(c.versions, func(v VersionSummary) bool { return v.Manifest != "" }) {
		return ""
	}
	return c.registry.url + "/" + c.name
}

// ofRegistry is what pages show of the release at the position in the registry; nil if
// that does not have it.
func (c *chartPages) ofRegistry(i int) *templates.OCI {
	v := c.versions[i]
	if v.Manifest == "" {
		return nil
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(c.registry.url, "oci://"), "/")
	return &templates.OCI{
		Host: host, Chart: c.oci(), Tag: registry.Tag(v.Version), Digest: v.Manifest, Plain: strings.HasPrefix(c.Site.URL, "http:"),
	}
}

// owner tells Artifact Hub whose the chart's repository in the registry is.
func (c *chartPages) owner(ctx context.Context) error {
	metadata := c.ArtifactHub(c.channel.Name)
	if metadata == nil || c.head.Registry.Since == 0 || registry.CheckVersion(c.channel.Name, c.name, registry.HubTag) != nil {
		return nil
	}
	for _, f := range registry.Hub(registry.Repository(c.channel.Name, c.name), metadata) {
		if err := c.putKey(ctx, f.Key, f.Body); err != nil {
			return err
		}
	}
	return nil
}
