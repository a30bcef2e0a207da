package main

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestComparing compares two versions of a real chart in a browser, and versions of
// charts that mean no good: see testdata/browser/comparing.mjs.
func TestComparing(t *testing.T) {
	t.Parallel()
	chromium := testenv.Program(t, "chromium")
	modules := nodeModules(t)
	w := newTown(t)
	const chart = "aws-cloudwatch-metrics"
	real := map[string][]byte{}
	for _, version := range []string{"0.0.1", "0.0.4"} {
		file := chart + "-" + version + ".tgz"
		real[file] = read(t, filepath.Join("..", "..", "testdata", "charts", file))
	}
	w.drop("real", real)
	hostile, all := map[string][]byte{}, charttest.Hostile()
	names := []string{"script-fields", "script-values", "script-files", "odd-text", "wrong-shapes", "huge-values", "wide-values", "many-files"}
	for _, name := range names {
		hostile[name+"-0.1.0.tgz"] = charttest.Simple(name, "0.1.0", "README.md", "Short.\n")
		hostile[name+"-1.0.0.tgz"] = all[name]
	}
	w.drop("hostile", hostile)
	w.done("generate")
	site, err := bucket.Open(t.Context(), filepath.Join(w.folder, "site"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(publisher.Handler(site, nil))
	defer server.Close()
	var urls []string
	for _, name := range names {
		urls = append(urls, server.URL+"/hostile/charts/"+name+"/compare.html")
	}
	text, err := json.Marshal(urls)
	if err != nil {
		t.Fatal(err)
	}
	browse(t, w, "comparing.mjs", modules, chromium, server.URL+"/real/charts/"+chart+"/compare.html", string(text))
}
