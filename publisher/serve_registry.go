package publisher

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	registryRoot = registry.Root + "/"

	// digestHeader says what the bytes of an answer hash to. Some clients learn the
	// digest of a tag from it, because an answer to HEAD has no bytes.
	digestHeader = "Docker-Content-Digest"
)

// InRegistry reports whether a path, such as /v2/, is one that clients of registries ask
// for. They expect errors in a form of their own.
func InRegistry(urlPath string) bool { return strings.HasPrefix(fileKey(urlPath), registryRoot) }

// serveRegistry answers with a file of the registry.
func serveRegistry(w http.ResponseWriter, r *http.Request, site bucket.Store, key string, k registry.Key) error {
	if k.Kind == registry.ByTag {
		return serveTag(w, r, site, key)
	}
	err := serveObject(w, r, site, key)
	if k.Kind == registry.Referrers && errors.Is(err, bucket.ErrNotFound) { // also of what is no manifest
		serveMade(w, r, key, registry.NoReferrers)
		return nil
	}
	return err
}

// serveTag answers with the manifest that a tag names, and with its digest.
func serveTag(w http.ResponseWriter, r *http.Request, site bucket.Store, key string) error {
	manifest, entry, err := bucket.ReadAll(r.Context(), site, key, registry.MaxManifest)
	if err != nil {
		return err
	}
	describe(w.Header(), key, entry)
	w.Header().Set(digestHeader, "sha256:"+registry.SumOf(manifest).SHA256)
	http.ServeContent(w, r, "", entry.Modified, bytes.NewReader(manifest))
	return nil
}

// servePing answers the question whether this host has a registry.
func servePing(w http.ResponseWriter, r *http.Request) { serveMade(w, r, registryRoot, "{}") }

// serveMade answers with JSON that is in no store.
func serveMade(w http.ResponseWriter, r *http.Request, key, body string) {
	describe(w.Header(), key, bucket.Entry{})
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
}

// serveRegistryError answers as registries do. The codes are those of the distribution
// specification, such as DENIED. The message is for people.
func serveRegistryError(w http.ResponseWriter, status int, code, message string) {
	type failure struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	b, err := json.Marshal(map[string][]failure{"errors": {{code, message}}})
	if err != nil {
		panic(err) // texts always encode
	}
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b) // to GET alone; a client that has gone needs no error
}

// serveUnknown answers that the registry has nothing at a path.
func serveUnknown(w http.ResponseWriter, urlPath string) {
	code, message := "NAME_UNKNOWN", "there is nothing at %.200[1]q; a chart lies at /v2/CHANNEL/CHART/manifests/VERSION"
	switch k, _ := registry.ParseKey(fileKey(urlPath)); k.Kind {
	case registry.TagList:
		message = "%.200[2]s: there is no such chart, or it is not in the registry"
	case registry.Blob:
		code, message = "BLOB_UNKNOWN", "%.200[2]s has no file %.200[3]s"
	case registry.ByTag, registry.ByDigest:
		code, message = "MANIFEST_UNKNOWN", "%.200[2]s has no version %.200[3]s; its tags/list has all versions"
	}
	repository := strings.TrimPrefix(path.Dir(path.Dir(fileKey(urlPath))), registryRoot)
	serveRegistryError(w, http.StatusNotFound, code, fmt.Sprintf(message, urlPath, repository, path.Base(urlPath)))
}
