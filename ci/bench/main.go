// Command bench measures the cost of publishing as a repository grows, and
// compares it with programs that do the same work. It measures whole processes,
// and takes medians of several runs. It makes the data and prints one table of
// goals and one of growth. It fails only if something does not work: the reader
// judges the speed.
//
//	go run ./ci/bench -portolan .build/portolan -helm helm3
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const channel = "stable"

func main() {
	if len(os.Args) > 1 && os.Args[1] == measureVerb {
		os.Exit(measureOne(os.Args[2:]))
	}
	portolan := flag.String("portolan", ".build/portolan", "the program to measure")
	helm := flag.String("helm", "helm3", "the Helm to compare with")
	dir := flag.String("dir", "", "folder for the data, about 4 GB; it is removed (default: a temporary one)")
	only := flag.String("only", "", "the part to run: "+strings.Join(slices.Sorted(maps.Keys(parts())), ", ")+" (default: all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *portolan, *helm, *dir, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci/bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, portolan, helm, dir, only string) error {
	folder, err := os.MkdirTemp(dir, "portolan-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b := &bench{folder: folder}
	if b.portolan, err = program(portolan); err != nil {
		return err
	}
	if b.helm, err = program(helm); err != nil {
		return err
	}
	begin := time.Now()
	fmt.Printf("%d CPUs, %s/%s; medians of %d runs, %d of what takes over %v\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, manyRuns, fewRuns, longRun)
	for _, name := range slices.Sorted(maps.Keys(parts())) {
		if only != "" && only != name {
			continue
		}
		if err := parts()[name](b, ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	b.table.print(os.Stdout)
	if len(b.growth.rows) > 0 {
		b.growth.print(os.Stdout)
	}
	fmt.Printf("\nmeasured in %v\n", time.Since(begin).Round(time.Second))
	return nil
}

// parts returns the parts that can be run alone.
func parts() map[string]func(*bench, context.Context) error {
	return map[string]func(*bench, context.Context) error{
		"bulk": (*bench).bulk, "chart": (*bench).oneChart, "idle": (*bench).idle, "index": (*bench).indexFiles,
	}
}

// bench says what to measure, and where.
type bench struct {
	portolan, helm string
	folder         string
	table          table
	growth         growth
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
