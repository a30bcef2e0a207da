package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestPageCommands pastes the Helm commands of pages into both Helms, for a private
// channel, too.
func TestPageCommands(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	w.writeAuth() // only some may read team
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("repoPrefix: acme\nchannels:\n- {match: team, private: true}\n"))
	for _, channel := range []string{"team", "Group.A_b/open"} {
		w.drop(channel, map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0"), "Odd.Name_x-1.0.0+b.1.tgz": charttest.Simple("Odd.Name_x", "1.0.0+b.1")})
	}
	w.done("generate")
	served := map[string]string{"team": w.shim("--auth=auth.yaml", "--site", "site").url, "Group.A_b/open": w.preview()}
	want := map[string]string{"team": "acme-team", "Group.A_b/open": "acme-group.a-b-open"}
	for _, client := range clients {
		for channel, url := range served {
			for _, page := range []string{"charts/web/index.html", "charts/Odd.Name_x/1.0.0+b.1/index.html"} {
				h := newHelm(t, client)
				lines := helmCommands(t, read(t, filepath.Join(w.folder, "site", channel, filepath.FromSlash(page))), url+"/"+channel)
				add := slices.IndexFunc(lines, func(args []string) bool { return args[0] == "repo" })
				if add < 0 || len(lines) < 4 || lines[add][2] != want[channel] || lines[add][3] != url+"/"+channel {
					t.Fatalf("%s of %s has the commands %q; one of several should add %s", page, channel, lines, want[channel])
				}
				for _, args := range append(lines[add:], lines[:add]...) {
					h.run(offline(args)...)
				}
			}
		}
	}
}

// TestRegistryPageCommands pastes the Helm commands of pages of a channel in the registry
// into both Helms, for a private channel, too, and pulls what the JSON API says.
func TestRegistryPageCommands(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	for _, private := range []bool{false, true} {
		w := newTown(t)
		web := charttest.Simple("web", "1.1.0")
		w.drop("team", map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")})
		w.done("generate")
		var url string
		if private {
			w.writeAuth() // only some may read team
			url = w.shim("--auth=auth.yaml", "--site", "site").url
		} else {
			url = w.preview()
		}
		write(t, filepath.Join(w.folder, "portolan.yaml"), fmt.Appendf(nil, "baseURL: %s\nchannels:\n- {match: team, oci: true, private: %t}\n", url, private))
		w.drop("team", map[string][]byte{"web-1.1.0.tgz": web, "odd.name_x-1.0.0+b.1.tgz": charttest.Simple("odd.name_x", "1.0.0+b.1")})
		w.done("generate")
		for _, client := range clients {
			h := newHelm(t, client)
			for _, page := range []string{"charts/web/index.html", "charts/web/1.0.0/index.html", "charts/odd.name_x/1.0.0+b.1/index.html"} {
				w.pasteRegistryCommands(h, page, url, private)
			}
			var doc struct {
				OCI      string
				Versions []struct{ Version, Manifest string }
			}
			decode(t, string(read(t, filepath.Join(w.folder, "site", "team", "api", "charts", "web.json"))), &doc)
			for file, b := range h.pull(doc.OCI+"@"+doc.Versions[0].Manifest, "--plain-http") {
				if !bytes.Equal(b, web) {
					t.Errorf("%s pulls %s, of %d bytes", client, file, len(b))
				}
			}
		}
	}
}

// pasteRegistryCommands runs the commands of a page that read the registry.
func (w *town) pasteRegistryCommands(h *helm, page, url string, private bool) {
	w.t.Helper()
	lines := helmCommands(w.t, read(w.t, filepath.Join(w.folder, "site", "team", filepath.FromSlash(page))), url+"/team")
	var some [][]string
	logins := 0
	for _, args := range lines {
		if args[0] == "registry" {
			logins++
		}
		if args[0] == "registry" || strings.Contains(strings.Join(args, " "), " oci://") {
			some = append(some, args)
		}
	}
	if len(some) != 2+logins || (logins > 0) != private {
		w.t.Fatalf("%s has the commands %q, private %t; one should name the version, one its digest", page, some, private)
	}
	for _, args := range some {
		args = offline(args)
		if o := process(w.t, h.dir, h.env, h.path, args...); o.code != 0 { // with a password among its arguments, it warns
			w.t.Errorf("%s: helm%s %q: exit code %d\n%s", page, h.major, args, o.code, o.stderr)
		}
	}
}

// helmCommands returns the arguments of the commands on a page that begin with helm.
func helmCommands(t *testing.T, page []byte, repository string) (lines [][]string) {
	t.Helper()
	for _, args := range pageCommands(t, page, repository) {
		if args[0] == "helm" {
			lines = append(lines, args[1:])
		}
	}
	return lines
}

// pageCommands returns the lines of the commands on a page, and of other texts to be
// copied. The script of the page knows the repository's URL.
func pageCommands(t *testing.T, page []byte, repository string) (lines [][]string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "code" || n.Parent.Data != "pre" {
			continue
		}
		var text strings.Builder
		for part := range n.Descendants() {
			if part.Type != html.TextNode {
				continue
			}
			said := part.Data
			for _, a := range part.Parent.Attr {
				if a.Key == "data-file-url" {
					said = repository + "/" + strings.TrimLeft(a.Val, "./")
				}
			}
			text.WriteString(strings.ReplaceAll(said, "REPOSITORY-URL", repository))
		}
		for line := range strings.Lines(strings.ReplaceAll(text.String(), "\\\n", "")) {
			if args := strings.Fields(line); len(args) > 1 {
				lines = append(lines, args)
			}
		}
	}
	return lines
}

// offline returns a command as it is run without a cluster and without somebody who types
// a password.
func offline(args []string) []string {
	if i := slices.Index(args, "USER"); i >= 0 {
		args = append(slices.Clone(args), "--password", "canary-alice-6f0c")
		args[i] = "alice"
		if i := slices.Index(args, "PASSWORD"); i >= 0 {
			args[i] = "canary-alice-6f0c"
		}
	}
	if args[0] == "install" || args[0] == "upgrade" { // an upgrade wants a cluster even for a dry run
		args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "install" || arg == "upgrade" || arg == "--install" })
		args = append([]string{"template"}, args...)
	}
	return args
}
