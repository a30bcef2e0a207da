package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// silent is a store that does not answer.
type silent struct{ bucket.Store }

func (silent) Get(ctx context.Context, _ string) (*bucket.Reader, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestDropInJob: a job that has no setting for the drop area is warned, since its charts
// go with the machine.
func TestDropInJob(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "web-1.0.0.tgz", charttest.Simple("web", "1.0.0"))
	write(t, filepath.Join("old", "web-1.0.0.tgz"), charttest.Simple("web", "1.0.0"))
	write(t, "named.yaml", []byte("drop: ./drop\n"))
	for _, test := range []struct {
		ci   string
		args []string
		want bool
	}{
		{"true", []string{"drop", "stable", "web-1.0.0.tgz"}, true},
		{"1", []string{"import", "--from", "old", "other"}, true},
		{"", []string{"drop", "stable", "web-1.0.0.tgz"}, false},
		{"false", []string{"drop", "stable", "web-1.0.0.tgz"}, false},
		{"true", []string{"drop", "--drop", "./drop", "stable", "web-1.0.0.tgz"}, false},
		{"true", []string{"drop", "--config", "named.yaml", "stable", "web-1.0.0.tgz"}, false},
	} {
		t.Setenv("CI", test.ci)
		code, _, stderr := runIn(t, t.Context(), test.args...)
		if warned := strings.Contains(stderr, "PORTOLAN_DROP"); code != 0 || warned != test.want {
			t.Errorf("CI=%s, %q: exit code %d, and %s", test.ci, test.args, code, stderr)
		}
	}
}

// TestCIJob: receipts lead to the job that has asked, wherever it runs.
func TestCIJob(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"https://gitlab.example.com/a/-/jobs/8":      {"CI_JOB_URL": "https://gitlab.example.com/a/-/jobs/8"},
		"https://github.com/acme/app/actions/runs/9": {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/app", "GITHUB_RUN_ID": "9"},
		"": {},
	} {
		if got := ciJob(func(name string) string { return env[name] }); got != want {
			t.Errorf("%v: got %q, want %q", env, got, want)
		}
	}
}

// TestWaitSilent waits for verdicts of a drop area that has stopped answering:
// for as long as it is told to, and at least a few seconds.
func TestWaitSilent(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]time.Duration{0: lastLook, time.Second: lastLook, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			d := &dropper{program: &program{stdout: &checkedWriter{w: io.Discard}, stderr: io.Discard}, store: silent{}}
			d.results = []*dropped{{ID: "one"}, {ID: "two"}}
			start := time.Now()
			err := d.wait(t.Context(), timeout)
			if err == nil || !strings.HasPrefix(err.Error(), "upload one: the drop area no longer answers") {
				t.Errorf("got %v, want that there is no answer", err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("with %s to wait it ends after %s, want %s", timeout, took, want)
			}
		})
	}
}
