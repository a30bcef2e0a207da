package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// hub is an OCI registry.
type hub struct {
	*httptest.Server
	t       *testing.T
	content ociregistry.Interface
	serve   http.Handler

	mu    sync.Mutex
	asked []string                                                 // paths
	odd   func(w http.ResponseWriter, r *http.Request, n int) bool // returns true if it answered itself; n counts requests for the path
	count map[string]int
}

func newHub(t *testing.T) *hub {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("HELM_REGISTRY_CONFIG", t.TempDir()+"/config.json")
	h := &hub{t: t, content: ocimem.New(), count: map[string]int{}}
	h.serve = ociserver.New(h.content, nil)
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.asked = append(h.asked, r.URL.Path)
	h.count[r.URL.Path]++
	n := h.count[r.URL.Path]
	h.mu.Unlock()
	if h.odd == nil || !h.odd(w, r, n) {
		h.serve.ServeHTTP(w, r)
	}
}

// lately returns the paths that were requested since the last call, without the
// beginning that they share.
func (h *hub) lately() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.asked = nil }()
	return h.asked
}

func (h *hub) host() string { return strings.TrimPrefix(h.URL, "http://") }

// url returns the URL of what is in the registry.
func (h *hub) url(what string) string { return ociPrefix + h.host() + "/" + what }

// blob puts a blob into a repository.
func (h *hub) blob(repository, mediaType string, b []byte) oci.Descriptor {
	h.t.Helper()
	d := oci.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
	if _, err := h.content.PushBlob(context.Background(), repository, d, bytes.NewReader(b)); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// tag puts a manifest into a repository, under tags.
func (h *hub) tag(repository string, manifest []byte, mediaType string, tags ...string) {
	h.t.Helper()
	for _, tag := range tags {
		if _, err := h.content.PushManifest(context.Background(), repository, tag, manifest, mediaType); err != nil {
			h.t.Fatal(err)
		}
	}
}

// push puts a chart into a repository, as 'helm push' does, and returns its archive's
// digest. A change may spoil its manifest.
func (h *hub) push(repository, name, version string, prov []byte, change func(*oci.Manifest), tags ...string) string {
	h.t.Helper()
	archive := charttest.Simple(name, version)
	config := []byte(`{"name":"` + name + `","version":"` + version + `","apiVersion":"v2"}`)
	m := oci.Manifest{
		MediaType: registry.TypeManifest, Config: h.blob(repository, registry.TypeConfig, config),
		Layers:      []oci.Descriptor{h.blob(repository, registry.TypeChart, archive)},
		Annotations: map[string]string{registry.Created: charttest.Time.Add(time.Hour).Format(time.RFC3339)},
	}
	m.SchemaVersion = 2
	if prov != nil {
		m.Layers = append(m.Layers, h.blob(repository, registry.TypeProvenance, prov))
	}
	if change != nil {
		change(&m)
	}
	b, err := json.Marshal(m)
	if err != nil {
		h.t.Fatal(err)
	}
	h.tag(repository, b, m.MediaType, append(tags, registry.Tag(version))...)
	return sum(archive)
}

// open opens what is in the registry, without pauses between tries.
func (h *hub) open(what string, c Credentials) *Repository {
	h.t.Helper()
	r, err := OpenRegistry(h.url(what), nil, c)
	if err != nil {
		h.t.Fatal(err)
	}
	return hurried(r)
}

// hurried takes the pauses away between tries.
func hurried(r *Repository) *Repository {
	sleep := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	r.web.client.Sleep, r.web.registries.http.Sleep = sleep, sleep
	return r
}
