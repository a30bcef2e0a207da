package registry

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestTagList: the list is sorted, is never null, and can be read again.
func TestTagList(t *testing.T) {
	list := Tags{"stable/a", []string{"1.10.0", "1.2.0", "1.2.0_b", "v1"}, 7}
	want := `{"name":"stable/a","tags":["1.10.0","1.2.0","1.2.0_b","v1"],"portolan/generation":"7"}`
	for _, order := range [][]string{list.Tags, {"v1", "1.2.0_b", "1.2.0", "1.10.0"}} {
		if got := string(Tags{list.Repository, order, 7}.Bytes()); got != want {
			t.Errorf("got %s", got)
		}
	}
	if got, err := ParseTags([]byte(want)); err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := string(Tags{Repository: "a/b", Generation: 1}.Bytes()); got != `{"name":"a/b","tags":[],"portolan/generation":"1"}` {
		t.Errorf("got %s", got)
	}
	for _, foreign := range []string{"", "[]", `{"name":"a/b","tags":[]}`, `{"name":"a/b","tags":[],"portolan/generation":"0"}`} {
		if got, err := ParseTags([]byte(foreign)); err == nil {
			t.Errorf("%q: got %+v", foreign, got)
		}
	}
}

// TestNoReferrers: it is an index as clients read it.
func TestNoReferrers(t *testing.T) {
	var index struct {
		SchemaVersion int
		MediaType     string
		Manifests     []any
	}
	if err := json.Unmarshal([]byte(NoReferrers), &index); err != nil || index.SchemaVersion != 2 || index.MediaType != TypeIndex || index.Manifests == nil {
		t.Errorf("got %+v, %v", index, err)
	}
}
