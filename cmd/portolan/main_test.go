package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// runIn runs portolan in a folder of its own.
func runIn(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, diagnostics bytes.Buffer
	code = run(ctx, args, strings.NewReader(""), &out, &diagnostics)
	return code, out.String(), diagnostics.String()
}

func TestInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("web-1.0.0.tgz", charttest.Simple("web", "1.0.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil }) // as soon as it is uploaded
	var diagnostics bytes.Buffer
	code := run(ctx, []string{"drop", "--wait", "stable", "web-1.0.0.tgz"}, nil, out, &diagnostics)
	if got := diagnostics.String(); code != 130 || got != "portolan: error: interrupted\n" {
		t.Errorf("got %d and %q, want 130 and that it was interrupted", code, got)
	}
	code, _, stderr := runIn(t, ctx, "generate")
	if code != 130 || !strings.Contains(stderr, "interrupted") {
		t.Errorf("generate: got %d and %q, want 130", code, stderr)
	}
}

// TestInterruptedReading interrupts a drop that waits for standard input, from
// which nothing ever comes.
func TestInterruptedReading(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	silent := make(chan struct{})
	defer close(silent)
	stdin := readerFunc(func([]byte) (int, error) {
		cancel()
		<-silent
		return 0, io.EOF
	})
	var diagnostics bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"drop", "stable", "-"}, stdin, io.Discard, &diagnostics) }()
	select {
	case code := <-ended:
		if got := diagnostics.String(); code != 130 || got != "portolan: error: interrupted\n" {
			t.Errorf("got %d and %q, want 130 and that it was interrupted", code, got)
		}
	case <-testenv.Late(t):
		t.Fatal("it does not end")
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestOutputFails(t *testing.T) {
	full := writerFunc(func([]byte) (int, error) { return 0, errors.New("no space left") })
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"version"}, {"help"}, {"generate"}, {"generate", "--output", "json"}, {"status"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, nil, full, &stderr); code != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%q: got %d and %q, want 1 and the reason", args, code, stderr.String())
		}
	}
}

// Every flag that a help text names is one of the command, with its variable
// beside it.
func TestHelpNamesFlags(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?m)^    (--([a-z-]+))(?: [A-Z]+| \(=false\))?(?: .*|\n +)\b(PORTOLAN_[A-Z_]+)$`)
	long := regexp.MustCompile(`(?m)^.{81,}$`)
	for _, command := range commandNames() {
		text := commandOf(command).help
		if text == "" {
			t.Errorf("%s has no help", command)
		}
		if !strings.Contains(helpOverview, "\n    "+command+" ") || !strings.Contains(helpOverview, "\n    portolan "+command) {
			t.Errorf("the overview does not name %s, or not how to use it", command)
		}
		found := line.FindAllStringSubmatch(text, -1)
		if got := strings.Count(text, "\n    --"); got != len(found) {
			t.Errorf("%s: %d options, of which %d have a variable", command, got, len(found))
		}
		for _, m := range found {
			if got := variable(command, m[2]); got != m[3] {
				t.Errorf("%s: the variable of %s is %s, not %s", command, m[1], got, m[3])
			}
			if command == "help" {
				continue
			}
			// Flags are read in order, so an unknown one is met before --help.
			if code, _, stderr := runIn(t, t.Context(), command, m[1]+valueOf(command, m[2]), "--help"); code != 0 {
				t.Errorf("%s %s: %s", command, m[1], stderr)
			}
		}
		if m := long.FindString(text); m != "" {
			t.Errorf("%s: too long a line: %s", command, m)
		}
	}
}

// valueOf is some value for a flag.
func valueOf(command, flag string) string {
	if command == "prune" && flag == "yanked" {
		return "=1s" // elsewhere it has no value
	}
	switch flag {
	case "output":
		return "=json"
	case "workers", "max-uploads", "keep-snapshots", "keep-days", "keep", "concurrency", "number":
		return "=1"
	case "timeout", "grace", "watch":
		return "=1s"
	case "again", "all-newer", "dry-run", "read-only", "deep", "force", "wait", "generate", "pages", "verbose", "allow-anonymous-uploads", "replace-root", "strict", "proxy-strips-path", "plain-http", "versions", "yanked", "rejected":
		return ""
	}
	return "=x"
}

// TestWorkers: every command that has the flag heeds portolan.yaml, too.
func TestWorkers(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("portolan.yaml", []byte("workers: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[int][]string{3: nil, 5: {"--workers", "5"}} {
		f := newFlags("verify")
		f.withConfig()
		f.withWorkers()
		if err := (&program{}).parse(f, args); err != nil || f.workers != want {
			t.Errorf("%q: got %d workers, %v; want %d", args, f.workers, err, want)
		}
	}
}

// TestVerifyInterrupted prints what was found by then.
func TestVerifyInterrupted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stdout: &checkedWriter{w: &out}}
	report := &publisher.VerifyReport{Channels: []publisher.ChannelVerify{
		{Channel: "devel", Generation: 1},
		{Channel: "stable", Error: "no network", Faults: []publisher.Fault{{Key: "stable/x", Message: "it is missing"}}},
	}}
	err := p.printVerified(report, newFlags("verify"), true)
	if want := "failed  stable: verification did not finish; 1 fault so far\n  stable/x: it is missing\n"; err == nil || !strings.HasPrefix(out.String(), "ok      devel: ") || !strings.HasSuffix(out.String(), want) {
		t.Errorf("got %v and\n%s", err, out.String())
	}
	out.Reset()
	if err := p.printVerified(&publisher.VerifyReport{}, newFlags("verify"), true); err != nil || out.Len() > 0 {
		t.Errorf("with no channels: got %v and %s", err, out.String())
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"web 1.0.0":       "web 1.0.0",
		"Grüße, 世界":       "Grüße, 世界",
		"a\x1b[31mb":      `a\x1b[31mb`,
		"a\nb\tc\rd":      `a\nb\tc\rd`,
		"a\u202eb\u2066":  `a\u202eb\u2066`,
		"a\xffb":          "a\uFFFDb",
		"a\u0085b\x7f":    `a\u0085b\x7f`,
		"a ##[error]###[": `a #\x23[error]#\x23#[`,
		" ::add-mask::a":  ` :\x3aadd-mask::a`,
		"a::b #c":         "a::b #c",
	} {
		if got := plain(text); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
	const text = `{"file": "##[error]\u202e"}`
	if got, want := string(escapeJSON([]byte(text))), `{"file": "#\u0023[error]\u202e"}`; got != want {
		t.Errorf("escapeJSON(%s) = %s, want %s", text, got, want)
	}
}

func TestComplain(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := &program{stderr: &b}
	p.complain(hint(errors.Join(errors.New("one"), errors.New("t\x1bwo")), "try %s", "this"))
	const want = "portolan: error: one\nportolan: error: t\\x1bwo\nportolan: hint: try this\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAdvice: whatever command meets the error of a bucket, it says what to do.
func TestAdvice(t *testing.T) {
	t.Parallel()
	bucket := func(err error) error {
		return fmt.Errorf("reading the inbox: %w", &bucket.ServerError{Bucket: "s3://charts", Err: err})
	}
	for _, c := range []struct {
		err  error
		want string // the beginning
	}{
		{bucket(errors.New("NoSuchBucket: it does not exist")), "check the bucket's name"},
		{bucket(errors.New("SignatureDoesNotMatch: no")), "give the credentials"},
		{bucket(errors.New("AccessDenied: no")), "grant the permission to these credentials"},
		{bucket(errors.New("out of cheese")), "run 'portolan doctor'"},
		{hint(bucket(errors.New("AccessDenied: no")), "ask"), "ask"},
		{bucket(context.Canceled), ""},
		{errors.New("AccessDenied"), ""},
	} {
		if got := adviceOn(c.err); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	clock := time.Unix(1000, 0)
	p := &progress{w: &b, noun: "uploads", now: func() time.Time { return clock }, next: clock.Add(quiet)}
	for i := range 100 {
		p.update("stable", i, 100)
		clock = clock.Add(100 * time.Millisecond)
	}
	p.finish()
	const want = "portolan: stable: 30 of 100 uploads\nportolan: stable: 80 of 100 uploads\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q: the first after 3 s, then one each 5 s", got, want)
	}
}

func TestProgressBar(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := &progress{w: &b, tty: true, noun: "uploads", now: time.Now}
	p.update("stable", 1, 10)
	time.Sleep(150 * time.Millisecond)
	p.update("stable", 5, 10)
	p.update("devel", 1, 3)
	p.finish()
	if got := b.String(); !strings.Contains(got, "5/10") || !strings.Contains(got, "devel") {
		t.Errorf("got %q, want a bar for each channel", got)
	}
}

// A report on very many uploads stays one line each, with those that need
// somebody at the end.
func TestPrintLargeReport(t *testing.T) {
	t.Parallel()
	report := &generator.Report{Channels: []generator.ChannelReport{{Channel: "stable", After: 1}}}
	for i := range 10_000 {
		r := droparea.Receipt{ID: fmt.Sprint(i), Verdict: verdict.Accepted, Chart: "chart-" + fmt.Sprint(i%100), Version: fmt.Sprintf("1.0.%d", i)}
		if i%5000 == 0 {
			r = droparea.Receipt{ID: fmt.Sprint(i), Verdict: verdict.Rejected, Message: "the archive is\x1b empty", Fix: "fill it"}
		}
		report.Channels[0].Receipts = append(report.Channels[0].Receipts, r)
	}
	var out, diagnostics bytes.Buffer
	p := &program{stdout: &checkedWriter{w: &out}, stderr: &diagnostics}
	p.printReport(report, format{}, false)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 1+9998+2*3+1 {
		t.Errorf("got %d lines", len(lines))
	}
	want := []string{
		"  rejected    upload 5000", `      the archive is\x1b empty`, "      fix: fill it", "9998 accepted, 2 rejected",
	}
	if got := lines[len(lines)-4:]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("it ends with %q, want %q", got, want)
	}
	if lines[0] != "stable: new, generation 1" || lines[1] != "  accepted    chart-1 1.0.1" {
		t.Errorf("it begins with %q", lines[:2])
	}
}

func TestLocalFolder(t *testing.T) {
	t.Parallel()
	for bucket, want := range map[string]string{
		"./drop": "./drop", "drop": "drop", "file:///tmp/a%20b": filepath.FromSlash("/tmp/a b"), "s3://b": "", "https://h/x": "",
	} {
		if got := localFolder(bucket); got != want {
			t.Errorf("localFolder(%q) = %q, want %q", bucket, got, want)
		}
	}
}
