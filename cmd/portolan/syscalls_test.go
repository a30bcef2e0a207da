//go:build linux

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// A tracedCall is a system call that succeeded. It ran from line start to line end of what
// strace wrote.
type tracedCall struct {
	name       string
	path, to   string // to is where a link or a rename leads
	start, end int
}

func (s tracedCall) before(o tracedCall) bool { return s.end < o.start }

// TestSystemCalls watches the generator publish on disk, and checks that every
// file that the record names was written, then made durable, then given its name, and
// the name made durable, before the record is given its own; that head comes after
// the record is durable; and that the indexes of the charts come in between, flushed
// together.
func TestSystemCalls(t *testing.T) {
	t.Parallel()
	strace := testenv.Program(t, "strace")
	folder := t.TempDir()
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		t.Fatal(err)
	}
	submitCharts(t, folder, "alpha", "beta", "gamma")
	trace := filepath.Join(folder, "trace")
	o := process(t, folder, plainEnv(), strace, "-f", "-qq", "-y", "-s", "0", "-o", trace,
		"-e", "trace=write,pwrite64,link,linkat,rename,renameat,renameat2,fsync,fdatasync,syncfs,copy_file_range,sendfile,splice",
		portolanPath(t), "generate", "--drop", "drop", "--site", "site")
	if o.code != exitDone {
		t.Fatalf("strace portolan generate: %d\n%s", o.code, o.stderr)
	}
	calls := readTrace(t, trace)
	stable := filepath.Join(folder, "site", "stable")
	record := placed(t, calls, filepath.Join(stable, "log", "00000001.json"))
	head := placed(t, calls, filepath.Join(stable, "index.yaml"))
	archives, err := filepath.Glob(filepath.Join(stable, "charts", "*", "*", "*", "*"))
	if err != nil || len(archives) != 6 { // with a release.json each
		t.Fatalf("published %q, %v", archives, err)
	}
	for _, file := range archives {
		link := placed(t, calls, file)
		writtenThenSafe(t, calls, link, file)
		if !slices.ContainsFunc(calls, func(c tracedCall) bool {
			return link.before(c) && c.before(record) && (c.name == "syncfs" || c.name == "fsync" && c.path == filepath.Dir(file))
		}) {
			t.Errorf("the name of %s was not durable before the record", file)
		}
	}
	writtenThenSafe(t, calls, record, "the record")
	writtenThenSafe(t, calls, head, "head")
	if !slices.ContainsFunc(calls, func(c tracedCall) bool {
		return record.before(c) && c.before(head) && c.name == "fsync" && c.path == filepath.Join(stable, "log")
	}) {
		t.Error("the name of the record was not durable before head")
	}
	indexes, err := filepath.Glob(filepath.Join(stable, "charts", "*", "index.yaml"))
	if err != nil || len(indexes) != 3 {
		t.Fatalf("indexes of charts: %q, %v", indexes, err)
	}
	for _, file := range indexes {
		index := placed(t, calls, file)
		writtenThenSafe(t, calls, index, file)
		if !record.before(index) || !slices.ContainsFunc(calls, func(c tracedCall) bool {
			return index.before(c) && c.before(head) && c.name == "syncfs"
		}) {
			t.Errorf("%s was not written after the record, or its name was not durable before head", file)
		}
		if slices.ContainsFunc(calls, func(c tracedCall) bool {
			return c.name == "fsync" && (c.path == filepath.Dir(file) || c.path == index.path)
		}) {
			t.Errorf("%s was flushed by itself", file)
		}
	}
}

// TestOldKernel has system calls that not every kernel, sandbox and file system knows
// fail as they do there.
func TestOldKernel(t *testing.T) {
	t.Parallel()
	strace := testenv.Program(t, "strace")
	for _, fault := range []string{"openat2:error=ENOSYS", "openat2:error=EPERM", "renameat2:error=EINVAL", "renameat2:error=ENOSYS"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			submitCharts(t, folder, "alpha", "beta")
			call, _, _ := strings.Cut(fault, ":")
			trace := filepath.Join(folder, "trace")
			o := process(t, folder, plainEnv(), strace, "-f", "-qq", "-o", trace, "-e", "trace="+call, "-e", "inject="+fault,
				portolanPath(t), "generate", "--drop", "drop", "--site", "site")
			if o.code != exitDone {
				t.Fatalf("strace portolan generate: %d\n%s", o.code, o.stderr)
			}
			if b, err := os.ReadFile(trace); err != nil || !strings.Contains(string(b), "(INJECTED)") {
				t.Fatalf("nothing failed: %v", err)
			}
			if o := process(t, folder, plainEnv(), portolanPath(t), "verify", "--site", "site"); o.code != exitDone {
				t.Errorf("portolan verify: %d\n%s", o.code, o.stderr)
			}
			for what, pattern := range map[string]string{"published": "site/stable/charts/*/*/*/*.tgz", "receipts": "drop/receipts/*.json"} {
				if files, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(files) != 2 {
					t.Errorf("%s: %q, %v", what, files, err)
				}
			}
			for _, left := range []string{"drop/inbox/*/*", "*/.portolan/tmp/*"} {
				if files, err := filepath.Glob(filepath.Join(folder, left)); err != nil || len(files) > 0 {
					t.Errorf("left: %q, %v", files, err)
				}
			}
		})
	}
}

// submitCharts uploads charts to the drop area in a folder.
func submitCharts(t *testing.T, folder string, names ...string) {
	t.Helper()
	drop, err := bucket.Open(t.Context(), filepath.Join(folder, "drop"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		id, err := droparea.NewID()
		if err != nil {
			t.Fatal(err)
		}
		s := droparea.Submission{Chart: bucket.Bytes(charttest.Simple(name, "1.0.0"))}
		if err := droparea.Submit(t.Context(), drop, "stable", id, s); err != nil {
			t.Fatal(err)
		}
	}
}

// placed returns the one call that gave a file its name.
func placed(t *testing.T, calls []tracedCall, file string) tracedCall {
	t.Helper()
	var found []tracedCall
	for _, c := range calls {
		if c.to == file {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s got its name by %d calls %v", file, len(found), found)
	}
	return found[0]
}

// writtenThenSafe checks that a file was made durable after its last byte was
// written, and before it got its name.
func writtenThenSafe(t *testing.T, calls []tracedCall, link tracedCall, what string) {
	t.Helper()
	temporary := []string{link.path} // the names that it had before
	for _, c := range slices.Backward(calls) {
		if c.before(link) && c.to == temporary[len(temporary)-1] {
			temporary = append(temporary, c.path)
		}
	}
	var last tracedCall
	for _, c := range calls {
		if slices.Contains(temporary, c.path) && !strings.Contains(c.name, "link") && !strings.Contains(c.name, "sync") && !strings.Contains(c.name, "rename") {
			last = c
		}
	}
	if last.name == "" {
		t.Fatalf("%s: nothing was written", what)
	}
	if !slices.ContainsFunc(calls, func(c tracedCall) bool {
		return last.before(c) && c.before(link) && (c.name == "syncfs" || strings.HasPrefix(c.name, "f") && slices.Contains(temporary, c.path))
	}) {
		t.Errorf("%s got its name before its bytes were durable", what)
	}
}

var (
	callLine = regexp.MustCompile(`^(\w+)\((.*)\) += \d+`)
	callPath = regexp.MustCompile(`(?:\d+|AT_FDCWD)<([^>]*)>(?:, "([^"]*)")?`)
)

// readTrace reads what strace wrote.
func readTrace(t *testing.T, name string) []tracedCall {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type half struct {
		text string
		line int
	}
	begun := map[string]half{} // by thread
	var calls []tracedCall
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		thread, text, _ := strings.Cut(lines.Text(), " ")
		text, start := strings.TrimSpace(text), n
		if rest, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
			begun[thread] = half{rest, n}
			continue
		}
		if _, rest, ok := strings.Cut(text, " resumed>"); ok {
			text, start = begun[thread].text+rest, begun[thread].line
		}
		m := callLine.FindStringSubmatch(text)
		if m == nil {
			continue // it failed, or is not a call
		}
		c := tracedCall{name: m[1], start: start, end: n}
		paths := callPath.FindAllStringSubmatch(m[2], -1)
		if strings.Contains(c.name, "splice") || strings.Contains(c.name, "copy") {
			slices.Reverse(paths) // from, to
		}
		for i, p := range paths {
			full := filepath.Join(p[1], p[2])
			if i == 0 {
				c.path = full
			} else if strings.Contains(c.name, "link") || strings.Contains(c.name, "rename") {
				c.to = full
			}
		}
		calls = append(calls, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}
