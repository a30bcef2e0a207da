package check

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	yaml2 "sigs.k8s.io/yaml"
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

// What Helm reads as something else than its text may be a number, and few words may.
func TestMaybeNumber(t *testing.T) {
	var words []string
	for _, word := range []string{"y", "n", "yes", "no", "true", "false", "on", "off", "null", "~", "nan", "inf"} {
		for _, cased := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
			words = append(words, cased, "."+cased, "+."+cased, "-."+cased, cased+"s")
		}
	}
	const letters = "yntfo~.+-01e_x:"
	for _, a := range letters {
		for _, b := range letters {
			words = append(words, string(a)+string(b), "1"+string(a)+string(b), string(a)+string(b)+"1")
		}
	}
	for _, word := range words {
		if text, ok := helmKey(word); ok && text != word && !maybeNumber(&yaml.Node{Kind: yaml.ScalarNode, Value: word}) {
			t.Errorf("Helm reads %q as %q", word, text)
		}
	}
	for _, word := range []string{"name", "type", "tag", "nodes", "tls", "10"} {
		if maybeNumber(&yaml.Node{Kind: yaml.ScalarNode, Value: word}) {
			t.Errorf("%q may be a number", word)
		}
	}
}

// TestTryValues: its errors are those of reading values.
func TestTryValues(t *testing.T) {
	for _, text := range []string{"", "# x\n", "null", "~\n", "a: 1\n", "{}", "[]", "- 1\n", "x", "1", ".inf", "a: .nan\n", "a: [", "? [a]\n: 1\n", "a: !!timestamp 99999-01-01\n", "a: 18446744073709551615\n"} {
		_, want := loadValues([]byte(text))
		if got := tryValues([]byte(text)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestLoadAPIVersion: Chart.yaml that need not be read once more can be.
func TestLoadAPIVersion(t *testing.T) {
	for _, value := range []string{"1.0", "1e400", "0x7fffffffffffffffff", "2001-01-01", "~", "yes", "'.inf'", "infinite", "190:20:30", "!x y", "0b1", "1_000.5", ".5", "-.inf", ".NaN", "+.Inf"} {
		text := []byte("apiVersion: v1\nname: x\nversion: 0.1.0\nappVersion: " + value + "\ndescription: " + value + "\n")
		if _, err := loadMetadata(text, nil); err != nil {
			continue
		}
		if err := yaml2.Unmarshal(text, &struct{}{}); (err != nil) != (loadAPIVersion(text) != nil) {
			t.Errorf("%s: got %v", value, err)
		}
	}
}
