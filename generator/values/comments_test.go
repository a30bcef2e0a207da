package values

import (
	"strings"
	"testing"
)

// TestComments checks what is taken for the text about a key: each case is the text
// about the last key.
func TestComments(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "a: 1\n# The\n#  text\nb: 1", "The text"},
		{"two marks", "a: 1\n\n## The text\n##\nb: 1", "The text"},
		{"a heading", "a: 1\n\n## The section ##\n# Text\nb: 1", "Text"},
		{"only a heading", "a: 1\n\n## The section ##\n##\nb: 1", ""},
		{"paragraphs", "a: 1\n# One\n#\n# Two.\n#\n# Three\nb: 1", "One. Two. Three"},
		{"a list", "a: 1\n# One of:\n# - x\n# - y z\nb: 1", "One of: • x • y z"},
		{"a gap", "a: 1\n# Text\n\nb: 1", ""},
		{"indented", "a:\n  # Text\n  b: 1", "Text"},
		{"indented otherwise", "a:\n# Text\n  b: 1", ""},
		{"indented a little more", "a:\n   # Text\n   # goes on\n  b: 1", "Text goes on"},
		{"with the path", "a:\n  # a.b: The text: all\n  b: 1", "The text: all"},
		{"with the key", "a: 1\n# b: the text\nb: 1", "the text"},
		{"choices", "a: 1\n# Options:\n# - \"x\": one of them\n# - \"y\": the other\nb: x", "Options: • \"x\": one of them • \"y\": the other"},
		{"no letters", "a: 1\n# 1, 2\nb: 1", ""},
		{"beside", "b: \"a # b\" # Text", "Text"},
		{"beside a quote", "b: it's 'x' # Text", "Text"},
		{"beside nothing", "b: a#b", ""},
		{"beside a parent", "a: 1\nb: # Text\n  c: 1", "Text"},
		{"above and beside", "# Above\nb: 1 # beside", "Above"},
		{"beside an escape", `b: "\" # c"`, ""},
		{"beside a quote in quotes", "b: 'it''s # c' # Text", "Text"},
		{"beside an empty text", "b: '' # Text", "Text"},
		{"commented out beside", "b: 1 # c: 2", ""},

		{"helm-docs", "# -- The text\n# goes on\nb: 1", "The text goes on"},
		{"helm-docs after others", "# x\n# -- The text\nb: 1", "The text"},
		{"helm-docs for another key", "# -- User\n# runAsUser: 0\n# -- The text\nb: 1", "The text"},
		{"helm-docs only for another key", "# -- User\n# runAsUser: 0\nb: 1", ""},
		{"helm-docs with an example", "# -- Labels\n# x: y\nb: {}", "Labels"},
		{"helm-docs with a name", "# b -- The text\n# goes on\nb: 1", "The text goes on"},
		{"helm-docs elsewhere", "# b.c -- The text\n\nb:\n  c: 1", "The text"},
		{"helm-docs with a type", "# -- (int) The text\nb:", "The text"},
		{"helm-docs without a type", "# -- (Optional) The text\nb:", "(Optional) The text"},
		{"helm-docs with tags", "# -- The text\n# @default -- x\n# @section -- y\nb:", "The text"},
		{"helm-docs and schema", "# @schema\n# type: x\n# @schema\n# -- The text\nb: # @schema type:y", "The text"},

		{"bitnami", "## @section S\n## @param b [string, nullable] The text\n## @param c\nb: 1", "The text"},
		{"bitnami below", "## The parent\n## @param b.c The text\n##\nb:\n  c: 1", "The text"},
		{"bitnami elsewhere", "## @param b The text\n\nb: 1", "The text"},
		{"bitnami in a section", "## @section S\n## @descriptionStart\n## x\n## @descriptionEnd\nb: 1", ""},

		{"commented out", "a: 1\n# b: 2\nb: 1", ""},
		{"about what is commented out", "a: 1\n# Text\n# c: 2\nb: 1", ""},
		{"after what is commented out", "a: 1\n# Other\n# c: 2\n# Text\nb: 1", "Text"},
		{"after what is commented out, deep", "a: {}\n# c:\n#   - d: x\n#     e: f g\n# Text\nb: 1", "Text"},
		{"what the key above can be", "a: []\n# Other\n# - name: x\n#   value: y\nb: []", ""},
		{"what the key can be", "a: []\n\n# Text\n# - name: x\n#   value: y\nb: []", "Text"},
		{"an example", "a: 1\n\n# Text, e.g.:\n#   c: 2\nb: {}", "Text"},
		{"an example in between", "a: 1\n# Text. For example:\n#   c: 2\n# More\nb: {}", "Text. More"},
		{"an example with the key", "a: 1\n# Text\n# b: 2\nb: 1", "Text"},
		{"an example of something else", "a: 1\n# Text, for example:\n# c: 2\nb: 1", ""},
		{"references", "a: 1\n# Text\n# ref: https://x.y/z\nb: 1", "Text ref: https://x.y/z"},
		{"notes", "a: 1\n# Note: do it\nb: 1", "Note: do it"},
		{"flags", "a: 1\n\n# Flags, e.g:\n# - --x\n# - --y=z\nb: []", "Flags"},
		{"templates", "a: 1\n# {{ x }}\nb: 1", ""},
		{"links", "a: 1\n# [Text](https://x.y)\nb: 1", "Text"},

		{"the file's", "# Default values for x.\n# This is a YAML-formatted file.\n# Declare variables to be passed into your templates.\nb: 1", ""},
		{"the file's and the key's", "# Default values for x.\n# Text\nb: 1", "Text"},
		{"a licence", "# Copyright Acme\n#\n# Use it well.\nb: 1", ""},
		{"a licence after the mark", "---\n# Copyright Acme\nb: 1", ""},
		{"a licence as text", "a: 1\n# The licence key\nb: 1", "The licence key"},
		{"a banner", "a: 1\n####\n# Title\n####\nb: 1", ""},
		{"an example of the key above", "a: {}\n# The following can be used\n#   x: y\nb: {}", ""},
		{"a short rule", "a: 1\n# Other\n# ---\n# Text\nb: 1", "Text"},
		{"a banner of dashes", "a: 1\n# -----\n# Title\n# -----\n# Text\nb: 1", "Text"},
		{"a banner in a line", "a: 1\n#### Title ####\nb: 1", ""},
		{"a banner at the end", "a: 1\n# Title =====\nb: 1", ""},
		{"for programs", "# yaml-language-server: $schema=x\nb: 1", ""},
		{"for programs, too", "a: 1\n# +docs:property\n# Text\n# renovate: x=y z\nb: 1", "Text"},

		{"below", "resources: {}\n  # We leave resources to you.\n  # limits:\n  #   cpu: 1\n", "We leave resources to you."},
		{"below, without the name", "b: {}\n  # Text\n  # limits:\n  #   cpu: 1\n", ""},
		{"below, alone", "a: 1\nb: []\n  # Text\n\n", "Text"},
		{"below, of the next key", "b: []\n  # -- Text\n", ""},
		{"below, not empty", "b: 1\n  # Text\n", ""},
		{"below, not indented", "b: {}\n# Text\n", ""},
		{"in a text", "a: |\n  # c\nb: |\n  # Text\n  d: e\n", ""},
		{"in a quoted text", "b: \"x\n  # Text\n  d: e\"\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Describe(ctx, New([]byte(tt.in)), nil, nil, room)
			if len(r.Groups) == 0 || r.Note != "" {
				t.Fatalf("%d groups, %q", len(r.Groups), r.Note)
			}
			g := r.Groups[len(r.Groups)-1]
			text := g.Rows[len(g.Rows)-1].Text
			if strings.HasPrefix(tt.name, "beside a parent") {
				text = g.Text
			}
			if text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}

// TestCommentTags checks what comments say besides texts.
func TestCommentTags(t *testing.T) {
	for _, tt := range []struct{ name, in, want, note string }{
		{"types", "# -- (tpl/string) A\na:\n# -- (list) B\nb: {}\n", "a L2|tpl/string|null||A\nb L4|array|{}||B\n", ""},
		{"defaults", "# -- A\n# @default -- `x`\na:\n# -- B\n# @default -- 10\nb: {c: 1}\n", "a L3||x||A\n[b L6] B\nb.c L6-2|integer|1||\n", ""},
		{"ignored", "# @ignored\na: 1\nb: 1\n# -- X\n# @ignored\nc: {d: 1}\n", "b L3|integer|1||\n", "The chart's comments leave out 2 values."},
		{"bitnami", "## @param a.b [array] B\n## @skip a.c\n## @extra a.d D\n## @extra e.f F\na:\n  b:\n  c: 1\n", "[a L5] \na.b L6|array|null||B\na.d s1||||D\ne.f s2||||F\n", "The chart's comments leave out 1 value."},
		{"bitnami for a parent", "## @param a A\na:\n  b:\n    c: 1\n## @param d.e E\nd: {e: {f: 1}}\n", "[a L2] A\na.b.c L4|integer|1||\n[d L6] \nd.e L6-2|object|||E\nd.e.f L6-3|integer|1||\n", ""},
		{"a parent with a default", "a:\n  # -- B\n  # @default -- See values.yaml\n  b: {c: 1}\n", "[a L1] \na.b L4|object|See values.yaml||B\na.b.c L4-2|integer|1||\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Describe(ctx, New([]byte(tt.in)), nil, nil, room)
			if got := r.table(); got != tt.want || r.Note != tt.note {
				t.Errorf("got:\n%s(%q)\nwant:\n%s(%q)", got, r.Note, tt.want, tt.note)
			}
		})
	}
}
