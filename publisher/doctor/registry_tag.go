package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	digestHeader = "Docker-Content-Digest"
	digestPrefix = "sha256:"
)

// manifest asks for a manifest as clients do.
func (e *exam) manifest(ctx context.Context, method, address string) (*answer, error) {
	return e.ask(ctx, method, address, registry.TypeManifest+", "+registry.TypeIndex)
}

// tag examines one version, by its tag and by its digests.
func (e *exam) tag(ctx context.Context, host *url.URL, repository string, tags []string, releases []release) {
	tag, digest := tags[0], ""
	for _, r := range releases {
		if t := registry.Tag(r.Version); slices.Contains(tags, t) {
			tag, digest = t, r.Digest
			break
		}
	}
	check := "oci: " + repository + ":" + tag
	address := join(host, registry.TagKey(repository, tag))
	a, err := e.manifest(ctx, http.MethodGet, address)
	if err != nil {
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
		return
	}
	m, findings := a.parsed()
	if m == nil {
		e.found(check, findings, "")
		return
	}
	if digest != "" && m.Archive.SHA256 != digest {
		findings = append(findings, finding{Warning, "its manifest names another archive than index.yaml", "wait; a cache may serve an old one for a few minutes"})
	}
	findings = append(findings, a.cachedBriefly("tags")...)
	sum := registry.SumOf(a.body)
	findings = append(findings, e.head(ctx, address, sum)...)
	findings = append(findings, e.byDigest(ctx, host, repository, m, sum)...)
	e.found(check, findings, digestPrefix+sum.SHA256)
}

// parsed reads a manifest that was served.
func (a *answer) parsed() (*registry.Manifest, []finding) {
	if bad := a.served(); bad != nil {
		return nil, bad
	}
	if !a.is(registry.TypeManifest) {
		return nil, []finding{{Fail, fmt.Sprintf("its Content-Type is %q, so no client takes it for a manifest", a.header.Get("Content-Type")),
			"serve what lies in v2/…/manifests/ as " + registry.TypeManifest + ", as it is stored in buckets; a host that sets no content types (GitHub Pages, GitLab Pages) cannot be a registry" + fixHost}}
	}
	m, err := registry.Parse(a.body)
	if err != nil {
		return nil, []finding{{Fail, a.url + ": " + err.Error(), "check that the server serves this site; 'portolan verify' shows whether the site itself is intact"}}
	}
	return m, a.named(registry.SumOf(a.body))
}

// head asks what a tag names, without the manifest.
func (e *exam) head(ctx context.Context, address string, want registry.Sum) []finding {
	const fix = "let the server answer HEAD as it answers GET, without the body"
	a, err := e.manifest(ctx, http.MethodHead, address)
	switch {
	case err != nil:
		return []finding{{Fail, "HEAD: " + err.Error(), fix}}
	case a.status != http.StatusOK:
		return []finding{{Fail, "the server answers " + a.text + " to HEAD, by which clients ask what a tag names", fix}}
	case !a.is(registry.TypeManifest) || a.header.Get("Content-Length") != strconv.FormatInt(want.Size, 10):
		return []finding{{Fail, fmt.Sprintf("to HEAD, the server says %q of type %q, and to GET it sends %d bytes of a manifest",
			a.header.Get("Content-Length"), a.header.Get("Content-Type"), want.Size), fix}}
	case a.header.Get(digestHeader) == "":
		return []finding{{Warning, "the server does not send " + digestHeader + ": Helm, Flux and crane do without it, but Argo CD and oras-go then cannot find versions by tag",
			"let a 'portolan shim' with the same site answer for /v2/…/manifests/, or name charts by digest there" + fixHost}}
	}
	return a.named(want)
}

// named checks the digest that the server sends, if it sends one.
func (a *answer) named(want registry.Sum) []finding {
	got := a.header.Get(digestHeader)
	if got == "" || got == digestPrefix+want.SHA256 {
		return nil
	}
	return []finding{{Fail, fmt.Sprintf("%s comes with the %s %q, but its bytes hash to %s%s: clients refuse it", a.url, digestHeader, got, digestPrefix, want.SHA256),
		"set this header only where the last part of the path is that digest, and not for what is changed on the way"}}
}

// byDigest gets everything that a client of a version gets, but by what it hashes to.
func (e *exam) byDigest(ctx context.Context, host *url.URL, repository string, m *registry.Manifest, manifest registry.Sum) (findings []finding) {
	for _, want := range []registry.Sum{manifest, m.Config, m.Archive} {
		key := registry.BlobKey(repository, want.SHA256)
		if want == manifest {
			key = registry.ManifestKey(repository, want.SHA256)
		}
		a, err := e.manifest(ctx, http.MethodGet, join(host, key))
		if err != nil {
			seen, fix := webError(err)
			findings = append(findings, finding{Fail, seen, fix})
			continue
		}
		bad := a.served()
		switch {
		case bad != nil:
		case want == manifest:
			_, bad = a.parsed()
		default:
			bad = a.named(want)
		}
		if bad == nil && registry.SumOf(a.body) != want {
			bad = []finding{{Fail, a.url + ": its bytes do not match the digest in its name", "make the server neither change nor unpack files; 'portolan verify --deep' shows whether the site itself is intact"}}
		}
		findings = append(findings, bad...)
	}
	return findings
}
