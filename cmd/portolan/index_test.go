package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestEveryIndex has both Helm clients load every index of the golden trees,
// heads and snapshots alike, and find exactly the releases that they hold.
func TestEveryIndex(t *testing.T) {
	t.Parallel()
	trees, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil || len(trees) == 0 {
		t.Fatalf("no golden trees: %v", err)
	}
	indexes := map[string][]byte{} // by URL path
	for _, tree := range trees {
		a, err := txtar.ParseFile(tree)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if path.Base(f.Name) == "index.yaml" {
				indexes["/"+path.Join(filepath.Base(tree), f.Name)] = f.Data
			}
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write(indexes[r.URL.Path]); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	for _, client := range clients {
		h := newHelm(t, client)
		for i, key := range sortedKeys(indexes) {
			repo := fmt.Sprintf("repo%d", i)
			h.run("repo", "add", repo, server.URL+path.Dir(key))
			got := map[string]int{}
			for name, versions := range h.search(repo, "--devel") {
				got[name] = len(versions)
			}
			if want := releases(t, indexes[key]); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s finds %v, want %v", key, client, got, want)
			}
		}
	}
}

// releases counts the releases of each chart in an index.
func releases(t *testing.T, index []byte) map[string]int {
	t.Helper()
	var x struct {
		Entries map[string][]json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(index, &x); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for name, entries := range x.Entries {
		count[name] = len(entries)
	}
	return count
}
