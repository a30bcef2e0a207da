package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// oneChart publishes one chart beside Helm, which merges one into an index of the same
// releases.
func (b *bench) oneChart(ctx context.Context, s *series) (*trial, error) {
	c, err := b.newChannel(ctx, s, b.size(10_000))
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(s.folder, "helm")
	if err := os.Mkdir(folder, 0o777); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "new-1.0.0.tgz"), charttest.Simple("new", "1.0.0"), 0o666); err != nil {
		return nil, err
	}
	const peer = "`helm repo index --merge --json`"
	return c.trial(peer, goal{wall: 0.1}, func(ctx context.Context) error {
		return s.run(ctx, peer, b.command("", b.helm, "repo", "index", folder, "--json", "--merge", c.index()))
	}), nil
}

// oneChartInLarge publishes one chart beside the least work that a generation needs for
// an index of this size.
func (b *bench) oneChartInLarge(ctx context.Context, s *series) (*trial, error) {
	c, err := b.newChannel(ctx, s, b.size(100_000))
	if err != nil {
		return nil, err
	}
	const peer = "reading, hashing and writing the index once"
	return c.trial(peer, goal{wall: 3}, func(context.Context) error {
		of, err := inProcess(func() error { return readHashWrite(c.index()) })
		s.add(peer, of)
		return err
	}), nil
}

// grown is a channel with many versions, and with pages.
type grown struct {
	*world
	series   *series
	generate *command
	versions int
	counter  *buckettest.Counter
}

// newChannel makes a channel and the pages that are changed later, and counts what one
// more chart takes.
func (b *bench) newChannel(ctx context.Context, s *series, versions int) (*grown, error) {
	w, err := openWorld(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	if err := seed(ctx, w.site, channel, versions); err != nil {
		return nil, err
	}
	writer, err := pages.New(pages.Options{})
	if err != nil {
		return nil, err
	}
	sparse := generator.Options{Drop: w.drop, Site: fewPages{w.site}, Config: &config.Config{}, Channels: []string{channel}, Pages: writer}
	if _, err := generator.Run(ctx, sparse); err != nil {
		return nil, err
	}
	if err := w.upload(ctx); err != nil {
		return nil, err
	}
	counter, err := w.operations(ctx, writer)
	return &grown{w, s, b.generate(s.folder), versions, counter}, err
}

// fewPages is a site that takes the pages of a few charts, and no more: those of 10,000
// charts are half a million files, and publishing another chart looks at none of them.
type fewPages struct{ bucket.Store }

func (f fewPages) Create(ctx context.Context, o bucket.Object) error {
	if f.leavesOut(o.Key) {
		return nil
	}
	return f.Store.Create(ctx, o)
}

func (fewPages) leavesOut(key string) bool {
	chart, found := strings.CutPrefix(key, channel+"/charts/")
	return found && chart > chartName(mostRounds+1)
}

func (c *grown) index() string { return filepath.Join(c.folder, "site", channel, "index.yaml") }

// trial publishes a chart in each round, and then runs the peer.
func (c *grown) trial(peer string, g goal, beside func(context.Context) error) *trial {
	const program = "generate"
	return &trial{
		round: func(ctx context.Context) error {
			if err := c.upload(ctx); err != nil {
				return err
			}
			if err := c.series.run(ctx, program, c.generate); err != nil {
				return err
			}
			return beside(ctx)
		},
		rows: func() []row {
			r := c.series.row(fmt.Sprintf("one chart into %s versions, with pages", thousands(c.versions)), program, peer, g)
			r.figure += "; operations " + c.counter.String()
			return []row{r}
		},
	}
}

// readHashWrite reads a file, hashes it, and writes a copy of it durably.
func readHashWrite(path string) error {
	out, err := os.Create(path + ".copy")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	if err := hashFile(path, out); err != nil {
		out.Close()
		return err
	}
	if err := out.Sync(); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// hashFile reads a file, hashes it and copies it to a writer.
func hashFile(path string, to io.Writer) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(io.MultiWriter(sha256.New(), to), in)
	return err
}
