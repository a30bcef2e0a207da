package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
)

const (
	largeUploads = 200
	largeFiles   = 4
	largeFile    = 5000 << 10 // bytes; Helm accepts up to 5 MiB, and the shim 20 MiB packed
	slowClients  = 100
	slowest      = time.Minute // time until a slow client must have been cut off
)

// large prints the memory that many large uploads at the same time take.
func (b *benchmark) large(ctx context.Context) error {
	archive := incompressible()
	return b.with(ctx, 0, false, func(s *server) error {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		begin := time.Now()
		took, err := together(largeUploads, func() ([]time.Duration, error) {
			err := s.upload(ctx, client, archive)
			return []time.Duration{time.Since(begin)}, err
		})
		if err != nil {
			return fmt.Errorf("%d uploads of %d bytes at once: %w", largeUploads, len(archive), err)
		}
		r := &results{took, time.Since(begin)}
		fmt.Printf("\n%d uploads of %.1f MiB at once: peak memory %s; answered after %v (p50), %v (last)\n",
			largeUploads, float64(len(archive))/(1<<20), s.peak(), r.percentile(50).Round(time.Second), r.percentile(100).Round(time.Second))
		return nil
	})
}

// incompressible returns the archive of a chart that is nearly as large as a chart
// may be.
func incompressible() []byte {
	source := rand.NewChaCha8([32]byte{})
	files := charttest.Chart("large", "1.0.0")
	for i := range largeFiles {
		b := make([]byte, largeFile)
		_, _ = source.Read(b) // never fails
		files[fmt.Sprintf("files/%d.bin", i)] = string(b)
	}
	return charttest.Pack("large", files, &charttest.Options{Level: gzip.BestSpeed})
}

// slow prints when clients that send one byte per second are cut off, and how fast
// other uploads are meanwhile.
func (b *benchmark) slow(ctx context.Context) error {
	return b.with(ctx, 0, false, func(s *server) error {
		type outcome struct {
			took []time.Duration
			err  error
		}
		done := make(chan outcome, 1)
		var slow atomic.Int64
		go func() {
			took, err := together(slowClients, func() ([]time.Duration, error) {
				took, err := s.trickle(ctx, slow.Add(1)%2 == 0)
				return []time.Duration{took}, err
			})
			done <- outcome{took, err}
		}()
		normal, err := s.load(ctx, 1, b.span)
		cut := <-done
		if err = errors.Join(err, cut.err); err != nil {
			return err
		}
		r := &results{each: cut.took}
		fmt.Printf("%d clients that send one byte per second: cut off after %v to %v; meanwhile another client makes %.0f uploads per second, p99 %v\n",
			slowClients, r.percentile(1).Round(time.Second), r.percentile(100).Round(time.Second), normal.rate(), normal.percentile(99))
		return nil
	})
}

// trickle sends an upload at one byte per second until the shim closes the
// connection, and returns how long that took.
func (s *server) trickle(ctx context.Context, chunked bool) (time.Duration, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	begin := time.Now()
	if err := c.SetDeadline(begin.Add(slowest)); err != nil {
		return 0, err
	}
	length, piece := "Content-Length: 1000000", "x"
	if chunked {
		length, piece = "Transfer-Encoding: chunked", "1\r\nx\r\n"
	}
	if _, err := fmt.Fprintf(c, "POST /api/%s/charts HTTP/1.1\r\nHost: %s\r\nContent-Type: application/gzip\r\n%s\r\n\r\n", channel, s.address, length); err != nil {
		return 0, err
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}()
	answer, err := io.ReadAll(c)
	took := time.Since(begin)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return took, fmt.Errorf("a client that sends one byte per second (%s) is not cut off within %v", length, slowest)
	}
	// It may be too late for an answer, but if there is one it must say why.
	if status, _, _ := strings.Cut(string(answer), "\r\n"); status != "" && !strings.HasPrefix(status, "HTTP/1.1 408 ") {
		return took, fmt.Errorf("a client that sends one byte per second (%s) gets the answer %s", length, status)
	}
	return took, nil
}
