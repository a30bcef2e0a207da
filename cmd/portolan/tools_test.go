package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// The tests in helm_test.go, corpus_test.go and kill_test.go run portolan as
// a process of its own, beside the Helm clients that users have.

// portolanPath returns the program under test, which TestMain has put in the PATH.
func portolanPath(t *testing.T) string {
	t.Helper()
	file, err := exec.LookPath("portolan")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// plainEnv is the environment without the settings of the person who runs the tests.
func plainEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PORTOLAN_") || strings.HasPrefix(v, "HELM_")
	})
}

// outcome is how a process ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// process runs a program to its end.
func process(t *testing.T, dir string, env []string, name string, args ...string) outcome {
	t.Helper()
	o, err := start(t, dir, env, testenv.Program(t, name), args...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// start is process for goroutines, which may not end a test. It fails if there
// was no proper end: a process that could not be run, was killed or hung.
func start(t *testing.T, dir string, env []string, name string, args ...string) (outcome, error) {
	ctx, cancel := context.WithDeadline(t.Context(), testenv.Deadline(t))
	defer cancel()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, env, &stdout, &stderr
	c.WaitDelay = time.Minute // for what it has said to be read
	err := c.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	if err != nil {
		return outcome{}, fmt.Errorf("%s %q: %v\n%s", filepath.Base(name), args, err, stderr.String())
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// town is a drop area and a site, in a folder where portolan is run with its
// defaults: ./drop and ./site.
type town struct {
	t      *testing.T
	folder string
}

func newTown(t *testing.T) *town { return &town{t, t.TempDir()} }

// run runs portolan, which must end with one of the exit codes.
func (w *town) run(codes []int, args ...string) outcome {
	w.t.Helper()
	o := process(w.t, w.folder, plainEnv(), portolanPath(w.t), args...)
	if !slices.Contains(codes, o.code) {
		w.t.Fatalf("portolan %q: exit code %d, want %d\n%s%s", args, o.code, codes, o.stdout, o.stderr)
	}
	return o
}

// done runs portolan, which must succeed.
func (w *town) done(args ...string) outcome {
	w.t.Helper()
	return w.run([]int{exitDone}, args...)
}

// drop uploads archives, by their file names, and the .prov files among them.
func (w *town) drop(channel string, archives map[string][]byte) {
	w.t.Helper()
	folder := w.t.TempDir()
	args := []string{"drop", channel}
	for _, file := range sortedKeys(archives) {
		write(w.t, filepath.Join(folder, file), archives[file])
		if strings.HasSuffix(file, ".tgz") {
			args = append(args, filepath.Join(folder, file))
		}
	}
	w.done(args...)
}

// preview serves the site with portolan preview until the test ends, and
// returns its URL.
func (w *town) preview() string {
	w.t.Helper()
	var stderr bytes.Buffer
	stdout, in, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.Command(portolanPath(w.t), "preview", "--listen", net.JoinHostPort("127.0.0.1", "0"))
	c.Dir, c.Env, c.Stdout, c.Stderr = w.folder, plainEnv(), in, &stderr
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	in.Close()
	w.t.Cleanup(func() {
		stdout.Close()
		c.Process.Kill()
		c.Wait()
		if stderr.Len() > 0 && w.t.Failed() {
			w.t.Logf("portolan preview: %s", stderr.String())
		}
	})
	// The first line says the URL, as soon as it listens.
	stdout.SetReadDeadline(testenv.Deadline(w.t))
	line := make([]byte, 64<<10)
	n, err := stdout.Read(line)
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(line[:n]))
	if url == "" {
		w.t.Fatalf("portolan preview prints no URL: %q, %v", line[:n], err)
	}
	return url
}

// clients are the Helm clients that everything must work with.
var clients = []string{"helm3", "helm4"}

// helm is a Helm client with a home of its own.
type helm struct {
	t     *testing.T
	path  string
	major string
	env   []string
	dir   string // where it is run
}

func newHelm(t *testing.T, name string) *helm {
	t.Helper()
	home := t.TempDir()
	env := append(plainEnv(),
		"HELM_CACHE_HOME="+filepath.Join(home, "cache"),
		"HELM_CONFIG_HOME="+filepath.Join(home, "config"),
		"HELM_DATA_HOME="+filepath.Join(home, "data"),
		"KUBECONFIG="+filepath.Join(home, "none"),
		"HOME="+home,
	)
	return &helm{t, testenv.Tool(t, name), strings.TrimPrefix(name, "helm"), env, t.TempDir()}
}

// fresh returns the same client without any of its settings and caches.
func (h *helm) fresh() *helm { return newHelm(h.t, "helm"+h.major) }

// run runs helm, which must succeed and have nothing to complain about.
func (h *helm) run(args ...string) string {
	h.t.Helper()
	o := process(h.t, h.dir, h.env, h.path, args...)
	if o.code != 0 {
		h.t.Fatalf("helm%s %q: exit code %d\n%s%s", h.major, args, o.code, o.stdout, o.stderr)
	}
	if complaint := complaints.FindString(o.stderr); complaint != "" {
		h.t.Errorf("helm%s %q complains: %s", h.major, args, o.stderr)
	}
	return o.stdout
}

// complaints are what Helm says of an index that it reads only in part, or of
// a chart that is not what the index says.
var complaints = regexp.MustCompile(`(?i)skipping|invalid|warn|error|fail|deprecated`)

// fails runs helm, which must not succeed, and returns what it says.
func (h *helm) fails(args ...string) string {
	h.t.Helper()
	o := process(h.t, h.dir, h.env, h.path, args...)
	if o.code == 0 {
		h.t.Errorf("helm%s %q succeeds", h.major, args)
	}
	return o.stderr
}

// found is a line of helm search.
type found struct {
	Name, Version, Description string
	AppVersion                 string `json:"app_version"`
}

// search returns what is in a repository: name to versions, in Helm's order.
func (h *helm) search(repo string, flags ...string) map[string][]string {
	h.t.Helper()
	all := map[string][]string{}
	for _, f := range h.searchAll(repo, flags...) {
		name, ok := strings.CutPrefix(f.Name, repo+"/")
		if !ok {
			h.t.Fatalf("helm%s search finds %s in %s", h.major, f.Name, repo)
		}
		all[name] = append(all[name], f.Version)
	}
	return all
}

func (h *helm) searchAll(repo string, flags ...string) []found {
	h.t.Helper()
	var all []found
	out := h.run(append([]string{"search", "repo", repo + "/", "--versions", "--output", "json"}, flags...)...)
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		h.t.Fatalf("helm%s search: %v\n%s", h.major, err, out)
	}
	return all
}

// pull pulls into a folder of its own and returns the files there.
func (h *helm) pull(args ...string) map[string][]byte {
	h.t.Helper()
	folder := h.t.TempDir()
	h.run(append([]string{"pull", "--destination", folder}, args...)...)
	return readFolder(h.t, folder)
}

// sortedKeys returns the keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func readFolder(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		files[e.Name()] = read(t, filepath.Join(folder, e.Name()))
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// realCharts returns the archives in testdata/charts, by their file names.
func realCharts(t *testing.T) map[string][]byte {
	t.Helper()
	files := readFolder(t, filepath.Join("..", "..", "testdata", "charts"))
	for file := range files {
		if filepath.Ext(file) != ".tgz" {
			delete(files, file)
		}
	}
	if len(files) == 0 {
		t.Fatal("there are no charts in testdata/charts")
	}
	return files
}
