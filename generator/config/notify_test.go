package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReceivers(t *testing.T) {
	c, err := Parse([]byte(`channels:
- {match: "**", notify: [{url: "https://a.example.com:8443/hook/x", secretEnv: A}, {url: "http://b/", secretFile: /run/b}]}
- {match: "internal/**", notify: []}
- {match: "internal/stable", keep: 3}
- {match: "team/*", notify: [{url: "https://c", secretEnv: C}]}
`), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]string{"stable": "a.example.com:8443 b", "internal/stable": "", "team/stable": "c"} {
		var hosts []string
		for _, r := range c.Receivers(channel) {
			hosts = append(hosts, r.Host())
		}
		if got := strings.Join(hosts, " "); got != want {
			t.Errorf("%s: got %q, want %q", channel, got, want)
		}
	}
	if r := c.Receivers("stable"); len(r[0].ID()) != 8 || r[0].ID() == r[1].ID() {
		t.Errorf("ids %s and %s", r[0].ID(), r[1].ID())
	}
	if none := (*Config)(nil); len(none.Receivers("stable")) > 0 || none.CheckSecrets(nil) != nil {
		t.Error("without a configuration, somebody is to be told")
	}
}

// TestReceiverProblems: no message has a secret in it, wherever that was put.
func TestReceiverProblems(t *testing.T) {
	for receiver, want := range map[string]string{
		`{url: "https://h"}`:                                               "c.yaml:1: channels[0].notify[0]: must have one of secretEnv and secretFile: the variable or the file that holds the secret, with which requests are signed",
		`{url: "https://h", secretEnv: A, secretFile: b}`:                  "c.yaml:1: channels[0].notify[0]: must have one of secretEnv and secretFile: the variable or the file that holds the secret, with which requests are signed",
		`{url: "https://h", secretEnv: glptt-1}`:                           "c.yaml:1: channels[0].notify[0].secretEnv: is not the name of a variable such as FLUX_SECRET; the secret itself must not stand here",
		`{url: "https://u:glptt@h", secretEnv: A}`:                         "c.yaml:1: channels[0].notify[0].url: has a secret in it; put it into the variable or the file that signs the requests",
		`{url: "https://h/?access_token=glptt", secretEnv: A}`:             "c.yaml:1: channels[0].notify[0].url: has a secret in it; put it into the variable or the file that signs the requests",
		`{url: "https://h/glptt%zz", secretEnv: A}`:                        "c.yaml:1: channels[0].notify[0].url: is not a URL",
		`{url: "ftp://h/glptt", secretEnv: A}`:                             "c.yaml:1: channels[0].notify[0].url: must begin with https:// (or http://) and a host",
		`{url: "https://h/glptt#x", secretEnv: A}`:                         "c.yaml:1: channels[0].notify[0].url: has a fragment, which is never sent to a server",
		`{url: "", secretEnv: A}`:                                          `c.yaml:1: channels[0].notify[0].url: "" is empty`,
		`{secretEnv: A}`:                                                   `c.yaml:1: channels[0].notify[0]: the key "url" is missing`,
		`{url: "https://h", secret: glptt, secretEnv: A, secretFile: ./x}`: `c.yaml:1: channels[0].notify[0]: unknown key "secret"; did you mean "secretEnv"?` + "\nc.yaml:1: channels[0].notify[0]: must have one of secretEnv and secretFile: the variable or the file that holds the secret, with which requests are signed",
	} {
		_, err := Parse([]byte("channels: [{match: a, notify: ["+receiver+"]}]"), "c.yaml")
		if err == nil || err.Error() != want {
			t.Errorf("%s: got\n%v\nwant\n%s", receiver, err, want)
		}
	}
}

// TestReceiverSecrets: they are read when they are needed, files from where portolan.yaml is.
func TestReceiverSecrets(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "portolan.yaml")
	for name, text := range map[string]string{
		"portolan.yaml": "channels: [{match: a, notify: [{url: 'https://h', secretFile: hook.secret}]}, {match: b, notify: [{url: 'https://h', secretEnv: RECEIVER_SECRET}]}]",
		"hook.secret":   "one\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("RECEIVER_SECRET", "")
	if err := c.CheckSecrets([]string{"a"}); err != nil {
		t.Error(err)
	}
	const missing = "channels[1].notify[0]: the variable RECEIVER_SECRET, which is to hold the secret for h, is not set"
	if err := c.CheckSecrets(nil); err == nil || err.Error() != missing {
		t.Errorf("got %v, want %s", err, missing)
	}
	t.Setenv("RECEIVER_SECRET", "two")
	for channel, want := range map[string]string{"a": "one", "b": "two"} {
		if got, err := c.Receivers(channel)[0].Secret(); got != want || err != nil {
			t.Errorf("%s: got %q, %v", channel, got, err)
		}
	}
	if err := os.Remove(filepath.Join(folder, "hook.secret")); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSecrets(nil); err == nil || !strings.Contains(err.Error(), "hook.secret: no such file") {
		t.Errorf("got %v", err)
	}
}
