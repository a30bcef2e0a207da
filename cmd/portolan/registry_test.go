package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// register puts archives into the registry of a site, with their provenance files.
func (w *town) register(channel string, files map[string][]byte) {
	w.t.Helper()
	put := func(key string, b []byte) { write(w.t, filepath.Join(w.folder, "site", filepath.FromSlash(key)), b) }
	tags := map[string][]string{}
	for _, file := range sortedKeys(files) {
		if !strings.HasSuffix(file, ".tgz") {
			continue
		}
		archive, prov := files[file], files[file+".prov"]
		c, err := check.Archive(bytes.NewReader(archive), check.Options{Versions: "helm"})
		if err != nil {
			w.t.Fatal(err)
		}
		name, version := c.Metadata.Name, c.Metadata.Version
		config := []byte(`{"apiVersion":"v2","name":"` + name + `","version":"` + version + `"}`)
		r := registry.Release{Config: config, Archive: registry.SumOf(archive), Created: time.Unix(1e9, 0)}
		repository := registry.Repository(channel, name)
		for _, b := range [][]byte{archive, config, prov} {
			put(registry.BlobKey(repository, registry.SumOf(b).SHA256), b)
		}
		if prov != nil {
			r.Provenance = registry.SumOf(prov)
		}
		manifest, err := registry.New(r)
		if err != nil {
			w.t.Fatal(err)
		}
		sum := registry.SumOf(manifest).SHA256
		put(registry.ManifestKey(repository, sum), manifest)
		put(registry.TagKey(repository, registry.Tag(version)), manifest)
		put(registry.ReferrersKey(repository, sum), []byte(registry.NoReferrers))
		tags[repository] = append(tags[repository], registry.Tag(version))
	}
	for repository, all := range tags {
		put(registry.TagsKey(repository), registry.Tags{Repository: repository, Tags: all, Generation: 1}.Bytes())
	}
}
