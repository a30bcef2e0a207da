package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestUnreadableInbox: a channel whose inbox cannot be read fails, and does not
// keep the others from being published.
func TestUnreadableInbox(t *testing.T) {
	dir := t.TempDir()
	for _, channel := range []string{"a", "group", "z"} {
		inbox := filepath.Join(dir, "inbox", channel)
		if err := os.MkdirAll(inbox, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(inbox, id(len(channel))+".tgz"), alphaOld, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	closed := filepath.Join(dir, "inbox", "group")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o755)
	drop, err := bucket.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	testenv.Unprivileged(t)
	for _, test := range []struct {
		channels []string
		fails    bool
	}{{nil, true}, {[]string{"z"}, false}, {[]string{"group/app", "z"}, true}} {
		site := &buckettest.Mem{TB: t}
		report, err := generator.Run(t.Context(), generator.Options{Drop: drop, Site: site.Handle("run"), Channels: test.channels, DryRun: true})
		if fails := err != nil; fails != test.fails || fails && !strings.Contains(err.Error(), "channel group: inbox/group: ") {
			t.Errorf("%v: %v", test.channels, err)
		}
		if got := report.Count(verdict.Accepted); got == 0 {
			t.Errorf("%v: no other channel was published: %+v", test.channels, report)
		}
	}
}
