// Command shim measures 'portolan shim' as its clients find it: uploads a
// second and how long one takes, in an empty channel and beside many versions;
// the memory that many large uploads at once take; and what becomes of clients
// that hardly send anything. Speed is only printed. It fails if a request does.
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

	// What ChartMuseum 0.16.5 did with as many versions, as it is by default and
	// tuned, to compare with. It was measured once and elsewhere: it is not built
	// here, since its module cannot be fetched under its name.
	peerUploads, peerTuned = 0.5, 7.4
)

func main() {
	portolan := flag.String("portolan", ".build/portolan", "the program to measure")
	span := flag.Duration("time", 5*time.Second, "for how long each number of clients uploads")
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

// benchmark is what is measured, and how.
type benchmark struct {
	program string
	span    time.Duration
}

// cell is one measurement of the speed.
type cell struct {
	versions, clients int
	generate          bool // while uploads come in, they are published
}

// speed prints a table of how fast uploads of small charts are taken.
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

// ratios says how many times faster than ChartMuseum that is, where its speed
// is known.
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

// with runs a function beside a shim whose channel has so many versions.
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
