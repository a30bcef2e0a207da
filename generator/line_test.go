package generator

import (
	"reflect"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

// TestWithDeprecated: the mark comes where renderLine puts it, and goes without a trace,
// whichever fields there are before and after it.
func TestWithDeprecated(t *testing.T) {
	full := check.Metadata{
		Name: "alpha", Home: "h", Sources: []string{"s"}, Version: "1.0.0", Description: `"deprecated":true,"annotations":{`,
		Keywords: []string{"deprecated"}, Icon: "i", APIVersion: "v2", Condition: "c", Tags: "t", AppVersion: "a",
		Annotations: map[string]string{"deprecated": "true"}, KubeVersion: "k",
		Dependencies: []*check.Dependency{{Name: "d"}}, Type: "application",
	}
	if n, known := reflect.TypeFor[check.Metadata]().NumField(), 17; n != known {
		t.Fatalf("Chart.yaml has %d fields, not %d: see whether new ones come after deprecated", n, known)
	}
	var all []check.Metadata
	for i := range reflect.TypeFor[check.Metadata]().NumField() {
		without, only := full, check.Metadata{Name: "alpha", Version: "1.0.0"}
		reflect.ValueOf(&without).Elem().Field(i).SetZero()
		reflect.ValueOf(&only).Elem().Field(i).Set(reflect.ValueOf(full).Field(i))
		all = append(all, without, only)
	}
	for _, md := range all {
		plain := rendered(t, md, false)
		marked := rendered(t, md, true)
		for _, line := range []string{plain, marked} {
			if got, err := withDeprecated(line, true); err != nil || got != marked {
				t.Errorf("got %s, %v\nwant %s", got, err, marked)
			}
			if got, err := withDeprecated(line, false); err != nil || got != plain {
				t.Errorf("got %s, %v\nwant %s", got, err, plain)
			}
		}
	}
	for _, line := range []string{"", "{", "[]", `{"name":"alpha"}`, `{"name":`, "null"} {
		if got, err := withDeprecated(line, true); err == nil {
			t.Errorf("of %q it makes %q", line, got)
		}
	}
}

func rendered(t *testing.T, md check.Metadata, deprecated bool) string {
	md.Deprecated = deprecated
	line, err := renderLine(&md, time.Unix(0, 0), "digest", "charts/url")
	if err != nil {
		t.Fatal(err)
	}
	return line
}
