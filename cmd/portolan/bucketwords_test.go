package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestBucketComplaints: what is wrong with a bucket is told in a line that names it, with
// what to do; the rest is there for those who ask.
func TestBucketComplaints(t *testing.T) {
	t.Parallel()
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			place := newPlace(t, scheme)
			missing := strings.Replace(place.url, scheme+"://", scheme+"://not-", 1)
			h := newHarbor(t, newPlace(t, scheme), newPlace(t, scheme))
			for _, command := range []string{"generate", "status", "prune"} {
				o := h.run([]int{exitFailed}, command, "--drop", missing, "--config", "portolan.yaml")
				lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
				if o.stdout != "" || len(lines) != 2 || len(lines[0]) > 200 || !strings.Contains(lines[0], scheme+"://not-") || !strings.Contains(lines[0], "no such bucket") ||
					!strings.HasPrefix(lines[1], "portolan: hint: check the bucket's name") {
					t.Errorf("%s prints %s%s", command, o.stdout, o.stderr)
				}
			}
			o := h.run([]int{exitFailed}, "status", "--drop", missing, "--verbose")
			if !strings.Contains(o.stderr, "\nportolan: cause: ") {
				t.Errorf("--verbose adds no cause: %s", o.stderr)
			}
			var found struct{ Error, Hint, Cause string }
			o = h.run([]int{exitFailed}, "status", "--drop", missing, "--output", "json")
			if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || found.Error == "" || found.Hint == "" || len(found.Cause) < 20 {
				t.Errorf("got %v and %s", err, o.stdout)
			}
		})
	}
	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		place := newPlace(t, "s3")
		w := newTown(t)
		env := append(plainEnv(), "AWS_ACCESS_KEY_ID=nobody", "AWS_SECRET_ACCESS_KEY=wrong", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
		write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("drop: '"+servers.Folder(place.url, "drop")+"'\nsite: '"+servers.Folder(place.url, "site")+"'\n"))
		o := process(t, w.folder, env, portolanPath(t), "generate")
		if line, _, _ := strings.Cut(o.stderr, "\n"); o.code != exitFailed || o.stdout != "" || len(line) > 200 || !strings.Contains(line, "access key") || !strings.Contains(o.stderr, "AWS_ACCESS_KEY_ID") {
			t.Errorf("exit code %d: %s%s", o.code, o.stdout, o.stderr)
		}
	})
}
