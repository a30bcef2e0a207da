package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// cost is what a process used.
type cost struct {
	Wall time.Duration
	CPU  time.Duration // user and system
	Peak int64         // peak memory in bytes; 0 if the system does not say
}

func wall(c cost) time.Duration { return c.Wall }
func cpu(c cost) time.Duration  { return c.CPU }

// command is a process to measure.
type command struct {
	dir  string
	args []string // the first is the program that measures
	env  []string // added to ours
}

// command returns a command that runs in a folder.
func (b *bench) command(dir, program string, args ...string) *command {
	return &command{dir: dir, args: append([]string{b.measurer, program}, args...)}
}

// generate returns a command that publishes what is in a folder's drop area.
func (b *bench) generate(dir string, args ...string) *command {
	return b.command(dir, b.portolan, append([]string{"generate"}, args...)...)
}

// run runs the command once. It first flushes data that earlier work has left to be
// written, so that this does not slow the command down.
func (c *command) run(ctx context.Context) (of cost, err error) {
	flush()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%q: %w\n%s", c.args[1:], err, stderr.Bytes())
	}
	return of, json.Unmarshal(stdout.Bytes(), &of)
}

// flush makes the system write pending data, if it has a program for that.
func flush() { _ = exec.Command("sync").Run() }

// inProcess measures a function in this process.
func inProcess(do func() error) (cost, error) {
	flush()
	begin := time.Now()
	err := do()
	return cost{Wall: time.Since(begin)}, err
}

// remove removes the data of all parts, several folders at a time.
func remove(data string) {
	folders, err := filepath.Glob(filepath.Join(data, "*", "*"))
	if err == nil {
		_ = atOnce(context.Background(), folders, os.RemoveAll)
	}
	if err := os.RemoveAll(data); err != nil {
		say("%v", err)
	}
}
