package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
)

// growth is what one chart costs in channels of growing size.
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

// operations publishes one more chart, in this process, and says what was asked
// of the stores.
func (w *world) operations(ctx context.Context) (string, error) {
	if err := w.upload(ctx); err != nil {
		return "", err
	}
	writer, err := pages.New(pages.Options{})
	if err != nil {
		return "", err
	}
	var c counter
	_, err = generator.Run(ctx, generator.Options{Drop: &counted{w.drop, &c}, Site: &counted{w.site, &c}, Config: &generator.Config{}, Pages: writer})
	return c.String(), err
}

// counter counts operations on stores, by kind.
type counter struct{ list, get, create, replace, delete atomic.Int64 }

func (c *counter) String() string {
	all := []struct {
		kind string
		n    int64
	}{{"list", c.list.Load()}, {"get", c.get.Load()}, {"create", c.create.Load()}, {"replace", c.replace.Load()}, {"delete", c.delete.Load()}}
	sum, text, comma := int64(0), "", ""
	for _, k := range all {
		if sum += k.n; k.n > 0 {
			text += fmt.Sprintf("%s%d %s", comma, k.n, k.kind)
			comma = ", "
		}
	}
	return fmt.Sprintf("%d: %s", sum, text)
}

// counted is a store whose operations are counted.
type counted struct {
	publisher.Store
	counter *counter
}

func (s *counted) Create(ctx context.Context, o publisher.Object) error {
	s.counter.create.Add(1)
	return s.Store.Create(ctx, o)
}

func (s *counted) Replace(ctx context.Context, o publisher.Object, token string) error {
	s.counter.replace.Add(1)
	return s.Store.Replace(ctx, o, token)
}

func (s *counted) Get(ctx context.Context, key string) (*publisher.Reader, error) {
	s.counter.get.Add(1)
	return s.Store.Get(ctx, key)
}

func (s *counted) List(ctx context.Context, dir string, depth publisher.Depth) iter.Seq2[publisher.Entry, error] {
	s.counter.list.Add(1)
	return s.Store.List(ctx, dir, depth)
}

func (s *counted) Delete(ctx context.Context, key, token string) error {
	s.counter.delete.Add(1)
	return s.Store.Delete(ctx, key, token)
}
