package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDropWithoutSite: an uploader without credentials for the site uploads all the same,
// and hears that nothing was compared. A setting that is wrong for everybody is an error.
func TestDropWithoutSite(t *testing.T) {
	// A process of its own: gocloud reads the account once, for all tests here.
	env := append(plainEnv(), "AZURE_STORAGE_ACCOUNT=", "AWS_CONFIG_FILE="+filepath.Join(t.TempDir(), "none"))
	chart := writeChart(t)
	for site, want := range map[string]int{
		"azblob://charts": 0,
		"s3://charts?region=us-east-1&profile=elsewhere": 0,
		"s3://charts?colour=blue":                        exitUsage,
	} {
		o := process(t, t.TempDir(), env, portolanPath(t), "drop", "--drop", t.TempDir(), "--site", site, "stable", chart)
		code, stdout, stderr := o.code, o.stdout, o.stderr
		if uploaded := strings.Contains(stdout, "web 1.0.0"); code != want || uploaded != (want == 0) {
			t.Errorf("%s: exit code %d, want %d: %s%s", site, code, want, stdout, stderr)
		}
		if noted := strings.Contains(stderr, "note: the site cannot be read"); noted != (want == 0) {
			t.Errorf("%s: it says %s", site, stderr)
		}
	}
}
