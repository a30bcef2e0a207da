// Command shim measures 'portolan shim' as its clients see it: uploads per second
// and the time for one upload, in an empty channel and in one with many versions;
// the memory for many large uploads at once; and when slow clients are cut off.
// It only prints the speed, and fails if a request fails.
//
//	go run ./ci/bench/shim -portolan .build/portolan
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
	"time"
)

const (
	many    = 10_000 // versions in a channel
	channel = "stable"

	// Uploads per second of ChartMuseum 0.16.5 with as many versions, by default
	// and tuned, for comparison. They were measured once on another machine,
	// because its module cannot be fetched under its name.
	peerUploads, peerTuned = 0.5, 7.4
)

func main() {
	portolan := flag.String("portolan", ".build/portolan", "the program to measure")
	span := flag.Duration("time", 5*time.Second, "how long to upload with each number of clients")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, *portolan, *span); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "ci/bench/shim:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, portolan string, span time.Duration) error {
	program, err := filepath.Abs(portolan)
	if err != nil {
		return err
	}
	b := &benchmark{program: program, span: span}
	if err := b.speed(ctx); err != nil {
		return err
	}
	if err := b.large(ctx); err != nil {
		return err
	}
	return b.slow(ctx)
}

// benchmark says what to measure, and how.
type benchmark struct {
	program string
	span    time.Duration
}

// cell is one measurement of speed.
type cell struct {
	versions, clients int
	generate          bool // publish while uploads come in
}

// speed prints a table of how fast small charts are uploaded.
func (b *benchmark) speed(ctx context.Context) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "versions\tclients\tgenerates\tuploads/s\tp50\tp99\tpeak memory\tof ChartMuseum (%v/s once)\ttuned (%v/s once)\t\n", peerUploads, peerTuned)
	for _, c := range []cell{{0, 1, false}, {0, 16, false}, {many, 1, false}, {many, 16, false}, {many, 16, true}} {
		r, memory, err := b.measure(ctx, c)
		if err != nil {
			return fmt.Errorf("%d versions, %d clients: %w", c.versions, c.clients, err)
		}
		fmt.Fprintf(w, "%d\t%d\t%v\t%.0f\t%v\t%v\t%s\t%s\t\n", c.versions, c.clients, c.generate,
			r.rate(), r.percentile(50), r.percentile(99), memory, ratios(c, r.rate()))
	}
	return w.Flush()
}

// ratios returns how many times faster than ChartMuseum that is, if its speed is
// known.
func ratios(c cell, rate float64) string {
	if c.versions != many {
		return "-\t-"
	}
	return fmt.Sprintf("%.0fx\t%.0fx", rate/peerUploads, rate/peerTuned)
}

func (b *benchmark) measure(ctx context.Context, c cell) (*results, string, error) {
	var r *results
	var memory string
	err := b.with(ctx, c.versions, c.generate, func(s *server) error {
		var err error
		if r, err = s.load(ctx, c.clients, b.span); err == nil {
			memory = s.peak()
		}
		return err
	})
	return r, memory, err
}

// with runs a function with a shim whose channel has a number of versions.
func (b *benchmark) with(ctx context.Context, versions int, generate bool, do func(*server) error) error {
	folder, err := os.MkdirTemp("", "portolan-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := seedSite(ctx, filepath.Join(folder, "site"), versions); err != nil {
		return fmt.Errorf("making a channel with %d versions: %w", versions, err)
	}
	args := []string{"shim", "--listen", "127.0.0.1:0", "--drop", "drop", "--site", "site"}
	if generate {
		args = append(args, "--generate")
	}
	s, err := startServer(ctx, folder, b.program, args...)
	if err != nil {
		return err
	}
	if err := do(s); err != nil {
		s.kill()
		return fmt.Errorf("%w\n%s", err, s.logged())
	}
	return s.stop()
}
