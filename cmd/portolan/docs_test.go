package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// parseMarkdown parses a file as GitHub does.
func parseMarkdown(src string) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader([]byte(src)))
}

// walk visits every node of a file.
func walk(t *testing.T, n ast.Node, visit func(ast.Node)) {
	t.Helper()
	err := ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// words is the text of a heading, without its markup.
func words(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if s, ok := c.(*ast.Text); ok {
			b.Write(s.Segment.Value(src))
		}
		b.WriteString(words(c, src))
	}
	return b.String()
}

// anchors are the ids that GitHub gives the headings of a file.
func anchors(t *testing.T, src string) []string {
	var all []string
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	walk(t, parseMarkdown(src), func(n ast.Node) {
		if n.Kind() == ast.KindHeading {
			id := dropped.ReplaceAllString(strings.ToLower(words(n, []byte(src))), "")
			all = append(all, strings.ReplaceAll(id, " ", "-"))
		}
	})
	return all
}

// TestMarkdownLinks: every link of a Markdown file to a file of the repository,
// and to a heading, leads somewhere.
func TestMarkdownLinks(t *testing.T) {
	t.Parallel()
	files, links := markdown(t), 0
	for name, src := range files {
		walk(t, parseMarkdown(src), func(n ast.Node) {
			target := ""
			switch n := n.(type) {
			case *ast.Link:
				target = string(n.Destination)
			case *ast.Image:
				target = string(n.Destination)
			}
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				return
			}
			links++
			file, anchor, _ := strings.Cut(target, "#")
			if file = path.Join(path.Dir(name), file); strings.HasPrefix(target, "#") {
				file = name
			}
			if _, err := os.Stat(filepath.Join(top, filepath.FromSlash(file))); err != nil {
				t.Errorf("%s: there is no %s", name, target)
			} else if anchor != "" && !slices.Contains(anchors(t, files[file]), anchor) {
				t.Errorf("%s: there is no heading for %s", name, target)
			}
		})
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}

// TestMarkdownPaths: every path from the repository's root that a Markdown file
// names, and does not link to, is there.
func TestMarkdownPaths(t *testing.T) {
	ours, paths := regexp.MustCompile(`^(cmd|generator|publisher|templates|ci|testdata)/[\w./-]+$`), 0
	for name, src := range markdown(t) {
		walk(t, parseMarkdown(src), func(n ast.Node) {
			if n.Kind() != ast.KindCodeSpan {
				return
			}
			if file := words(n, []byte(src)); ours.MatchString(file) {
				paths++
				if _, err := os.Stat(filepath.Join(top, filepath.FromSlash(file))); err != nil {
					t.Errorf("%s: there is no %s", name, file)
				}
			}
		})
	}
	if paths < 20 {
		t.Errorf("only %d paths were found", paths)
	}
}

// TestMarkdownWidth: README.md is short, and no line is long but for tables,
// code and what is a link and cannot be broken.
func TestMarkdownWidth(t *testing.T) {
	t.Parallel()
	files := markdown(t)
	if n := strings.Count(files["README.md"], "\n"); n > 200 {
		t.Errorf("README.md has %d lines, and 200 are enough", n)
	}
	for name, src := range files {
		code := false
		for i, line := range strings.Split(src, "\n") {
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			exempt := code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ") || !strings.Contains(strings.TrimSpace(line), " ")
			if !exempt && utf8.RuneCountInString(line) > 120 {
				t.Errorf("%s:%d: %d columns", name, i+1, utf8.RuneCountInString(line))
			}
		}
	}
}

// TestMarkdownCommands: every command and flag of portolan's that a code block
// or a code span shows exists.
func TestMarkdownCommands(t *testing.T) {
	t.Parallel()
	flag, calls := regexp.MustCompile(`--[a-z][a-z-]*`), 0
	for name, src := range markdown(t) {
		walk(t, parseMarkdown(src), func(n ast.Node) {
			for _, line := range codeLines(n, []byte(src)) {
				line, _, _ = strings.Cut(line, " # ")
				for _, m := range ciCall.FindAllStringSubmatch(line, -1) {
					if !slices.Contains(commandNames(), m[1]) {
						if m[1] != "upload" { // a command of portolan.sh
							t.Errorf("%s: portolan has no command %s: %s", name, m[1], line)
						}
						continue
					}
					calls++
					for _, f := range flag.FindAllString(m[2], -1) {
						if code, _, stderr := runIn(t, t.Context(), m[1], f+valueOf(m[1], f[2:]), "--help"); code != 0 {
							t.Errorf("%s: %s: %s", name, line, stderr)
						}
					}
				}
			}
		})
	}
	if calls < 50 {
		t.Errorf("only %d calls were found", calls)
	}
}

// codeLines are the lines of a code block or span.
func codeLines(n ast.Node, src []byte) []string {
	switch n.Kind() {
	case ast.KindFencedCodeBlock, ast.KindCodeBlock:
		return strings.Split(string(n.Lines().Value(src)), "\n")
	case ast.KindCodeSpan:
		return []string{words(n, src)}
	}
	return nil
}
