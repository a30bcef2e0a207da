package ci

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// required is what a go.mod file requires: versions by module.
func required(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(strings.TrimPrefix(line, "require ")); len(f) >= 2 && strings.HasPrefix(f[1], "v") {
			versions[f[0]] = f[1]
		}
	}
	return versions
}

// TestSharedVersions sees to it that the tools compile the same versions of what
// takes longest to compile: see tools/README.md.
func TestSharedVersions(t *testing.T) {
	for _, c := range []struct {
		file, with string
		modules    []string
	}{
		{"tools/servers/go.mod", "../go.mod", []string{
			"cloud.google.com/go/storage", "google.golang.org/api", "github.com/aws/aws-sdk-go-v2/service/s3",
			"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob", "google.golang.org/grpc", "github.com/prometheus/client_golang"}},
		{"tools/oci/go.mod", "../go.mod", []string{"github.com/google/go-containerregistry", "github.com/klauspost/compress"}},
		{"tools/cmpush/go.mod", "tools/helm4/go.mod", []string{"helm.sh/helm/v4", "k8s.io/client-go", "k8s.io/api"}},
	} {
		got, want := required(t, c.file), required(t, c.with)
		for _, m := range c.modules {
			if want[m] == "" || got[m] != want[m] {
				t.Errorf("%s requires %s %q, and %s requires %q; raise them together, as tools/README.md says",
					c.file, m, got[m], c.with, want[m])
			}
		}
	}
}

// TestToolsInstalled: each tool that tools/install knows is installed by some target of
// the Makefile. What uses it would fail on a new machine otherwise.
func TestToolsInstalled(t *testing.T) {
	install, err := os.ReadFile("tools/install")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(install), "\ntools='\n")
	table, _, _ = strings.Cut(table, "\n'\n")
	asked := strings.Fields(string(makefile))
	for line := range strings.Lines(table) {
		if name := strings.Fields(line)[0]; !slices.ContainsFunc(asked, func(word string) bool { return strings.Trim(word, "$()") == name }) {
			t.Errorf("no target of the Makefile installs %s", name)
		}
	}
	if len(strings.Fields(table)) < 20 {
		t.Errorf("tools/install names hardly any tools: %q", table)
	}
}
