package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portolan-charts/portolan/ci/bench/seed"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// results are the times that uploads took.
type results struct {
	each []time.Duration
	all  time.Duration
}

func (r *results) rate() float64 { return float64(len(r.each)) / r.all.Seconds() }

// percentile rounds up to the next upload that was measured.
func (r *results) percentile(n int) time.Duration {
	slices.Sort(r.each)
	return r.each[(len(r.each)*n+99)/100-1].Round(10 * time.Microsecond)
}

// load makes a number of clients upload one small chart after another.
func (s *server) load(ctx context.Context, clients int, span time.Duration) (*results, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	begin := time.Now()
	each, err := together(clients, func() (took []time.Duration, err error) {
		for time.Since(begin) < span && err == nil {
			n := int(next.Add(1))
			archive := small(n)
			start := time.Now()
			err = s.upload(ctx, client, archive)
			took = append(took, time.Since(start))
		}
		return took, err
	})
	return &results{each, time.Since(begin)}, err
}

// together runs a function a number of times at once, and returns all results and
// the first error.
func together(n int, do func() ([]time.Duration, error)) ([]time.Duration, error) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		all   []time.Duration
		first error
	)
	for range n {
		group.Go(func() {
			took, err := do()
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if first == nil {
				first = err
			}
		})
	}
	group.Wait()
	return all, first
}

// small returns an archive of a new version of one of the charts.
func small(n int) []byte {
	name := seed.ChartName(n % (many / seed.PerChart))
	return charttest.Pack(name, charttest.Chart(name, fmt.Sprintf("2.%d.0", n)), &charttest.Options{Level: gzip.BestSpeed})
}

// upload sends an archive as curl does, with a Content-Length.
func (s *server) upload(ctx context.Context, client *http.Client, archive []byte) error {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if _, err := w.CreateFormFile("chart", "chart.tgz"); err != nil {
		return err
	}
	head := form.Len()
	if err := w.Close(); err != nil {
		return err
	}
	before, after := form.Bytes()[:head], form.Bytes()[head:]
	body := io.MultiReader(bytes.NewReader(before), bytes.NewReader(archive), bytes.NewReader(after))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/"+channel+"/charts", body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.ContentLength = int64(form.Len() + len(archive))
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("the answer to an upload is %s: %s", resp.Status, answer)
	}
	return err
}
