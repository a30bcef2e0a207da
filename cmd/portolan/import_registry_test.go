package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"time"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	ocidigest "github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/portolan-charts/portolan/publisher/registry"
)

// mkregistry NAME REPOSITORY:TAG=ARCHIVE...: a registry with charts, whose provenance
// files are taken with them; sets the variable to its URL. The chart is called as the
// repository ends, and was pushed in 2023.
func mkregistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mkregistry variable repository:tag=archive...")
	}
	ctx, hub := context.Background(), ocimem.New()
	for _, arg := range args[1:] {
		at, file, _ := strings.Cut(arg, "=")
		repository, tag, _ := strings.Cut(at, ":")
		archive, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		config, err := json.Marshal(map[string]string{"name": path.Base(repository), "version": registry.Version(tag)})
		ts.Check(err)
		r := registry.Release{Config: config, Archive: registry.SumOf(archive), Created: time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC)}
		prov, err := os.ReadFile(ts.MkAbs(file) + ".prov")
		if err == nil {
			r.Provenance = registry.SumOf(prov)
		}
		for _, b := range [][]byte{archive, config, prov} {
			_, err := hub.PushBlob(ctx, repository, oci.Descriptor{MediaType: registry.TypeBlob, Digest: ocidigest.FromBytes(b), Size: int64(len(b))}, bytes.NewReader(b))
			ts.Check(err)
		}
		manifest, err := registry.New(r)
		ts.Check(err)
		_, err = hub.PushManifest(ctx, repository, tag, manifest, registry.TypeManifest)
		ts.Check(err)
	}
	server := httptest.NewServer(ociserver.New(hub, nil))
	ts.Defer(server.Close)
	ts.Setenv(args[0], strings.Replace(server.URL, "http://", "oci://", 1))
}
