package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// oneMeaning are the flags of several commands that mean the same in all of them, so that
// they share a variable. Whoever adds a flag to a second command decides here.
var oneMeaning = []string{
	"auth", "base-url", "ca-file", "channel", "config", "drop", "dry-run", "listen", "output", "pages", "reason", "replace-root", "site", "templates", "verbose", "wait", "workers",
}

// TestVariables: no variable sets flags of several commands that differ in meaning.
func TestVariables(t *testing.T) {
	t.Parallel()
	option := regexp.MustCompile(`(?m)^    --([a-z-]+)`)
	commandsWith := map[string][]string{}
	for _, c := range commands() {
		for _, m := range option.FindAllStringSubmatch(c.help, -1) {
			commandsWith[m[1]] = append(commandsWith[m[1]], c.name)
		}
	}
	for flag, in := range commandsWith {
		shared, own := slices.Contains(oneMeaning, flag), slices.Contains(ownMeaning, flag)
		switch {
		case len(in) > 1 && shared == own:
			t.Errorf("--%s of %v must have one variable or several", flag, in)
		case len(in) == 1 && (shared || own):
			t.Errorf("--%s is a flag of %s only", flag, in[0])
		}
	}
}

// TestMisspelt: a slip of two letters is found, and what others set is left alone.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	known := settings()
	for name, want := range map[string]string{
		"PORTOLAN_SITEE": "PORTOLAN_SITE", "PORTOLAN_STIE": "PORTOLAN_SITE", "PORTLAN_DROP": "PORTOLAN_DROP", "portolan_drop": "PORTOLAN_DROP",
		"PORTOLAN_BASEURL": "PORTOLAN_BASE_URL", "PORTOLAN-SITE": "PORTOLAN_SITE", "PORTOLAN_KEEP_SNAPSHOT": "PORTOLAN_KEEP_SNAPSHOTS",
		"PORTOLAN_CHANNELS": "PORTOLAN_CHANNEL", "PORTOLAN_BINARY_SHA": "", "PORTOLAN_PRUNE_GRCE": "PORTOLAN_PRUNE_GRACE",
		"PORTOLAN_SITE": "", "PORTOLAN_NOTIFY_TOKEN": "", "PORTOLAN_VERSION": "", "PORTOLAN_AFTER_UPLOADS": "", "PORTOLAN_GRACE": "",
		"PORTOLAN_OF_MY_OWN": "", "PATH": "", "PORT": "", "": "",

		// What Kubernetes sets for a Service called portolan, and for portolan-site.
		"PORTOLAN_SERVICE_HOST": "", "PORTOLAN_SERVICE_PORT": "", "PORTOLAN_SERVICE_PORT_HTTP": "", "PORTOLAN_PORT": "",
		"PORTOLAN_PORT_80_TCP": "", "PORTOLAN_PORT_80_TCP_PROTO": "", "PORTOLAN_PORT_80_TCP_PORT": "", "PORTOLAN_PORT_80_TCP_ADDR": "",
		"PORTOLAN_SITE_PORT": "", "PORTOLAN_SITE_SERVICE_HOST": "", "PORTOLAN_DROP_PORT_8080_UDP_ADDR": "",
	} {
		if got := misspelt(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestCIVariables: what ci/ uses is not taken for a slip.
func TestCIVariables(t *testing.T) {
	t.Parallel()
	known, name := settings(), regexp.MustCompile(`\bPORTOLAN_[A-Z0-9_]+`)
	for file, text := range ciFiles(t) {
		for _, v := range name.FindAllString(text, -1) {
			if !slices.Contains(known, v) {
				t.Errorf("%s: %s is unknown", file, v)
			}
		}
	}
}

// TestGraceIsOwn: the time that a server stops in is not the one that prune spares
// charts for.
func TestGraceIsOwn(t *testing.T) {
	t.Setenv("PORTOLAN_GRACE", "0s")
	t.Setenv("PORTOLAN_SHIM_GRACE", "0s")
	t.Setenv("PORTOLAN_PRUNE_GRACE", "")
	t.Chdir(t.TempDir())
	if code, _, stderr := runIn(t, t.Context(), "prune"); code != exitUsage || !strings.Contains(stderr, "PORTOLAN_PRUNE_GRACE") {
		t.Errorf("prune: exit code %d: %s", code, stderr)
	}
	t.Setenv("PORTOLAN_GRACE", "")
	f := newPruneFlags()
	if err := (&program{}).parse(f.flags, nil); err != nil || f.grace != 168*time.Hour {
		t.Errorf("prune: got %s, %v", f.grace, err)
	}
	s := newShimFlags()
	if err := (&program{}).parse(s.flags, nil); err != nil || s.grace != 0 {
		t.Errorf("shim: got %s, %v", s.grace, err)
	}
}
