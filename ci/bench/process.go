package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

const (
	manyRuns = 7
	fewRuns  = 3 // for what takes longer than longRun
	longRun  = 5 * time.Second

	measureVerb = "measure"
)

// cost is what a process used.
type cost struct {
	Wall time.Duration
	CPU  time.Duration // user and system
	Peak int64         // peak memory in bytes; 0 if the system does not say
}

// command is a process to measure.
type command struct {
	args []string
	dir  string
	env  []string // added to ours
}

// run runs the command once. It first flushes data that earlier work has left to
// be written, so that this does not slow the command down.
//
// The process is started by a small process: Linux counts the memory of the
// process that starts it as its own.
func (c *command) run(ctx context.Context) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	flush()
	cmd := exec.CommandContext(ctx, self, append([]string{measureVerb}, c.args...)...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%q: %w\n%s", c.args, err, stderr.Bytes())
	}
	var of cost
	return of, json.Unmarshal(stdout.Bytes(), &of)
}

// measureOne is the main function of the small process: it runs a command,
// discards its output, and prints its cost.
func measureOne(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	err := cmd.Run()
	of := cost{Wall: time.Since(begin)}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	of.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	of.Peak = peak(cmd.ProcessState)
	if err := json.NewEncoder(os.Stdout).Encode(of); err != nil {
		return 1
	}
	return 0
}

// flush makes the system write pending data, if it has a program for that.
func flush() { _ = exec.Command("sync").Run() }

// median does something several times, less often if it takes long, and returns
// the medians of the costs.
func median(once func() (cost, error)) (cost, error) {
	var all []cost
	for n := manyRuns; len(all) < n; {
		c, err := once()
		if err != nil {
			return cost{}, err
		}
		all = append(all, c)
		if all[0].Wall > longRun {
			n = fewRuns
		}
	}
	return cost{
		Wall: middle(all, func(c cost) time.Duration { return c.Wall }),
		CPU:  middle(all, func(c cost) time.Duration { return c.CPU }),
		Peak: middle(all, func(c cost) int64 { return c.Peak }),
	}, nil
}

func middle[T int64 | time.Duration](all []cost, of func(cost) T) T {
	values := make([]T, len(all))
	for i, c := range all {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// inProcess measures a function in this process.
func inProcess(do func() error) (cost, error) {
	flush()
	begin := time.Now()
	err := do()
	return cost{Wall: time.Since(begin)}, err
}

// medianOf returns the median cost of running a command, after calling a function
// before each run.
func (c *command) medianOf(ctx context.Context, before func() error) (cost, error) {
	return median(func() (cost, error) {
		if before != nil {
			if err := before(); err != nil {
				return cost{}, err
			}
		}
		return c.run(ctx)
	})
}

// remove removes folders, so that runs that have been measured do not fill the
// disk.
func remove(folders ...string) error {
	var errs []error
	for _, f := range folders {
		errs = append(errs, os.RemoveAll(f))
	}
	return errors.Join(errs...)
}
