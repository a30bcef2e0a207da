package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// top is the repository's root.
const top = "../.."

// markdown is the text of each Markdown file of the repository, by its path.
// Golden files are left out.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == ".build" || path == filepath.Join(top, "generator", "report", "testdata")):
			return fs.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".md":
			name, err := filepath.Rel(top, path)
			if err != nil {
				return err
			}
			all[filepath.ToSlash(name)] = string(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// blocks are the code blocks after a mark, <!-- mark -->, in all Markdown
// files: README.md's first, then those of the folders.
func blocks(t *testing.T, mark string) []string {
	t.Helper()
	var all []string
	files := markdown(t)
	for _, name := range sortedKeys(files) {
		for _, part := range strings.Split(files[name], "<!-- "+mark+" -->\n```")[1:] {
			_, rest, _ := strings.Cut(part, "\n") // the language
			block, _, ok := strings.Cut(rest, "```")
			if !ok {
				t.Fatalf("%s: a block marked %q has no end", name, mark)
			}
			all = append(all, block)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no Markdown file has a block marked %q", mark)
	}
	return all
}

// block is the only block after a mark, with some text replaced.
func block(t *testing.T, mark string, replace ...string) string {
	t.Helper()
	all := blocks(t, mark)
	if len(all) != 1 {
		t.Fatalf("%d blocks are marked %q", len(all), mark)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(all[0], replace[i]) {
			t.Fatalf("the block marked %q has no %s", mark, replace[i])
		}
		all[0] = strings.ReplaceAll(all[0], replace[i], replace[i+1])
	}
	return all[0]
}

// table are the rows of the only table after a mark, each as its cells.
func table(t *testing.T, mark string) [][]string {
	t.Helper()
	var rows [][]string
	for name, text := range markdown(t) {
		_, rest, ok := strings.Cut(text, "<!-- "+mark+" -->\n|")
		if !ok {
			continue
		}
		if rows != nil {
			t.Fatalf("%s: another table is marked %q", name, mark)
		}
		rest, _, _ = strings.Cut("|"+rest, "\n\n")
		for _, line := range strings.Split(strings.TrimSpace(rest), "\n")[2:] {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no Markdown file has a table marked %q", mark)
	}
	return rows
}
