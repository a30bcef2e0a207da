package check

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// sourceNames returns the paths of the sources.
func sourceNames(files []Source) string {
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	return strings.Join(names, " ")
}

// The sources of the chart itself are kept, and the sums of all files.
func TestSources(t *testing.T) {
	c := readContents(t,
		"templates/_helpers.tpl", "\ufeff{{ define \"x\" }}", "templates/NOTES.txt", "notes", "templates/tests/a.yaml", "kind: Pod\n", "crds/a.yaml", crd, "crds/b.json", "{}",
		"crds/README.md", "no", "files/a.yaml", "no", "charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/a.yaml", "no",
	)
	if got, want := sourceNames(c.Sources), "templates/NOTES.txt templates/_helpers.tpl templates/note.yaml templates/tests/a.yaml crds/a.yaml crds/b.json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(c.Sources[1].Text); got != `{{ define "x" }}` {
		t.Errorf("got %q", got)
	}
	if len(c.Sums) != len(c.Files) {
		t.Fatalf("%d sums, %d files", len(c.Sums), len(c.Files))
	}
	for i, f := range c.Files {
		if want := map[string]string{"charts/sub/templates/a.yaml": "no", "files/a.yaml": "no", "crds/b.json": "{}"}[f.Path]; want != "" && c.Sums[i] != sha256.Sum256([]byte(want)) {
			t.Errorf("%s has the sum %x", f.Path, c.Sums[i])
		}
	}
}

// Few bytes of archive can hold many of templates. What is kept of them is bounded,
// and the rest is still listed.
func TestSourcesBounds(t *testing.T) {
	large := strings.Repeat("# a\n", maxSource/4)
	more := []string{"templates/larger.yaml", large + "#"}
	for i := range 2*maxSources/maxSource + 3 {
		more = append(more, fmt.Sprintf("templates/%02d.yaml", i), large, fmt.Sprintf("crds/%02d.yaml", i), large)
	}
	c, err := ReadContents(bytes.NewReader(charttest.Simple("mychart", "0.1.0", more...)), Options{Limits: MaxLimits()})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, f := range c.Sources {
		size += cap(f.Text)
	}
	if size > maxSources*9/8 || size < maxSources-2*maxSource || len(c.Sources) == 0 || c.Sources[0].Path != "templates/00.yaml" {
		t.Errorf("%d bytes of %s are kept", size, sourceNames(c.Sources))
	}
	if len(c.Files) != len(more)/2+4 || len(c.Sums) != len(c.Files) {
		t.Errorf("%d files, %d sums", len(c.Files), len(c.Sums))
	}
}

// What is kept does not depend on the order of files, and while they are read it is
// at most twice as much.
func TestKept(t *testing.T) {
	const most = 20_000
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("templates/%03d.yaml", i))
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := ""
	for range 20 {
		k := kept{most: most, order: templatesFirst}
		for _, name := range names {
			k.add(name, make([]byte, len(name)*int(name[12]-'0')*7))
			if k.size > 2*most {
				t.Fatalf("%d bytes are held", k.size)
			}
		}
		got := sourceNames(k.settle())
		if k.size > most || len(k.files) < 20 || len(k.files) == len(names) {
			t.Fatalf("%d files, %d bytes", len(k.files), k.size)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	// A small file after one that is too large is not kept either.
	k := kept{most: 1000, order: templatesFirst}
	for _, name := range []string{"crds/z.yaml", "templates/a.yaml", "templates/b.yaml", "crds/a.yaml"} {
		k.add(name, make([]byte, map[string]int{"templates/b.yaml": 900}[name]))
	}
	if got := sourceNames(k.settle()); got != "templates/a.yaml" {
		t.Errorf("kept %s", got)
	}
	if order := []string{"crds/a.yaml", "templates/z.yaml", "templates/a.yaml"}; !slices.Equal(slices.SortedFunc(slices.Values(order), templatesFirst), []string{"templates/a.yaml", "templates/z.yaml", "crds/a.yaml"}) {
		t.Error("templates do not come first")
	}
}

// An icon is a file of the archive.
func TestIcon(t *testing.T) {
	const svg = "<svg/>"
	for _, tt := range []struct{ icon, file, want string }{
		{"icon.svg", "icon.svg", svg}, {"./img/icon.PNG", "img/icon.PNG", svg}, {"file://icon.svg", "icon.svg", svg}, {"/icon.svg", "icon.svg", svg},
		{"https://example.com/icon.svg", "icon.svg", ""}, {"../icon.svg", "icon.svg", ""}, {"icon.svg", "other.svg", ""}, {"", "icon.svg", ""},
		{"icon.html", "icon.html", ""}, {"charts/sub/icon.svg", "charts/sub/icon.svg", ""},
	} {
		c := readContents(t, "Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.1.0\nicon: '"+tt.icon+"'\n", tt.file, svg,
			"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n")
		got := ""
		if c.Icon != nil {
			got = string(c.Icon.Text)
		}
		if got != tt.want {
			t.Errorf("%s, and the file %s: got %q", tt.icon, tt.file, got)
		}
	}
	if c := readContents(t, "Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.1.0\nicon: a.png\n", "a.png", strings.Repeat("x", maxIcon+1)); c.Icon != nil {
		t.Error("a large icon is kept")
	}
}

func TestLicenseFile(t *testing.T) {
	mit := licenseTexts["MIT"]
	for _, tt := range []struct{ files, want string }{
		{"LICENSE", "LICENSE MIT"}, {"Licence.md", "Licence.md MIT"}, {"COPYING LICENCE LICENSE.txt", "LICENSE.txt MIT"}, {"license.txt COPYING", "license.txt MIT"},
		{"templates/LICENSE LICENSE.yaml LICENSES", " "}, {"docs/LICENSE", " "},
	} {
		var more []string
		for _, name := range strings.Fields(tt.files) {
			more = append(more, name, mit)
		}
		if c := readContents(t, more...); c.License.File+" "+c.License.Name != tt.want {
			t.Errorf("%s: got %s %s", tt.files, c.License.File, c.License.Name)
		}
	}
	if c := readContents(t, "LICENSE", "All rights reserved.\n"); c.License.File != "LICENSE" || c.License.Name != "" {
		t.Errorf("got %+v", c.License)
	}
	if c := readContents(t, "LICENSE", mit+strings.Repeat(" ", maxLicense)); c.License.File != "" {
		t.Errorf("a large file is read: %+v", c.License)
	}
}

// licenseTexts are what licences say, as far as they are told apart by it.
var licenseTexts = map[string]string{
	"Apache-2.0": "\n                                 Apache License\n                           Version 2.0, January 2004\n                        http://www.apache.org/licenses/\n",
	"MIT": "The MIT License (MIT)\n\nCopyright (c) 2020 A\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this software, to use, copy, modify, merge, publish, distribute, sublicense, and/or sell\n" +
		"copies of the Software:\n\nThe above copyright notice and this permission notice shall be included in all\ncopies or substantial portions of the Software.\n",
	"BSD-3-Clause": bsd + "3. Neither the name of the copyright holder nor the names of its contributors\n   may be used to endorse or promote products derived from this software\n",
	"BSD-2-Clause": bsd,
	"ISC":          "Copyright 2020 A\n\nPermission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above\ncopyright notice and this permission notice appear in all copies.\n",
	"Unlicense":    "This is free and unencumbered software released into the public domain.\n",
	"MPL-2.0":      "Mozilla Public License Version 2.0\n==================================\n\n1. Definitions\n" + strings.Repeat("word ", 100) + "the GNU General Public License, Version 2.0, the GNU Lesser General Public License, Version 2.1\n",
	"AGPL-3.0":     gnu("AFFERO GENERAL", "3, 19 November 2007") + "version 3 of the GNU General Public License",
	"LGPL-3.0":     gnu("LESSER GENERAL", "3, 29 June 2007") + "version 3 of the GNU General Public License",
	"LGPL-2.1":     gnu("LESSER GENERAL", "2.1, February 1999"),
	"LGPL-2.0":     gnu("LIBRARY GENERAL", "2, June 1991"),
	"GPL-3.0":      gnu("GENERAL", "3, 29 June 2007") + "the GNU Affero General Public License, version 3",
	"GPL-2.0":      gnu("GENERAL", "2, June 1991"),
}

const bsd = "Copyright (c) 2020, A\n\nRedistribution and use in source and binary forms, with or without\nmodification, are permitted provided that the following conditions are met:\n\n" +
	"* Redistributions in binary form must reproduce the above copyright notice,\n  this list of conditions\n"

func gnu(name, version string) string {
	return "                    GNU " + name + " PUBLIC LICENSE\n                       Version " + version + "\n\n Copyright (C) Free Software Foundation, Inc.\n" + strings.Repeat("Preamble ", 100)
}

func TestLicenseName(t *testing.T) {
	for want, text := range licenseTexts {
		for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), "Copyright 2020 A\n\n" + text} {
			if got := licenseName([]byte(text)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	for _, text := range []string{
		"", "All rights reserved.", licenseTexts["MIT"] + licenseTexts["Apache-2.0"], licenseTexts["Apache-2.0"] + licenseTexts["BSD-2-Clause"],
		bsd + "3. All advertising materials mentioning features must display", "Licensed under a license like Apache.",
	} {
		if got := licenseName([]byte(text)); got != "" {
			t.Errorf("%.40q is %s", text, got)
		}
	}
}
