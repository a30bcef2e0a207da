package main

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ciFiles are the templates and scripts of ci/ that users copy, by path, each
// with its continued lines made one.
func ciFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"portolan.sh": ""}
	for _, folder := range []string{"github", "gitlab"} {
		err := filepath.WalkDir(filepath.Join("../../ci", folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".yml" {
				name, _ := filepath.Rel("../../ci", path)
				files[filepath.ToSlash(name)] = ""
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range files {
		files[name] = strings.ReplaceAll(string(read(t, filepath.Join("../../ci", name))), "\\\n", " ")
	}
	return files
}

// A call of portolan, by name, by a variable that has its path, or through
// portolan.sh; and what follows its command on the line.
var ciCall = regexp.MustCompile(`(?:^|[\s(])(?:portolan|"\$portolan"|"\$binary"|"[^" ]*portolan\.sh") ([a-z]+)([^|;&)'\n]*)`)

// TestCIFlags: every flag and every setting that a template names exists.
func TestCIFlags(t *testing.T) {
	t.Parallel()
	own := []string{"PORTOLAN_AFTER_UPLOADS", "PORTOLAN_BINARY_SHA256", "PORTOLAN_BINARY_URL", "PORTOLAN_VERSION"}
	flag, setting := regexp.MustCompile(`--[a-z][a-z-]*`), regexp.MustCompile(`\bPORTOLAN_[A-Z0-9_]+`)
	calls, named := map[string]int{}, []string{}
	for name, text := range ciFiles(t) {
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, " # ")
			for _, m := range ciCall.FindAllStringSubmatch(strings.TrimPrefix(line, "#"), -1) {
				command := m[1]
				if !slices.Contains(commandNames(), command) {
					continue // a command of portolan.sh's own, or a sentence
				}
				calls[command]++
				for _, f := range flag.FindAllString(m[2], -1) {
					if code, _, stderr := runIn(t, t.Context(), command, f+valueOf(command, f[2:]), "--help"); code != 0 {
						t.Errorf("%s: %s: %s", name, strings.TrimSpace(line), stderr)
					}
				}
			}
		}
		for _, v := range setting.FindAllString(text, -1) {
			if slices.Contains(own, v) {
				named = append(named, v)
			} else if !regexp.MustCompile(`\b` + v + `\b`).MatchString(helpGenerate) {
				t.Errorf("%s: portolan generate has no setting %s", name, v)
			}
		}
	}
	if calls["generate"] < 5 || calls["drop"] != 1 {
		t.Errorf("calls of portolan that were found: %v", calls)
	}
	slices.Sort(named)
	equal(t, "settings of the templates' own", slices.Compact(named), own)
}
