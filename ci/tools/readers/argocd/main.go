// Command argocd reads a repository's index as Argo CD does, with gopkg.in/yaml.v2 and
// into the types of its util/helm/index.go, and once more strictly: with every key of
// an index that Helm has ever written, each once. It writes name and version of what it
// has found.
package main

import (
	"bytes"
	"fmt"
	"os"
	"sort"
	"time"

	"gopkg.in/yaml.v2"
)

type entry struct {
	Version string
	Created time.Time
}

type strictIndex struct {
	APIVersion  string `yaml:"apiVersion"`
	Generated   time.Time
	ServerInfo  map[string]string `yaml:"serverInfo"`
	Annotations map[string]string
	PublicKeys  []string `yaml:"publicKeys"`
	Entries     map[string][]struct {
		Name, Home, Version, Description, Icon, Condition, Tags, Type, Digest string
		APIVersion                                                            string `yaml:"apiVersion"`
		AppVersion                                                            string `yaml:"appVersion"`
		KubeVersion                                                           string `yaml:"kubeVersion"`
		Sources, Keywords, URLs                                               []string
		Deprecated, Removed                                                   bool
		Created                                                               time.Time
		Annotations                                                           map[string]string
		Maintainers                                                           []struct{ Name, Email, URL string }
		Dependencies                                                          []struct {
			Name, Version, Repository, Condition, Alias string
			Tags                                        []string
			Enabled                                     bool
			ImportValues                                []any `yaml:"import-values"`
		}
	}
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	fail(err)
	var index struct{ Entries map[string][]entry }
	fail(yaml.NewDecoder(bytes.NewReader(data)).Decode(&index))
	fail(yaml.UnmarshalStrict(data, &strictIndex{}))
	var names []string
	for name := range index.Entries {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, e := range index.Entries[name] {
			fmt.Println(name, e.Version)
		}
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
