package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/retain"
	"github.com/portolan-charts/portolan/publisher/action"
)

func TestParse(t *testing.T) {
	const text = `
drop: s3://uploads
site: ./public
baseURL: https://charts.example.com/helm/
title: "2024"
provenanceWait: 90m
workers: 4
channels:
- match: "**"
  duplicates: reject
  keep: 5
  oci: true
  require: [maintainers, home]
  limits: {packed: 1MiB, entries: 100}
- match: "*/devel"
  duplicates: replace
  keep: 20
  oci: false
  versions: helm
  charts: [web-*, db]
  require: []
  actions: {drop: [yank, restore]}
  limits:
    packed: 2097152
- match: closed
  actions: {drop: []}
`
	c, err := Parse([]byte(text), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Drop != "s3://uploads" || c.Site != "./public" || c.Title != "2024" || c.Workers != 4 {
		t.Errorf("got %+v", c)
	}
	if got := c.ContextPath(); got != "/helm" {
		t.Errorf("ContextPath() = %q, want /helm", got)
	}
	if got := c.Wait(); got != 90*time.Minute {
		t.Errorf("Wait() = %v, want 1h30m", got)
	}
	stable := Policy{Duplicates: Reject, Keep: 5, OCI: true, Checks: check.Options{Versions: "strict", Require: []string{"maintainers", "home"}, Limits: check.Limits{Packed: 1 << 20, Entries: 100}}}
	devel := Policy{Duplicates: Replace, Keep: 20, OCI: false, Actions: []action.Kind{action.Yank, action.Restore}, Checks: check.Options{Versions: "helm", Charts: []string{"web-*", "db"}, Require: []string{}, Limits: check.Limits{Packed: 2 << 20, Entries: 100}}}
	if p := c.Policy("closed"); p.Takes(action.Yank) || !stable.Takes(action.Promote) || devel.Takes(action.Promote) {
		t.Error("which actions channels take is not what the file says")
	}
	for channel, want := range map[string]Policy{"stable": stable, "42/devel": devel, "a/42/devel": stable, "devel": stable} {
		if got := c.Policy(channel); !reflect.DeepEqual(got, want) {
			t.Errorf("Policy(%q) = %+v, want %+v", channel, got, want)
		}
		if err := valid(c.Policy(channel).Checks); err != nil {
			t.Errorf("Policy(%q).Checks: %v", channel, err)
		}
	}
}

// TestPromoteNeedsBaseURL: without it, nobody knows which charts are on the site.
func TestPromoteNeedsBaseURL(t *testing.T) {
	channels := "channels:\n- match: stable\n  promote: {from: [dev], dependencies: present}\n"
	if _, err := Parse([]byte(channels), "portolan.yaml"); err == nil || !strings.Contains(err.Error(), "needs baseURL") {
		t.Errorf("got %v", err)
	}
	c, err := Parse([]byte("baseURL: https://charts.example.com\n"+channels), "portolan.yaml")
	want := Gates{From: []string{"dev"}, Dependencies: true, Site: "https://charts.example.com"}
	if err != nil || !reflect.DeepEqual(c.Policy("stable").Promote, want) {
		t.Errorf("got %+v, %v", c, err)
	}
}

// TestRetain: a channel has the rule of the last entry that has one, as a whole.
func TestRetain(t *testing.T) {
	c, err := Parse([]byte("channels:\n- match: '**'\n  retain: {prereleases: 30d, newest: 20}\n- match: stable\n  retain: {perMinor: 3}\n"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]retain.Rule{"dev": {Prereleases: 720 * time.Hour, Newest: 20}, "stable": {PerMinor: 3}} {
		if got := c.Policy(channel).Retain; got != want {
			t.Errorf("%s: got %+v, want %+v", channel, got, want)
		}
	}
	if _, err := Parse([]byte("channels:\n- match: stable\n  retain: {prereleases: 30}\n"), "portolan.yaml"); err == nil || !strings.Contains(err.Error(), "portolan.yaml:3") {
		t.Errorf("a time without a unit: %v", err)
	}
}

func TestDefaults(t *testing.T) {
	want := Policy{Duplicates: Replace, Keep: 0, OCI: false, Checks: check.Options{Versions: "strict"}}
	empty := []*Config{nil, {}}
	for _, text := range []string{"", "# nothing\n", "---\n", "{}", "\ufeff", "\ufeff# nothing\n", "---\n# nothing\n...\n"} {
		c, err := Parse([]byte(text), "portolan.yaml")
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		empty = append(empty, c)
	}
	for i, c := range empty {
		if got := c.Policy("stable"); !reflect.DeepEqual(got, want) {
			t.Errorf("%d: Policy = %+v, want %+v", i, got, want)
		}
		if c.ContextPath() != "" || c.Wait() != 24*time.Hour {
			t.Errorf("%d: ContextPath %q, Wait %v; want none and 24h", i, c.ContextPath(), c.Wait())
		}
	}
}

// Each text is followed by the messages it causes, all of them, in order.
func TestParseProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", "titel: x", `c.yaml:1: unknown key "titel"; did you mean "title"?`},
		{"unknown key by case", "baseUrl: https://x", `c.yaml:1: unknown key "baseUrl"; did you mean "baseURL"?`},
		{"unknown key far from all", "zzzzzzzzzzzz: x", `c.yaml:1: unknown key "zzzzzzzzzzzz"; the keys are drop, site, baseURL, title, description, pages, templates, logo, colors, footer, repoPrefix, provenanceWait, workers, rootChannel, onlyChannels, channels`},
		{"root channel that is not allowed", "onlyChannels: [prod]\nrootChannel: stable", `c.yaml:2: rootChannel: onlyChannels does not allow stable; add it there, or name another channel`},
		{"merge key", "channels:\n- &a {match: x}\n- <<: *a", "c.yaml:3: channels[1]: unknown key \"<<\"; the keys are match, duplicates, keep, oci, versions, charts, require, warnings, limits, signatures, actions, promote, retain, private, notify, artifactHub\nc.yaml:3: channels[1]: the key \"match\" is missing"},
		{"nested unknown key", "channels:\n- match: a\n  limits:\n    pakced: 1MiB", `c.yaml:4: channels[0].limits: unknown key "pakced"; did you mean "packed"?`},
		{"duplicate key", "title: a\nsite: b\ntitle: c", `c.yaml:3: key "title" occurs twice, first in line 1`},
		{"key that is no text", "[a]: b", `c.yaml:1: unknown key ""; the keys are drop, site, baseURL, title, description, pages, templates, logo, colors, footer, repoPrefix, provenanceWait, workers, rootChannel, onlyChannels, channels`},
		{"second document", "title: a\n---\ntitle: b", `c.yaml:2: a second YAML document begins here; there may be only one`},
		{"empty second document", "title: a\n---\n", `c.yaml:2: a second YAML document begins here; there may be only one`},
		{"second document after none", "---\n---\ntitle: b", `c.yaml:2: a second YAML document begins here; there may be only one`},
		{"null", "null", `c.yaml:1: must be a mapping of keys to values`},
		{"tilde", "\ufeff---\n~\n", `c.yaml:2: must be a mapping of keys to values`},
		{"tagged null", "!!null ''", `c.yaml:1: must be a mapping of keys to values`},
		{"syntax", "title: [", `c.yaml:1: did not find expected node content`},
		{"no mapping", "- a", `c.yaml:1: must be a mapping of keys to values`},
		{"scalar document", "hello", `c.yaml:1: must be a mapping of keys to values`},
		{"no list", "channels: {match: a}", `c.yaml:1: channels: must be a list`},
		{"no value", "title:", `c.yaml:1: title: has no value; give it one, or remove the key`},
		{"number for text", "title: 1.10", `c.yaml:1: title: must be text; put 1.10 in quotes`},
		{"list for text", "title: [a]", `c.yaml:1: title: must be a single value`},
		{"enumeration", "channels:\n- match: a\n  duplicates: rejct", `c.yaml:3: channels[0].duplicates: "rejct" is not one of: replace, reject; did you mean "reject"?`},
		{"truth for text", "channels:\n- match: a\n  duplicates: true", `c.yaml:3: channels[0].duplicates: must be text; put true in quotes`},
		{"match missing", "channels:\n- duplicates: reject", `c.yaml:2: channels[0]: the key "match" is missing`},
		{"bad pattern", "channels:\n- match: 'a['", `c.yaml:2: channels[0].match: "a[" is not a valid pattern of channels; write one such as stable or team-a/**`},
		{"useless pattern", "channels:\n- match: /stable", `c.yaml:2: channels[0].match: "/stable" matches no channel: their names neither begin nor end with a slash, nor have empty segments`},
		{"bad action", "channels:\n- match: a\n  actions: {drop: [yank, takedown]}", `c.yaml:3: channels[0].actions.drop[1]: "takedown" is not an action that can be asked for: these are deprecate promote restore rollback undeprecate yank`},
		{"bad chart pattern", "channels:\n- match: a\n  charts: [b, '[']", `c.yaml:3: channels[0].charts[1]: "[" is not a valid pattern of chart names; write one such as team-a-*`},
		{"unknown field", "channels:\n- match: a\n  require: [maintainer]", `c.yaml:3: channels[0].require[0]: "maintainer" is not a field of Chart.yaml; did you mean "maintainers"?`},
		{"size", "channels:\n- match: a\n  limits: {packed: much}", `c.yaml:3: channels[0].limits.packed: "much" must be a size above zero, such as 512KiB or 20MiB`},
		{"size zero", "channels:\n- match: a\n  limits: {packed: 0}", `c.yaml:3: channels[0].limits.packed: "0" must be a size above zero, such as 512KiB or 20MiB`},
		{"size too large", "channels:\n- match: a\n  limits: {unpacked: 1GiB}", `c.yaml:3: channels[0].limits.unpacked: "1GiB" is more than 100MiB, the most that can be allowed`},
		{"number too large", "channels:\n- match: a\n  limits: {depth: 11}", `c.yaml:3: channels[0].limits.depth: "11" is not between 1 and 10`},
		{"number zero", "workers: 0", `c.yaml:1: workers: "0" is not between 1 and 1024`},
		{"text for number", "workers: '4'", `c.yaml:1: workers: "4" must be a whole number`},
		{"huge number", "workers: 99999999999999999999", `c.yaml:1: workers: "99999999999999999999" must be a whole number`},
		{"fraction", "workers: 1.5", `c.yaml:1: workers: "1.5" must be a whole number`},
		{"duration", "provenanceWait: 1 day", `c.yaml:1: provenanceWait: "1 day" must be a time from 1s to 8760h, such as 90m`},
		{"duration zero", "provenanceWait: 0s", `c.yaml:1: provenanceWait: "0s" must be a time from 1s to 8760h, such as 90m`},
		{"list for duration", "provenanceWait: []", `c.yaml:1: provenanceWait: must be a single value`},
		{"alias", "title: &t a\ndrop: *t", `c.yaml:2: drop: aliases are not supported; write the value out`},
		{"base URL scheme", "baseURL: charts.example.com", `c.yaml:1: baseURL: "charts.example.com" must begin with https:// (or http://) and a host`},
		{"base URL query", "baseURL: https://h/p?x=1", `c.yaml:1: baseURL: "https://h/p?x=1" must have no query and no fragment`},
		{"base URL user", "baseURL: https://u:p@h/", `c.yaml:1: baseURL: "https://u:p@h/" must not hold a user or a password`},
		{"base URL path", "baseURL: https://h/a/../b", `c.yaml:1: baseURL: "https://h/a/../b" must have a path without empty or dot segments`},
		{"repository prefix", "repoPrefix: Acme/", `c.yaml:1: repoPrefix: "Acme/" must be at most 63 small letters, digits, dashes and dots, such as acme; it begins and ends with a letter or a digit`},
		{"private", "channels:\n- match: a\n  private: yes please", `c.yaml:3: channels[0].private: "yes please" must be true or false`},
		{"all problems", "titel: x\nworkers: many\nchannels:\n- match: a\n  versions: loose\n", `c.yaml:1: unknown key "titel"; did you mean "title"?
c.yaml:2: workers: "many" must be a whole number
c.yaml:5: channels[0].versions: "loose" is not one of: strict, helm`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse([]byte(test.text), "c.yaml")
			if err == nil {
				t.Fatalf("got %+v, want an error", c)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func TestContextPath(t *testing.T) {
	for url, want := range map[string]string{
		"https://h": "", "https://h/": "", "https://h/a": "/a", "https://h/a/b/": "/a/b", "http://h:8080/a%20b": "/a b",
	} {
		c, err := Parse([]byte("baseURL: "+url), "c.yaml")
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := c.ContextPath(); got != want {
			t.Errorf("%s: ContextPath() = %q, want %q", url, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "portolan.yaml")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v, want one that says so", err)
	}
	if err := os.WriteFile(path, []byte("title: Charts\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path); err != nil || c.Title != "Charts" {
		t.Errorf("got %+v, %v", c, err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("# long\n", 1<<18)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than 1.0 MiB") {
		t.Errorf("large file: got %v, want an error that says so", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "must be a regular file") {
		t.Errorf("folder: got %v, want an error that says so", err)
	}
}

// valid says why a channel's checks would reject every chart, whatever it is.
func valid(c check.Options) error {
	if c.Versions != "strict" && c.Versions != "helm" {
		return fmt.Errorf("versions is %q", c.Versions)
	}
	for _, pattern := range c.Charts {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is not a pattern", pattern)
		}
	}
	for _, field := range c.Require {
		if !slices.Contains(check.Fields(), field) {
			return fmt.Errorf("%q is not a field of Chart.yaml", field)
		}
	}
	l := c.Limits
	if min(l.Packed, l.Unpacked, l.File, l.ChartYAML, int64(l.Entries), int64(l.Depth)) < 0 {
		return errors.New("a limit is negative")
	}
	return nil
}

// Every field must be one that the decoder can fill: it panics at what it does
// not know.
func FuzzParse(f *testing.F) {
	f.Add("drop: a\nsite: b\nbaseURL: https://h\ntitle: t\nprovenanceWait: 1h\nworkers: 1\nchannels: []")
	f.Add("channels:\n- match: a\n  duplicates: reject\n  versions: helm\n  charts: [a]\n  require: [home]\n  warnings: reject\n  limits: {packed: 1, unpacked: 1, file: 1, chartYAML: 1, entries: 1, depth: 1}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse([]byte(text), "c.yaml")
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err := valid(c.Policy("stable").Checks); err != nil {
			t.Errorf("a configuration that is accepted makes checks that are not: %v", err)
		}
	})
}

func TestPrivate(t *testing.T) {
	c, err := Parse([]byte("channels:\n- {match: '**', private: true}\n- {match: 'public/**', private: false}\n- {match: 'public/*', keep: 3}"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]bool{"stable": true, "team/stable": true, "public/stable": false} {
		if got := c.Private(channel); got != want {
			t.Errorf("%s: got %t", channel, got)
		}
	}
	if none := (*Config)(nil); none.Private("stable") || (&Config{}).Private("stable") {
		t.Error("without the setting, a channel is private")
	}
}

// An empty prefix is not the same as none.
func TestRepoPrefix(t *testing.T) {
	for text, want := range map[string]string{"repoPrefix: acme-2.x": "acme-2.x", `repoPrefix: ""`: "", "title: a": "unset"} {
		c, err := Parse([]byte(text), "portolan.yaml")
		if err != nil {
			t.Fatal(err)
		}
		got := "unset"
		if c.RepoPrefix != nil {
			got = *c.RepoPrefix
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestAllows(t *testing.T) {
	c, err := Parse([]byte("onlyChannels: [stable, 'team-*/**']"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]bool{"stable": true, "team-a/devel": true, "team-a/b/c": true, "stabel": false, "Stable": false, "other/stable": false} {
		if got := c.Allows(channel); got != want {
			t.Errorf("%s: got %t", channel, got)
		}
	}
	if none := (*Config)(nil); !none.Allows("x") || !(&Config{}).Allows("x") {
		t.Error("without the setting, a channel is refused")
	}
}
