package pages

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// TestHostileCharts describes all hostile charts: they are accepted, what pages
// show of them is bounded, and all links are safe.
func TestHostileCharts(t *testing.T) {
	archives := charttest.Hostile()
	var before *check.Contents
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		c, err := check.ReadContents(bytes.NewReader(archives[name]), check.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		page := &templates.ChartPage{}
		describe(page, c.Metadata)
		show(t.Context(), page, nil, c)
		checkPage(t, name, page)
		if before != nil {
			page.Against = compare(t.Context(), before, c, values.Render(t.Context(), c.Values))
			checkPage(t, name, page)
		}
		before = c
	}
}

// checkPage checks the data of a page: its size, its texts and its links.
func checkPage(t *testing.T, name string, page *templates.ChartPage) {
	t.Helper()
	bare := *page
	bare.README, bare.Values, bare.Against = nil, nil, nil
	for what, part := range map[string]struct {
		data  any
		limit int
	}{
		"page": {bare, 200 << 10}, "README": {page.README, 16 << 20}, "values": {page.Values, 16 << 20}, "comparison": {page.Against, 1 << 20},
	} {
		data, err := json.Marshal(part.data)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > part.limit {
			t.Errorf("%s: the %s has %d bytes", name, what, len(data))
		}
	}
	walk(reflect.ValueOf(page), "", func(path, s string) {
		switch {
		case strings.HasSuffix(path, ".HTML"):
			if strings.Contains(s, "<script") || strings.Contains(s, "<img") || strings.Contains(s, "<svg") || strings.Contains(s, "javascript:alert(1)//\"") {
				t.Errorf("%s: %s holds a script", name, path)
			}
		case strings.HasSuffix(path, ".URL"), strings.HasSuffix(path, ".Home"), strings.HasSuffix(path, ".Icon"), strings.HasSuffix(path, ".Email"):
			u, err := url.Parse(s)
			if err != nil || s != "" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" || u.User != nil || strings.ContainsAny(s, "\"'<> ") {
				t.Errorf("%s: %s is %q", name, path, s)
			}
		case strings.ContainsFunc(s, invisible):
			t.Errorf("%s: %s holds hidden characters: %q", name, path, s)
		}
	})
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
