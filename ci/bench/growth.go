package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// growth is the cost of one chart in channels of growing size.
type growth struct{ rows []grown }

type grown struct {
	versions   int
	index      int64
	cost       cost
	operations string
}

func (g *growth) add(versions int, index int64, c cost, operations string) {
	g.rows = append(g.rows, grown{versions, index, c, operations})
	say("one chart into %d versions: %s; %s", versions, c, operations)
}

func (g *growth) print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "\n| one chart into\t| index\t| wall, CPU, peak memory\t| operations, pages included\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|")
	for _, r := range g.rows {
		fmt.Fprintf(out, "| %d versions\t| %.1f MB\t| %s\t| %s\t|\n", r.versions, float64(r.index)/mb, r.cost, r.operations)
	}
	_ = out.Flush() // to standard output
}

// operations publishes one more chart in this process, and returns the operations
// on the stores.
func (w *world) operations(ctx context.Context) (string, error) {
	if err := w.upload(ctx); err != nil {
		return "", err
	}
	writer, err := pages.New(pages.Options{})
	if err != nil {
		return "", err
	}
	var c buckettest.Counter
	_, err = generator.Run(ctx, generator.Options{Drop: c.Of(w.drop), Site: c.Of(w.site), Config: &config.Config{}, Pages: writer})
	return c.String(), err
}
