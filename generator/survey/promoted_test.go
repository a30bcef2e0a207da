package survey_test

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// describe writes the description of a version.
func (w *world) describe(v survey.Version, text any) {
	w.t.Helper()
	b, err := json.Marshal(text)
	if err == nil {
		err = w.store().Create(w.t.Context(), bucket.Object{Key: path.Join(path.Dir(v.URL), "release.json"), Body: bucket.Bytes(b)})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestFindPromoted: a promoted version says from where it came; an uploaded one says
// nothing, and neither does one whose description is lost or damaged.
func TestFindPromoted(t *testing.T) {
	t.Parallel()
	w := stable(t)
	all, err := open(t, w, "stable").Versions("web")
	if err != nil {
		t.Fatal(err)
	}
	w.describe(all[0], publisher.ReleaseInfo{Upload: id(4), Arrival: at(0), From: "dev"})
	w.describe(all[1], publisher.ReleaseInfo{Upload: id(3), Arrival: at(0)})
	w.describe(all[2], "damaged")
	if err := survey.FindPromoted(t.Context(), w.store(), all); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"dev", "", "", ""} {
		if got := all[i].From; got != want {
			t.Errorf("%s is from %q, want %q", all[i].Version, got, want)
		}
	}
	w.site.Hook = func(op buckettest.Op) buckettest.Fault { return buckettest.Refused }
	if err := survey.FindPromoted(t.Context(), w.store(), all); err == nil {
		t.Error("a site that fails is not an error")
	}
}

// TestFindPromotedBounded: of a long list, only the first versions are looked at.
func TestFindPromotedBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var reads atomic.Int32
	w.site.Hook = func(op buckettest.Op) buckettest.Fault {
		if strings.HasSuffix(op.Key, "/release.json") && op.Kind == "get" {
			reads.Add(1)
		}
		return buckettest.None
	}
	versions := make([]survey.Version, survey.MaxPromoted+20)
	for i := range versions {
		number := fmt.Sprintf("1.0.%d", i)
		versions[i] = survey.Version{Channel: "stable", Chart: "web", Version: number, URL: path.Join("stable", publisher.ReleaseURL("web", number, id(i)))}
		if i >= survey.MaxPromoted-1 {
			w.describe(versions[i], publisher.ReleaseInfo{From: "dev"})
		}
	}
	if err := survey.FindPromoted(t.Context(), w.store(), versions); err != nil {
		t.Fatal(err)
	}
	if n := reads.Load(); n != survey.MaxPromoted {
		t.Errorf("it reads %d descriptions", n)
	}
	if versions[survey.MaxPromoted-1].From == "" || versions[survey.MaxPromoted].From != "" {
		t.Error("it looks at others than the first ones")
	}
}
