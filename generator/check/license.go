package check

import (
	"bytes"
	"path"
	"strings"
)

// maxLicense bounds a licence that is read, in bytes. The GNU AGPL has 34 KiB.
const maxLicense = 128 << 10

// License is the file that says under which licence a chart is.
type License struct {
	File string // below the chart's folder; "" if absent
	Name string // such as Apache-2.0; "" for one that is not known

	rank int // 0 if there is no file
}

// licenseRank orders the files that can be a chart's licence. It is 0 for others.
func licenseRank(name string) int {
	lower := strings.ToLower(name)
	ending := path.Ext(lower)
	rank := 1
	switch strings.TrimSuffix(lower, ending) {
	case "license":
	case "licence":
		rank = 2
	case "copying":
		rank = 3
	default:
		return 0
	}
	switch ending {
	case "":
		return 10 * rank
	case ".txt":
		return 10*rank + 1
	case ".md":
		return 10*rank + 2
	}
	return 0
}

// A license is known by phrases: all of has, and none of lacks.
type license struct {
	name       string
	has, lacks []string
}

// licenses are the usual ones. Their phrases are in lower case, with one space
// between words and none of the punctuation at words' ends.
var licenses = []license{
	{"Apache-2.0", []string{"apache license version 2.0"}, nil},
	{"MIT", []string{
		"permission is hereby granted free of charge to any person obtaining a copy",
		"sublicense and/or sell copies", "permission notice shall be included in all copies",
	}, nil},
	{"BSD-3-Clause", []string{
		"redistribution and use in source and binary forms with or without modification are permitted provided",
		"may be used to endorse or promote products derived",
	}, []string{"all advertising materials"}},
	{"BSD-2-Clause", []string{
		"redistribution and use in source and binary forms with or without modification are permitted provided",
		"redistributions in binary form must reproduce the above copyright notice",
	}, []string{"endorse or promote", "all advertising materials"}},
	{"ISC", []string{"distribute this software for any purpose with or without fee is hereby granted provided that the above copyright notice"}, nil},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}, nil},
}

// titles are the names under which long licences begin. They mention each other
// further down.
var titles = []license{
	{"MPL-2.0", []string{"mozilla public license version 2.0"}, nil},
	{"AGPL-3.0", []string{"gnu affero general public license version 3"}, nil},
	{"LGPL-3.0", []string{"gnu lesser general public license version 3"}, nil},
	{"LGPL-2.1", []string{"gnu lesser general public license version 2.1"}, nil},
	{"LGPL-2.0", []string{"gnu library general public license version 2"}, nil},
	{"GPL-3.0", []string{"gnu general public license version 3"}, nil},
	{"GPL-2.0", []string{"gnu general public license version 2"}, nil},
}

// maxTitle is where a licence's title has ended, in words: some lines of copyright
// may come before it.
const maxTitle = 60

// licenseName returns the name of the licence that a text is; "" if it is not one of
// the usual ones, or seems to be several.
func licenseName(text []byte) string {
	var words []string
	for word := range bytes.FieldsSeq(bytes.ToLower(text)) {
		if w := strings.Trim(string(word), ".,:;()\"'*#=-<>"); w != "" {
			words = append(words, w)
		}
	}
	if name := matching(titles, words[:min(len(words), maxTitle)]); name != "" {
		return name
	}
	return matching(licenses, words)
}

// matching returns the name of the only licence whose phrases are among the words.
func matching(all []license, words []string) string {
	text, found := strings.Join(words, " "), ""
	for _, l := range all {
		if !l.fits(text) {
			continue
		}
		if found != "" {
			return ""
		}
		found = l.name
	}
	return found
}

func (l *license) fits(text string) bool {
	for _, phrase := range l.has {
		if !strings.Contains(text, phrase) {
			return false
		}
	}
	for _, phrase := range l.lacks {
		if strings.Contains(text, phrase) {
			return false
		}
	}
	return true
}
