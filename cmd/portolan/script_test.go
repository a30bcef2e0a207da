package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

func TestMain(m *testing.M) {
	os.Unsetenv("CI") // in which uploads to ./drop get a warning
	testscript.Main(serving{m}, map[string]func(){"portolan": main})
}

// serving stops the servers that tests have started.
type serving struct{ m *testing.M }

func (s serving) Run() int { return servers.Main(s.m) }

// TestScript runs the scripts in testdata/script, one for each thing that
// portolan promises.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(condition string) (bool, error) {
			name, ok := strings.CutPrefix(condition, "lacks:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", condition)
			}
			return testenv.Lacks(name), nil
		},
		Setup: func(env *testscript.Env) error {
			env.Values[lateKey{}] = testenv.Late(t)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"mkregistry": mkregistry,
			"mkchart":    mkchart,
			"mkdrop":     mkdrop,
			"mkprov":     mkprov,
			"tree":       tree,
			"change":     change,
			"repack":     repack,
			"freeport":   freeport,
			"waithttp":   waithttp,
			"await":      await,
			"serve":      serve,
			"servebad":   servebad,
			"receiver":   receiver,
			"field":      field,
			"upper":      upper,
		},
	})
}

// exits CODE COMMAND...: the command ends with exactly this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// mkchart NAME VERSION [PATH=TEXT]...: a good chart, as NAME-VERSION.tgz.
func mkchart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mkchart name version [path=text]...")
	}
	var more []string
	for _, arg := range args[2:] {
		path, text, _ := strings.Cut(arg, "=")
		more = append(more, path, strings.ReplaceAll(text, `\n`, "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+"-"+args[1]+".tgz"), charttest.Simple(args[0], args[1], more...), 0o666))
}

// mkdrop FOLDER FILE: an archive of what is in the folder, good or bad.
func mkdrop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mkdrop folder file")
	}
	files := map[string]string{}
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(name)] = string(b)
		return err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), charttest.Pack("", files, nil), 0o666))
}

// mkprov ARCHIVE [FILE]: a provenance file for the archive.
func mkprov(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: mkprov archive [file]")
	}
	archive := ts.MkAbs(args[0])
	b, err := os.ReadFile(archive)
	ts.Check(err)
	file := archive + ".prov"
	if len(args) > 1 {
		file = ts.MkAbs(args[1])
	}
	ts.Check(os.WriteFile(file, charttest.NewSigner().Sign(filepath.Base(archive), b), 0o666))
}

// tree FOLDER... FILE: writes what is in the folders to the file: each file's
// name, modification time and sum. Two are equal if nothing was written between.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tree folder... file")
	}
	var b strings.Builder
	last := len(args) - 1
	for _, folder := range args[:last] {
		err := filepath.WalkDir(ts.MkAbs(folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil || d.IsDir() {
				fmt.Fprintf(&b, "%s/\n", path)
				return err
			}
			data, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s %v %x\n", path, info.ModTime().UnixNano(), sha256.Sum256(data))
			return err
		})
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(&b, "%s missing\n", folder)
			continue
		}
		ts.Check(err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[last]), []byte(b.String()), 0o666))
}

// change GLOB: changes one byte of each file that the pattern fits. It fails if
// none does.
func change(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: change glob")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("nothing fits %s", args[0])
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		ts.Check(err)
		b[len(b)/2] ^= 1
		ts.Check(os.WriteFile(file, b, 0o666))
	}
}

// repack ARCHIVE: packs the archive again, with the same files in other bytes.
func repack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: repack archive")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	in, err := gzip.NewReader(bytes.NewReader(b))
	ts.Check(err)
	var again bytes.Buffer
	out, err := gzip.NewWriterLevel(&again, gzip.NoCompression)
	ts.Check(err)
	_, err = io.Copy(out, in)
	ts.Check(err)
	ts.Check(out.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), again.Bytes(), 0o666))
}

// freeport NAME: sets the variable to a port that nothing listens on.
func freeport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport variable")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ts.Setenv(args[0], port)
	ts.Check(l.Close())
}

// waithttp URL: waits until something answers there.
func waithttp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waithttp url")
	}
	for {
		r, err := http.Get(args[0])
		if err == nil {
			r.Body.Close()
			return
		}
		waits(ts, args[0], err)
	}
}

// await GLOB: waits until a file fits the pattern.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await glob")
	}
	for {
		files, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(files) > 0 {
			return
		}
		waits(ts, args[0], fs.ErrNotExist)
	}
}

// waits pauses for a moment for what is not there yet; the script ends when its time is up.
func waits(ts *testscript.TestScript, what string, err error) {
	late := ts.Value(lateKey{}).(<-chan time.Time)
	select {
	case <-late:
		ts.Fatalf("%s: still %v", what, err)
	case <-time.After(50 * time.Millisecond):
	}
}

// lateKey is of the value of a script that receives when its time is up.
type lateKey struct{}

// serve FOLDER NAME: serves the folder, and sets the variable to its URL.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve folder variable")
	}
	store, err := bucket.Open(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	server := httptest.NewServer(http.StripPrefix("/helm", publisher.Handler(store, nil)))
	ts.Defer(server.Close)
	ts.Setenv(args[1], server.URL+"/helm")
}

// servebad HOW FOLDER NAME: serves the folder as it should not be, and sets the
// variable to its URL. HOW is page, for a page wherever no file is; gzip, for
// files that are stored compressed; or plain, for a server that knows nothing of
// types and caching, and hides nothing.
func servebad(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: servebad how folder variable")
	}
	folder := ts.MkAbs(args[1])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(r.URL.Path)))
		switch {
		case err != nil && args[0] == "page":
			fmt.Fprint(w, "<!doctype html><title>our charts</title>")
		case err != nil:
			http.NotFound(w, r)
		case args[0] == "gzip":
			z := gzip.NewWriter(w)
			z.Write(b)
			z.Close()
		default:
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Write(b)
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[2], server.URL)
}

// field NUMBER NAME: sets the variable to that word of standard output.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field number variable")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	words := strings.Fields(ts.ReadFile("stdout"))
	if n < 1 || n > len(words) {
		ts.Fatalf("standard output has %d words", len(words))
	}
	ts.Setenv(args[1], words[n-1])
}

// upper TEXT NAME: sets the variable to the text in capital letters.
func upper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: upper text variable")
	}
	ts.Setenv(args[1], strings.ToUpper(args[0]))
}
