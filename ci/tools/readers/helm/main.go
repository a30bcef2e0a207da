// Command helm reads a repository's index with the package of Helm that it was built
// with, and writes name, version and URL of what that has found.
package main

import (
	"fmt"
	"os"
	"sort"

	"helm.sh/helm/v3/pkg/repo"
)

func main() {
	index, err := repo.LoadIndexFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var names []string
	for name := range index.Entries {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, v := range index.Entries[name] {
			fmt.Println(name, v.Version, v.URLs)
		}
	}
}
