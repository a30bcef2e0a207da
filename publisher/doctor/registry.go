package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/registry"
)

// maxTries is how many charts of a channel are asked for where only the web server can
// say whether they are in a registry.
const maxTries = 3

const fixHost = "; ci/cdn.md says what each host needs; if this one cannot have it, leave out 'oci: true'"

// registry examines a channel as clients of OCI registries see it: Helm with oci://, and
// those that are built on oras-go (Argo CD) or go-containerregistry (Flux, crane, cosign).
// It is silent about a channel that is in no registry.
func (e *exam) registry(ctx context.Context, base *url.URL, channel string, x *index) {
	host := &url.URL{Scheme: base.Scheme, User: base.User, Host: base.Host}
	for _, chart := range e.registered(ctx, channel, x) {
		repository := registry.Repository(channel, chart)
		check := "oci: " + repository + "/tags/list"
		if e.belowRoot(ctx, check, base, repository) {
			return
		}
		a, err := e.get(ctx, join(host, registry.TagsKey(repository)))
		if e.Site.Store == nil && (err != nil || a.missing()) {
			continue
		}
		if !e.examined {
			e.examined = true
			e.ping(ctx, host)
			e.unknown(ctx, host, repository)
		}
		if err != nil {
			seen, fix := webError(err)
			e.Add(check, Fail, seen, fix)
			return
		}
		if tags := e.tags(check, a); len(tags) > 0 {
			e.tag(ctx, host, repository, tags, x.Entries[chart])
		}
		return
	}
}

// registered returns charts of the channel that may be in a registry.
func (e *exam) registered(ctx context.Context, channel string, x *index) (charts []string) {
	all := slices.Sorted(maps.Keys(x.Entries))
	if e.Site.Store == nil {
		return all[:min(len(all), maxTries)]
	}
	// An error has been told of: the site was listed before.
	folders, _, _ := list(ctx, e.Site.Store, path.Join(registry.Root, channel))
	for _, chart := range all {
		if slices.Contains(folders, chart) {
			return []string{chart}
		}
	}
	return nil
}

// belowRoot checks whether a registry is where no client looks for it.
func (e *exam) belowRoot(ctx context.Context, check string, base *url.URL, repository string) bool {
	if strings.Trim(base.Path, "/") == "" {
		return false
	}
	root := *base
	root.Path = "/"
	key := registry.TagsKey(repository)
	if a, err := e.get(ctx, join(&root, key)); err == nil && !a.missing() {
		return false
	}
	if a, err := e.get(ctx, join(base, key)); err != nil || a.missing() {
		return false
	}
	e.Add(check, Fail, fmt.Sprintf("it is served under %s, but clients of registries ask for /v2/ at the root of the host", base.Path),
		"serve the site at the root of a host of its own, or pass /v2/ at the root on to the site; otherwise leave out 'oci: true'")
	return true
}

// ping asks what go-containerregistry asks before everything else.
func (e *exam) ping(ctx context.Context, host *url.URL) {
	const check = "oci: /v2/"
	switch a, err := e.get(ctx, join(host, registry.Root+"/")); {
	case err != nil:
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
	case a.status == http.StatusOK || a.status == http.StatusUnauthorized:
		e.Add(check, OK, a.text, "")
	default:
		e.Add(check, Fail, "the server answers "+a.text+": Flux, crane and cosign ask for this first, and then give up", "make it answer 200"+fixHost)
	}
}

// unknown checks the answers for what the registry does not have.
func (e *exam) unknown(ctx context.Context, host *url.URL, repository string) {
	const check = "oci: missing files"
	name := strings.ToLower(rand.Text())
	a, err := e.manifest(ctx, http.MethodGet, join(host, registry.TagKey(repository, "portolan-doctor-"+name)))
	switch {
	case err != nil:
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
	case a.status == http.StatusNotFound:
		e.Add(check, OK, a.text, "")
	default:
		e.Add(check, Warning, "the server answers "+a.text+" for a version that does not exist: clients take that for a lack of rights, or try again",
			"make it answer 404 for files that it does not have"+fixHost)
	}
	e.referrers(ctx, host, repository, name)
}

// referrers checks what is said of signatures and the like.
func (e *exam) referrers(ctx context.Context, host *url.URL, repository, name string) {
	const check = "oci: referrers"
	a, err := e.get(ctx, join(host, registry.ReferrersKey(repository, registry.SumOf([]byte(name)).SHA256)))
	switch {
	case err != nil:
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
	case a.status == http.StatusNotFound || a.status == http.StatusOK && a.is(registry.TypeIndex):
		e.Add(check, OK, a.text, "")
	case a.status == http.StatusOK:
		e.found(check, a.typed(registry.TypeIndex), "")
	default:
		e.Add(check, Warning, "the server answers "+a.text+" when it is asked for signatures: cosign then gives up", "make it answer 404 for files that it does not have"+fixHost)
	}
}

// tags checks a list of tags, and returns it.
func (e *exam) tags(check string, a *answer) []string {
	if bad := a.served(); bad != nil {
		e.found(check, bad, "")
		return nil
	}
	l, err := registry.ParseTags(a.body)
	if err != nil {
		e.Add(check, Fail, a.url+" is "+err.Error(), "make the server serve the site's files, and no lists of its own")
		return nil
	}
	e.found(check, append(a.typed(registry.TypeTags), a.cachedBriefly("lists of tags")...), fmt.Sprintf("tags: %d", len(l.Tags)))
	return l.Tags
}
