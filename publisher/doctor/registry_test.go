package doctor_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/doctor"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const repository = "group/stable/web"

// register puts the version 1.0.0 of the chart web into the site's registry, and returns
// the SHA-256 of its manifest and of its archive.
func (s *setUp) register() (manifest, archive string) {
	s.t.Helper()
	blob := []byte("archive of web 1.0.0")
	config := []byte(`{"name":"web","version":"1.0.0"}`)
	b, err := registry.New(registry.Release{Config: config, Archive: registry.SumOf(blob), Created: time.Unix(1e9, 0)})
	if err != nil {
		s.t.Fatal(err)
	}
	manifest, archive = registry.SumOf(b).SHA256, registry.SumOf(blob).SHA256
	s.site.Put(registry.BlobKey(repository, archive), blob)
	s.site.Put(registry.BlobKey(repository, registry.SumOf(config).SHA256), config)
	s.site.Put(registry.ManifestKey(repository, manifest), b)
	s.site.Put(registry.TagKey(repository, "1.0.0"), b)
	s.site.Put(registry.TagsKey(repository), registry.Tags{Repository: repository, Tags: []string{"1.0.0"}, Generation: 1}.Bytes())
	s.site.Put(registry.ReferrersKey(repository, manifest), []byte(registry.NoReferrers))
	return manifest, archive
}

// unchanged serves a site as portolan preview does.
func unchanged(h http.Handler) http.Handler { return h }

func TestRegistry(t *testing.T) {
	for name, site := range map[string]bool{"with the site": true, "by the web server alone": false} {
		t.Run(name, func(t *testing.T) {
			s := newSetUp(t)
			manifest, _ := s.register()
			s.serveAt("", unchanged)
			s.options.Channels = []string{"group/stable"}
			if !site {
				s.options.Site = doctor.Place{}
			}
			r := s.examine()
			for check, seen := range map[string]string{
				"oci: /v2/": "200 OK", "oci: missing files": "404 Not Found", "oci: referrers": "200 OK",
				"oci: " + repository + "/tags/list": "tags: 1", "oci: " + repository + ":1.0.0": "sha256:" + manifest,
			} {
				want(t, r, check, doctor.OK, seen)
			}
		})
	}
}

// TestNoRegistry: most sites are none, and nothing is wrong with that.
func TestNoRegistry(t *testing.T) {
	s := newSetUp(t)
	s.serveAt("", unchanged)
	if got := rows(s.examine()); strings.Contains(got, "oci:") {
		t.Errorf("got\n%s", got)
	}
}

// TestRegistryBelowRoot: no client finds a registry below a path.
func TestRegistryBelowRoot(t *testing.T) {
	const tags = "oci: " + repository + "/tags/list"
	s := newSetUp(t)
	s.register()
	s.serve(unchanged)
	want(t, s.examine(), tags, doctor.Fail, "it is served under /helm, but clients of registries ask for /v2/ at the root of the host")
	s.serveAt("", func(h http.Handler) http.Handler { // also at the root
		mux := http.NewServeMux()
		mux.Handle("/helm/", http.StripPrefix("/helm", h))
		mux.Handle("/v2/", h)
		return mux
	})
	s.options.BaseURL += "/helm"
	r := s.examine()
	want(t, r, tags, doctor.OK, "tags: 1")
	want(t, r, "oci: "+repository+":1.0.0", doctor.OK, "sha256:")
}

// TestRegistryHosts: each thing that a host may lack is named, and how to add it.
func TestRegistryHosts(t *testing.T) {
	manifest, archive := newSetUp(t).register()
	const (
		missing   = "oci: missing files"
		referrers = "oci: referrers"
		tags      = "oci: " + repository + "/tags/list"
		tag       = "oci: " + repository + ":1.0.0"
	)
	for name, c := range map[string]struct {
		part, method string // of the requests that are answered in another way; "" is any
		answer       func(http.ResponseWriter, *http.Request, []byte)
		check        string
		result       doctor.Result
		seen         string
	}{
		"no ping":            {"/v2/$", "", status(404), "oci: /v2/", doctor.Fail, "404 Not Found: Flux, crane and cosign ask for this first"},
		"ping of a login":    {"/v2/$", "", status(401), "oci: /v2/", doctor.OK, "401"},
		"denies":             {"/manifests/portolan-doctor-", "", status(403), missing, doctor.Warning, "403 Forbidden for a version that does not exist"},
		"fails":              {"/manifests/portolan-doctor-", "", status(500), missing, doctor.Warning, "500"},
		"denies referrers":   {"/referrers/", "", status(403), referrers, doctor.Warning, "cosign then gives up"},
		"no referrers":       {"/referrers/", "", status(404), referrers, doctor.OK, "404"},
		"type of referrers":  {"/referrers/", "", header("Content-Type", "application/json"), referrers, doctor.Warning, `"application/json"`},
		"no tags":            {"/tags/list$", "", status(404), tags, doctor.Fail, "404"},
		"other tags":         {"/tags/list$", "", body(`{"name":"web","tags":[]}`), tags, doctor.Fail, "not a list of tags that portolan wrote"},
		"a page for tags":    {"/tags/list$", "", body("<html>"), tags, doctor.Fail, "is a web page"},
		"type of tags":       {"/tags/list$", "", header("Content-Type", "text/plain"), tags, doctor.Warning, `"text/plain"`},
		"tags cached":        {"/tags/list$", "", header("Cache-Control", "max-age=3600"), tags, doctor.Warning, "1h0m0s"},
		"no manifest":        {"/manifests/1.0.0$", "", status(404), tag, doctor.Fail, "404"},
		"denied":             {"/manifests/1.0.0$", "", status(403), tag, doctor.Fail, "cannot be read by the public"},
		"content types":      {"/manifests/", "", header("Content-Type", "application/octet-stream"), tag, doctor.Fail, `its Content-Type is "application/octet-stream", so no client takes it for a manifest`},
		"not a manifest":     {"/manifests/1.0.0$", "", body("{}"), tag, doctor.Fail, "manifest"},
		"gzip on the way":    {"/manifests/1.0.0$", "", header("Content-Encoding", "gzip"), tag, doctor.Fail, `comes with Content-Encoding "gzip"`},
		"tag cached":         {"/manifests/1.0.0$", "", header("Cache-Control", "public, max-age=31536000, immutable"), tag, doctor.Fail, "clients would not see new charts"},
		"no digest of a tag": {"/manifests/1.0.0$", "", header("Docker-Content-Digest", ""), tag, doctor.Warning, "does not send Docker-Content-Digest"},
		"wrong digest":       {"/manifests/1.0.0$", "GET", header("Docker-Content-Digest", "sha256:0"), tag, doctor.Fail, `the Docker-Content-Digest "sha256:0", but its bytes hash to sha256:` + manifest},
		"wrong digest, HEAD": {"/manifests/1.0.0$", "HEAD", header("Docker-Content-Digest", "sha256:0"), tag, doctor.Fail, `the Docker-Content-Digest "sha256:0"`},
		"no HEAD":            {"/manifests/", "HEAD", status(405), tag, doctor.Fail, "405 Method Not Allowed to HEAD"},
		"another HEAD":       {"/manifests/", "HEAD", header("Content-Length", "7"), tag, doctor.Fail, `to HEAD, the server says "7"`},
		"no digests":         {"/manifests/sha256:", "", status(404), tag, doctor.Fail, "404"},
		"type by digest":     {"/manifests/sha256:", "", header("Content-Type", "text/plain"), tag, doctor.Fail, "no client takes it for a manifest"},
		"digest by digest":   {"/manifests/sha256:", "", header("Docker-Content-Digest", ""), tag, doctor.OK, "sha256:" + manifest},
		"no blobs":           {"/blobs/", "", status(404), tag, doctor.Fail, "404"},
		"unpacked":           {"/blobs/sha256:" + archive, "", body("tar"), tag, doctor.Fail, "do not match the digest in its name"},
		"digest of a blob":   {"/blobs/sha256:" + archive, "", header("Docker-Content-Digest", "sha256:0"), tag, doctor.Fail, `the Docker-Content-Digest "sha256:0"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetUp(t)
			s.register()
			part, atEnd := strings.CutSuffix(c.part, "$")
			some := func(r *http.Request) bool {
				_, rest, found := strings.Cut(r.URL.Path, part)
				return found && (c.method == "" || c.method == r.Method) && (!atEnd || rest == "")
			}
			s.serveAt("", answeringIf(some, c.answer))
			want(t, s.examine(), c.check, c.result, c.seen)
		})
	}
}

// TestRegistryArchive: a cache may serve a tag that is older than the index.
func TestRegistryArchive(t *testing.T) {
	s := newSetUp(t)
	s.register()
	s.publish("web", "1.0.1")
	old, err := s.site.Handle("test").Get(t.Context(), registry.TagKey(repository, "1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	b := make([]byte, old.Entry.Size)
	if _, err := old.Read(b); err != nil {
		t.Fatal(err)
	}
	s.site.Put(registry.TagKey(repository, "1.0.1"), b)
	s.site.Put(registry.TagsKey(repository), registry.Tags{Repository: repository, Tags: []string{"1.0.1"}, Generation: 1}.Bytes())
	s.serveAt("", unchanged)
	want(t, s.examine(), "oci: "+repository+":1.0.1", doctor.Warning, "names another archive than index.yaml")
}
