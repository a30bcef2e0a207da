package pages

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// TestHostileCharts describes all hostile charts: they are accepted, what pages
// show of them is bounded, and all links are safe.
func TestHostileCharts(t *testing.T) {
	archives := charttest.Hostile()
	var before *archive
	all := newShared()
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		contents, err := check.ReadContents(bytes.NewReader(archives[name]), check.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := archiveOf(contents, all)
		v := newContent(c.Metadata)
		v.show(t.Context(), all, before, c)
		checkContent(t, name, v)
		before = c
	}
}

// checkContent checks what the pages of a version show: its size, its texts and its links.
func checkContent(t *testing.T, name string, v *versionContent) {
	t.Helper()
	bare := v.overview
	bare.README = nil
	for what, part := range map[string]struct {
		data  any
		limit int
	}{
		"release": {v.release, 50 << 10}, "overview": {bare, 150 << 10}, "README": {v.overview.README, 16 << 20}, "values": {v.values, 2 << 20},
		"templates": {v.templates, 2 << 20}, "changes": {v.changes, 1 << 20},
	} {
		data, err := json.Marshal(part.data)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > part.limit {
			t.Errorf("%s: the %s has %d bytes", name, what, len(data))
		}
		walk(reflect.ValueOf(part.data), "", func(path, s string) { checkText(t, name+": "+path, s) })
	}
}

var imageURL = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$`)

// checkText checks a text by the name of its field.
func checkText(t *testing.T, path, s string) {
	t.Helper()
	switch {
	case strings.HasSuffix(path, ".HTML"):
		if strings.Contains(s, "<script") || strings.Contains(s, "<img") || strings.Contains(s, "<svg") || strings.Contains(s, "javascript:alert(1)//\"") {
			t.Errorf("%s holds a script", path)
		}
	case strings.HasSuffix(path, ".Icon"):
		if s != "" && !imageURL.MatchString(s) {
			t.Errorf("%s is %q", path, s)
		}
	case strings.HasSuffix(path, ".URL"), strings.HasSuffix(path, ".Home"), strings.HasSuffix(path, ".Source"), strings.HasSuffix(path, ".IconLink"), strings.HasSuffix(path, ".Email"):
		u, err := url.Parse(s)
		if err != nil || s != "" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" || u.User != nil || strings.ContainsAny(s, "\"'<> ") {
			t.Errorf("%s is %q", path, s)
		}
	case strings.ContainsFunc(s, invisible):
		t.Errorf("%s holds hidden characters: %q", path, s)
	}
}

// walk calls f for all strings in v, with the names of their fields.
func walk(v reflect.Value, path string, f func(path, s string)) {
	switch v.Kind() {
	case reflect.String:
		f(path, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), path, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name, f)
			}
		}
	}
}
