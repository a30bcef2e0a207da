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
	fewRuns  = 3 // of what takes longer than longRun
	longRun  = 5 * time.Second

	measureVerb = "measure"
)

// cost is what a process took.
type cost struct {
	Wall time.Duration
	CPU  time.Duration // user and system
	Peak int64         // bytes of memory at most; 0 if the system does not tell
}

// command is a process to be measured.
type command struct {
	args []string
	dir  string
	env  []string // added to ours
}

// run runs the command once. What is to be written of earlier work is written
// before, so that the command does not pay for it.
//
// The process is the child of a small one: Linux counts to the memory of a
// process that of the one which started it.
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

// measureOne is the small process: it runs a command, whose output it drops,
// and prints what that took.
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

// flush has the system write what waits to be written, where it has a program
// for that.
func flush() { _ = exec.Command("sync").Run() }

// median does something several times, less often if it takes long, and
// returns the medians of what each time took.
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

// inProcess measures something that is not worth a process of its own.
func inProcess(do func() error) (cost, error) {
	flush()
	begin := time.Now()
	err := do()
	return cost{Wall: time.Since(begin)}, err
}

// medianOf is the median of running a command, with something to be done
// before each time.
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

// remove removes folders. Those of a run that is not measured any more must not
// fill the disk.
func remove(folders ...string) error {
	var errs []error
	for _, f := range folders {
		errs = append(errs, os.RemoveAll(f))
	}
	return errors.Join(errs...)
}
