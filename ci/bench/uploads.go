package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// manyUploads publishes a tenth of the uploads, and then all of them: an upload must
// not cost more if there are more of them. The charts are tiny, and each run is done
// once, since this takes a large part of the time.
func (b *bench) manyUploads(_ context.Context, s *series) (*trial, error) {
	many := b.size(100_000)
	few := many / 10
	run := func(ctx context.Context, uploads int) error {
		folder, err := s.fresh()
		if err != nil {
			return err
		}
		if err := submitTiny(ctx, folder, uploads); err != nil {
			return err
		}
		return s.run(ctx, thousands(uploads), b.generate(folder, "--pages=false"))
	}
	return &trial{
		round: func(ctx context.Context) error {
			if err := run(ctx, few); err != nil {
				return err
			}
			return run(ctx, many)
		},
		rows: func() []row {
			r := s.row(thousands(many)+" uploads of tiny charts in one run, no pages", thousands(many), "", goal{peak: 300 * mb})
			r.against = fmt.Sprintf("one among %s: %s", thousands(few), s.median(thousands(few)))
			each := s.ratio(thousands(many), thousands(few), func(c cost) time.Duration { return c.CPU }) * float64(few) / float64(many)
			r.atMost("CPU an upload", each, 1.1)
			return []row{r}
		},
	}, nil
}

// submitTiny puts uploads into an inbox, of charts with ten versions each.
func submitTiny(ctx context.Context, folder string, uploads int) error {
	to, err := inbox(folder)
	if err != nil {
		return err
	}
	charts := make([]int, uploads/perChart)
	for i := range charts {
		charts[i] = i
	}
	return atOnce(ctx, charts, func(i int) error {
		for j := range perChart {
			name, version := chartName(i), fmt.Sprintf("1.%d.0", j)
			if err := submitOne(to, check.FileName(name, version), tiny(name, version)); err != nil {
				return err
			}
		}
		return nil
	})
}

// zippers are kept, since making one takes longer than packing a tiny chart.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// tiny returns the archive of a chart of a few lines.
func tiny(name, version string) []byte {
	var entries []charttest.Entry
	for file, text := range charttest.Chart(name, version) {
		entries = append(entries, charttest.File(name+"/"+file, text))
	}
	var packed bytes.Buffer
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&packed)
	_, _ = w.Write(charttest.Tar(entries...)) // a buffer takes all
	_ = w.Close()
	return packed.Bytes()
}
