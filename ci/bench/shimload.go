package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// uploads are how long uploads took.
type uploads struct {
	each []time.Duration
	all  time.Duration
	peak int64 // memory of the shim, in bytes
}

func (u *uploads) rate() float64 { return float64(len(u.each)) / u.all.Seconds() }

// percentile rounds up to the next upload that was measured.
func (u *uploads) percentile(n int) time.Duration {
	return u.each[(len(u.each)*n+99)/100-1].Round(100 * time.Microsecond)
}

// load makes a number of clients upload one new version of some charts after another.
func (s *server) load(ctx context.Context, clients, charts int, span time.Duration) (*uploads, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var (
		group errgroup.Group
		next  atomic.Int64
		mu    sync.Mutex
		u     uploads
	)
	begin := time.Now()
	for range clients {
		group.Go(func() error {
			for time.Since(begin) < span {
				n := int(next.Add(1))
				archive := tiny(chartName(n%charts), fmt.Sprintf("2.%d.0", n))
				start := time.Now()
				if err := s.upload(ctx, client, archive); err != nil {
					return err
				}
				took := time.Since(start)
				mu.Lock()
				u.each = append(u.each, took)
				mu.Unlock()
			}
			return nil
		})
	}
	err := group.Wait()
	u.all, u.peak = time.Since(begin), s.peak()
	slices.Sort(u.each)
	return &u, err
}

// upload sends an archive as curl does, with a Content-Length.
func (s *server) upload(ctx context.Context, client *http.Client, archive []byte) error {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("chart", "chart.tgz")
	if err != nil {
		return err
	}
	if _, err := part.Write(archive); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/api/"+channel+"/charts", &form)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
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
