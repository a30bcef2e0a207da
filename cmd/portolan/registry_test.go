package main

import (
	"bytes"
	"path/filepath"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// register puts an archive into the registry of a site.
func (w *town) register(channel string, archive []byte) {
	w.t.Helper()
	c, err := check.Archive(bytes.NewReader(archive), check.Options{Versions: "helm"})
	if err != nil {
		w.t.Fatal(err)
	}
	name, version := c.Metadata.Name, c.Metadata.Version
	config := []byte(`{"apiVersion":"v2","name":"` + name + `","version":"` + version + `"}`)
	manifest, err := registry.New(registry.Release{Config: config, Archive: registry.SumOf(archive), Created: time.Unix(1e9, 0)})
	if err != nil {
		w.t.Fatal(err)
	}
	repository, sum := registry.Repository(channel, name), registry.SumOf(manifest).SHA256
	for key, b := range map[string][]byte{
		registry.BlobKey(repository, registry.SumOf(archive).SHA256): archive,
		registry.BlobKey(repository, registry.SumOf(config).SHA256):  config,
		registry.ManifestKey(repository, sum):                        manifest,
		registry.TagKey(repository, registry.Tag(version)):           manifest,
		registry.TagsKey(repository):                                 registry.Tags{Repository: repository, Tags: []string{registry.Tag(version)}, Generation: 1}.Bytes(),
		registry.ReferrersKey(repository, sum):                       []byte(registry.NoReferrers),
	} {
		write(w.t, filepath.Join(w.folder, "site", filepath.FromSlash(key)), b)
	}
}
