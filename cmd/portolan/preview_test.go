package main

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// TestRegistryChart: the example that a preview shows can be pulled. So it is a chart that
// has versions which are not yanked.
func TestRegistryChart(t *testing.T) {
	t.Parallel()
	site := &buckettest.Mem{TB: t}
	for chart, tags := range map[string][]string{"a": {}, "c": {"1.0.0"}} {
		name := registry.Repository("stable", chart)
		site.Put(registry.TagsKey(name), registry.Tags{Repository: name, Tags: tags, Generation: 1}.Bytes())
	}
	site.Put(registry.TagKey(registry.Repository("stable", "b"), "1.0.0"), []byte("{}"))
	for channel, want := range map[string]string{"stable": "c", "other": ""} {
		if got := registryChart(t.Context(), site.Handle("preview"), channel); got != want {
			t.Errorf("%s: got %q, want %q", channel, got, want)
		}
	}
}
