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
)

// index measures the index that clients read: its size, and what it costs Helm beside
// the same index in YAML.
func (b *bench) index(ctx context.Context, s *series) (*trial, error) {
	w, err := openWorld(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	versions := b.size(10_000)
	if err := seed(ctx, w.site, channel, versions); err != nil {
		return nil, err
	}
	ours := filepath.Join(s.folder, "site", channel)
	size, err := indexSize(filepath.Join(ours, "index.yaml"), versions)
	if err != nil {
		return nil, err
	}
	inYAML := filepath.Join(s.folder, "yaml")
	if err := os.Mkdir(inYAML, 0o777); err != nil {
		return nil, err
	}
	if _, err := b.command("", b.helm, "repo", "index", inYAML, "--merge", filepath.Join(ours, "index.yaml")).run(ctx); err != nil {
		return nil, err
	}
	const update, search, peer = "`helm repo update`", "`helm search repo`", " of the same index in YAML"
	return &trial{
		round: func(ctx context.Context) error {
			for suffix, folder := range map[string]string{"": ours, peer: inYAML} {
				if err := b.read(ctx, s, folder, update+suffix, search+suffix); err != nil {
					return err
				}
			}
			return nil
		},
		rows: func() []row {
			rows := []row{size}
			for _, program := range []string{update, search} {
				rows = append(rows, s.row(fmt.Sprintf("%s of %s versions", program, thousands(versions)), program, program+peer, goal{cpu: 1. / 3}))
			}
			return rows
		},
	}, nil
}

// read serves a folder and measures how Helm reads the index in it.
func (b *bench) read(ctx context.Context, s *series, folder, update, search string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(folder)), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // until it is closed
	defer server.Close()
	home, err := os.MkdirTemp(s.folder, "helm-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	helm := func(args ...string) *command {
		c := b.command("", b.helm, args...)
		c.env = []string{"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
		return c
	}
	if _, err := helm("repo", "add", "bench", "http://"+l.Addr().String()).run(ctx); err != nil {
		return err
	}
	if err := s.run(ctx, update, helm("repo", "update")); err != nil {
		return err
	}
	return s.run(ctx, search, helm("search", "repo", chartName(7)))
}

// indexSize returns the row of the index's size.
func indexSize(path string, versions int) (row, error) {
	written, err := os.ReadFile(path)
	if err != nil {
		return row{}, err
	}
	least, err := smallest(written)
	over := float64(len(written))/float64(least) - 1
	return row{
		work: fmt.Sprintf("the index of %s versions", thousands(versions)), figure: fmt.Sprintf("%.1f MB", float64(len(written))/mb),
		outcomes: []outcome{{"≤ 5 % above the least", fmt.Sprintf("%.1f %% above the smallest JSON that Helm reads without loss", 100*over), over <= 0.05}},
	}, err
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
