// Command bench measures portolan beside programs that do the same work, or the
// least of it, and prints a table of goals. It makes the data, and measures whole
// processes. It fails only if something does not work: the reader judges the speed.
//
//	go run ./ci/bench -portolan .build/portolan -helm helm3
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	channel    = "stable"
	mostRounds = 15 // of what takes little time
)

// parts are what is measured, in the order of the table. The shares are of nine
// minutes.
func parts() []part {
	return []part{
		{"real", 80 * time.Second, 5, (*bench).realCharts},
		{"synthetic", 100 * time.Second, 3, (*bench).syntheticCharts},
		{"chart", 20 * time.Second, mostRounds, (*bench).oneChart},
		{"largechart", 60 * time.Second, mostRounds, (*bench).oneChartInLarge},
		{"start", 5 * time.Second, 41, (*bench).start},
		{"verify", 30 * time.Second, mostRounds, (*bench).verify},
		{"uploads", 140 * time.Second, 1, (*bench).manyUploads},
		{"operations", 5 * time.Second, 1, (*bench).operations},
		{"shim", 25 * time.Second, 3, (*bench).shim},
		{"import", 40 * time.Second, 3, (*bench).importFolder},
		{"idle", 15 * time.Second, mostRounds, (*bench).idle},
		{"index", 20 * time.Second, 5, (*bench).index},
	}
}

// bench says what to measure, where, and with what.
type bench struct {
	portolan, helm string
	measurer       string
	charts         string // folder of real charts; empty for the few in this repository
	folder         string // for data
	budget         time.Duration
	quick          bool
}

func main() {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	var b bench
	flag.StringVar(&b.portolan, "portolan", ".build/portolan", "the program to measure")
	flag.StringVar(&b.helm, "helm", "helm3", "the Helm to compare with")
	flag.StringVar(&b.charts, "charts", os.Getenv("PORTOLAN_CORPUS"), "folder of real charts (default: PORTOLAN_CORPUS, or the few in testdata/charts)")
	flag.StringVar(&b.folder, "dir", "", "where to make the data, about 8 GB, which is removed (default: the folder for temporary files)")
	flag.DurationVar(&b.budget, "budget", 9*time.Minute, "how long it may take; less time means fewer rounds, but at least one of each part")
	flag.BoolVar(&b.quick, "quick", false, "try everything once with little data: the figures mean nothing")
	only := flag.String("only", "", "the parts to run, with commas between them: "+strings.Join(names, ", ")+" (default: all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	chosen, err := choose(*only)
	if err == nil {
		err = b.run(ctx, chosen)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci/bench:", err)
		os.Exit(1)
	}
}

// choose returns the parts with these names, or all.
func choose(only string) ([]part, error) {
	all := parts()
	if only == "" {
		return all, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// run measures the parts, and prints the rows of those that worked.
func (b *bench) run(ctx context.Context, chosen []part) error {
	begin := time.Now()
	folder, err := os.MkdirTemp(b.folder, "portolan-bench-*")
	if err != nil {
		return err
	}
	defer remove(folder)
	b.folder = folder
	for _, name := range []*string{&b.portolan, &b.helm} {
		if *name, err = program(*name); err != nil {
			return err
		}
	}
	b.measurer = filepath.Join(folder, "measure")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.measurer, "./ci/bench/measure").CombinedOutput(); err != nil {
		return fmt.Errorf("building ci/bench/measure: %w\n%s", err, out)
	}
	fmt.Printf("%d CPUs, %s/%s, %s; real charts: %s\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), cmp.Or(b.charts, fewCharts))
	rows, err := b.measure(ctx, chosen, begin.Add(b.budget))
	printTable(os.Stdout, rows)
	took := time.Since(begin).Round(time.Second)
	fmt.Printf("\nMeasured in %v.", took)
	if took > b.budget {
		fmt.Printf(" That is longer than %v: the machine is too slow or busy.", b.budget)
	}
	fmt.Println()
	if b.quick {
		fmt.Println("This was a quick try with little data. These are no figures.")
	}
	return err
}

// size returns how much data to use where n is right.
func (b *bench) size(n int) int {
	if b.quick {
		return n / 50
	}
	return n
}

// program returns the path of a program, for use from any folder.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// say reports progress.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
