package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/portolan-charts/portolan/ci/bench/seed"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// indexFiles measures the index that clients read.
func (b *bench) indexFiles(ctx context.Context) error {
	for _, versions := range []int{10_000, 50_000} {
		if err := b.indexOf(ctx, versions); err != nil {
			return fmt.Errorf("an index of %d versions: %w", versions, err)
		}
	}
	return nil
}

func (b *bench) indexOf(ctx context.Context, versions int) error {
	folder := filepath.Join(b.folder, fmt.Sprintf("index-%d", versions))
	site, err := bucket.Open(ctx, folder)
	if err != nil {
		return err
	}
	say("making an index of %d versions, and the same in YAML", versions)
	if err := seed.Channel(ctx, site, channel, versions); err != nil {
		return err
	}
	index := filepath.Join(folder, channel, "index.yaml")
	written, err := os.ReadFile(index)
	if err != nil {
		return err
	}
	least, err := smallest(written)
	if err != nil {
		return err
	}
	over := quotient(time.Duration(len(written)), time.Duration(least)) - 1
	b.table.add(row{
		work: fmt.Sprintf("the index of %d versions", versions), goal: "within 5 % of the smallest JSON that Helm reads without loss",
		figure: megabytes(int64(len(written))), ratio: fmt.Sprintf("%+.1f %%", 100*over),
		met: over <= 0.05,
	})
	asYAML, err := b.inYAML(ctx, index, folder)
	if err != nil {
		return err
	}
	if err := b.readers(ctx, versions, filepath.Dir(index), filepath.Dir(asYAML)); err != nil {
		return err
	}
	return remove(folder)
}

// readers compares the cost of reading an index with Helm with that of the same
// index in YAML.
func (b *bench) readers(ctx context.Context, versions int, ours, asYAML string) error {
	update, search, err := b.read(ctx, ours)
	if err != nil {
		return err
	}
	slowUpdate, slowSearch, err := b.read(ctx, asYAML)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		verb       string
		ours, peer cost
	}{{"repo update", update, slowUpdate}, {"search repo", search, slowSearch}} {
		b.table.add(row{
			work: fmt.Sprintf("`helm %s` of %d versions", r.verb, versions), goal: "≤ 1/3 of the CPU of the same index in YAML",
			figure: r.ours.String(), ratio: fmt.Sprintf("%s of CPU %s, %s", times(r.ours.CPU, r.peer.CPU), seconds(r.peer.CPU), megabytes(r.peer.Peak)),
			met: r.ours.CPU <= r.peer.CPU/3,
		})
	}
	return nil
}

// read serves a folder and measures how Helm reads the index in it.
func (b *bench) read(ctx context.Context, folder string) (update, search cost, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return update, search, err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(folder)), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // until it is closed
	defer server.Close()
	home, err := os.MkdirTemp(b.folder, "helm-*")
	if err != nil {
		return update, search, err
	}
	defer os.RemoveAll(home)
	helm := func(args ...string) *command {
		env := []string{"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
		return &command{args: append([]string{b.helm}, args...), env: env}
	}
	if _, err = helm("repo", "add", "bench", "http://"+l.Addr().String()).run(ctx); err != nil {
		return update, search, err
	}
	if update, err = helm("repo", "update").medianOf(ctx, nil); err != nil {
		return update, search, err
	}
	search, err = helm("search", "repo", seed.ChartName(7)).medianOf(ctx, nil)
	return update, search, err
}

// smallest returns the size of the index as JSON with only what Helm's own types
// read from it, in bytes.
func smallest(index []byte) (int, error) {
	var read helmIndex
	if err := json.Unmarshal(index, &read); err != nil {
		return 0, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(read)
	return b.Len(), err
}

// helmIndex is Helm's repo.IndexFile, whose package would import hundreds more.
type helmIndex struct {
	ServerInfo  map[string]any            `json:"serverInfo,omitempty"`
	APIVersion  string                    `json:"apiVersion"`
	Generated   time.Time                 `json:"generated"`
	Entries     map[string][]*helmVersion `json:"entries"`
	PublicKeys  []string                  `json:"publicKeys,omitempty"`
	Annotations map[string]string         `json:"annotations,omitempty"`
}

type helmVersion struct {
	*chart.Metadata
	URLs    []string  `json:"urls"`
	Created time.Time `json:"created"`
	Removed bool      `json:"removed,omitempty"`
	Digest  string    `json:"digest,omitempty"`
}
