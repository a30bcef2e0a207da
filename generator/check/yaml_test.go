package check

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Helm 4 cuts files as Kubernetes' YAMLReader does; these are its answers.
func TestSplitDocuments(t *testing.T) {
	for _, test := range []struct {
		text  string
		parts []string
		ok    bool
	}{
		{"", nil, true},
		{"a: 1\n", []string{"a: 1\n"}, true},
		{"---\na: 1\n", []string{"---\na: 1\n"}, true},
		{"# x\n---\na: 1\n", []string{"# x\n", "a: 1\n"}, true},
		{"a: 1\n---\nb: 1\n", []string{"a: 1\n", "b: 1\n"}, true},
		{"a: 1\n--- # comment\n", []string{"a: 1\n"}, true},
		{"a: 1\n---\n---\nb: 1\n", []string{"a: 1\n", "---\nb: 1\n"}, true},
		{"a: |\n  ---\n", []string{"a: |\n  ---\n"}, true},
		{"--- {a: 1}\n", nil, false},
		{"-----\n", nil, false},
	} {
		got, ok := splitDocuments([]byte(test.text))
		var parts []string
		for _, p := range got {
			parts = append(parts, string(p))
		}
		if ok != test.ok || !reflect.DeepEqual(parts, test.parts) {
			t.Errorf("%q: got %q, %t", test.text, parts, ok)
		}
	}
}

func TestKeyText(t *testing.T) {
	for key, want := range map[string]string{
		"a": "a", "1": "1", "1.10": "1.1", "010": "8", "123456": "123456", "12345678901234567890": "12345678901234567890", "0x10": "16", "yes": "true", "'yes'": "yes", "Off": "false", "nine": "nine",
		"true": "true", "truest": "truest", "1.2.3": "1.2.3", "~": "~", "null": "null", "<<": "<<", "1_000": "1000",
		`"1.10"`: "1.10", "2024-01-02": "2024-01-02", ".inf": ".inf", "1e3": "1000", "é": "é",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte("? "+key+"\n: 0\n"), &doc); err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		node := doc.Content[0].Content[0]
		got := node.Value
		if maybeNumber(node) {
			got = keyText(got)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

// The marks bound the nodes of a file, so they bound the memory of parsing it.
func TestYAMLMarks(t *testing.T) {
	for _, text := range []string{
		"a: 1\nb: 2\n", "- 1\n- 2\n", "[a, b, [c], {d: e}]", "? a\n: b\n", "{a, b, c}", "[[[[]]]]", "-\n-\n-\n", "{\"a\":1,\"b\":2}",
		"- - - a\n", "a:\n- b:\n  - c\n", "", "text", "{? a : b, ? c}",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if nodes, marks := countNodes(&doc), yamlMarks([]byte(text)); nodes > 3*marks+2 {
			t.Errorf("%q: %d nodes, %d marks", text, nodes, marks)
		}
	}
}

func countNodes(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		sum += countNodes(c)
	}
	return sum
}

// An archive may not spend more on its YAML files together than one could.
func TestYAMLTotal(t *testing.T) {
	b := &bounds{left: cost{marks: 100, nodes: maxYAMLNodesTotal, text: maxYAMLTextTotal}}
	text := []byte("a:\n" + strings.Repeat("- 1\n", 60))
	if p := b.checkValues("values.yaml", text, true); p != nil {
		t.Error(p)
	}
	if p := b.checkValues("charts/a/values.yaml", text, true); ruleOf(p) != "yaml-complex" {
		t.Errorf("got %v", p)
	}
	b = &bounds{left: cost{marks: 1000, nodes: 60, text: maxYAMLTextTotal}}
	text = []byte("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [*a, *a, *a]\n")
	if p := b.checkValues("values.yaml", text, true); p != nil {
		t.Error(p)
	}
	if p := b.checkLock("charts/a/Chart.lock", text, true); ruleOf(p) != "yaml-complex" {
		t.Errorf("got %v", p)
	}
	b = &bounds{left: cost{marks: 100, nodes: maxYAMLNodesTotal, text: maxYAMLTextTotal}}
	if p := b.checkValues("values.yaml", []byte("1.0: a\n1.1: b\n1.2: c\n1.3: d\n1.4: e\n1.5: f\n"), true); ruleOf(p) != "yaml-complex" {
		t.Errorf("got %v", p)
	}
}

// jsonText is what package json makes of a string.
func TestJSONText(t *testing.T) {
	for _, s := range []string{
		"", "text", "a\"b\\c", "\x00\x01\x1f\x7f", "line\r\n\ttab", "<a href='&'>", "\u2028\u2029", "\ufffd", "\xff\xfe", "é\u4e2d\U0001f600",
	} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := jsonText(s), int64(len(b)-2); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
	// Package json writes bytes that are not UTF-8 as an escape.
	n := yaml.Node{Kind: yaml.ScalarNode, Style: yaml.TaggedStyle, Tag: "!!binary", Value: "////"}
	if got := nodeText(&n); got < 18 {
		t.Errorf("binary: got %d, want 18 or more", got)
	}
}
