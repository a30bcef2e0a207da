package publisher

import (
	"reflect"
	"strings"
	"testing"
)

// registryRecord is a record of a channel in the registry.
func registryRecord() *Record {
	r := sampleRecord()
	r.Format = 4
	r.Decisions[0].Manifest = strings.Repeat("c", 64)
	r.Change.Header = `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"2","portolan/oci":"1"},"entries":{`
	r.Registry = &RegistryChange{
		Manifests: []VersionManifest{{"v", "beta", "1.0.0", strings.Repeat("d", 64)}},
		Complete:  []string{"beta"},
	}
	return r
}

// TestRegistryRecord: what a record says of the registry is read as it was written, and
// what cannot be is refused.
func TestRegistryRecord(t *testing.T) {
	want := registryRecord()
	b, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parseRecord(b, 2); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	off := func(r *Record) { r.Change.Header = strings.Replace(r.Change.Header, `,"portolan/oci":"1"`, "", 1) }
	for want, change := range map[string]func(*Record){
		"format 3, not 4":                   func(r *Record) { r.Format = 3 },
		"format 4, not 3":                   func(r *Record) { off(r); r.Registry, r.Decisions[0].Manifest = nil, "" },
		"which is later":                    func(r *Record) { r.Change.Header = strings.Replace(r.Change.Header, `oci":"1"`, `oci":"3"`, 1) },
		`upload u has the manifest "x"`:     func(r *Record) { r.Decisions[0].Manifest = "x" },
		"is not in the registry":            func(r *Record) { off(r); r.Registry = nil },
		"but the channel is not in it":      func(r *Record) { off(r); r.Decisions[0].Manifest = "" },
		"has 1001 manifests":                func(r *Record) { r.Registry.Manifests = make([]VersionManifest, MaxManifests+1) },
		`has the manifest "" of upload "v"`: func(r *Record) { r.Registry.Manifests[0].Manifest = "" },
		`of upload "", beta 1.0.0`:          func(r *Record) { r.Registry.Manifests[0].Upload = "" },
	} {
		r := registryRecord()
		change(r)
		b, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseRecord(b, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
