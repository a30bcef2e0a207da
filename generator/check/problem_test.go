package check

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestRules compares the table with the rules that the code uses: the first
// argument of reject and of warnings.add, and rules named in other literals.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "rules.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if rule := calledRule(n); rule != "" {
					used[rule] = true
					// What is only noted needs no fix, what is refused does.
					if r := rules[rule]; r.message == "" || r.fix == "" && !strings.HasPrefix(rule, "warn-") {
						t.Errorf("%s: the rule %s: message %q, fix %q", file, rule, r.message, r.fix)
					}
				}
			case *ast.BasicLit: // a rule that stands in a variable first
				if s, err := strconv.Unquote(n.Value); err == nil && rules[s].message != "" {
					used[s] = true
				}
			}
			return true
		})
	}
	for code, r := range rules {
		if !used[code] {
			t.Errorf("the rule %s is not used", code)
		}
		if warns := strings.HasPrefix(code, "warn-"); warns && r.fix != "" || r.message == "" {
			t.Errorf("the rule %s: message %q, fix %q", code, r.message, r.fix)
		}
	}
}

// calledRule returns the rule that a call of reject or add names.
func calledRule(call *ast.CallExpr) string {
	if len(call.Args) < 2 {
		return ""
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok || name != "reject" && name != "add" {
		return ""
	}
	rule, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return rule
}

func TestDescribe(t *testing.T) {
	if m, f := Describe("path-twice"); m == "" || f == "" {
		t.Errorf("got %q, %q", m, f)
	}
	if m, f := Describe("no-such-rule"); m != "" || f != "" {
		t.Errorf("got %q, %q", m, f)
	}
}

// Messages repeat what archives say, and must not pass its tricks on.
func TestMessagesAreHarmless(t *testing.T) {
	nasty := "\x1b[31mred\u202e\u2028\x00\r\n" + strings.Repeat("long", 1000) + "\xff"
	var problems []error
	for _, yaml := range []string{
		"name: " + strconv.Quote(nasty), "apiVersion: " + strconv.Quote(nasty[:20]) + "\nname: x\nversion: 0.1.0",
		"name: x\nversion: " + strconv.QuoteToASCII("1\x1b[31m"), "keywords: {" + strings.Repeat("x", 5000) + "\u0085: 1}", nasty,
		"name: mychart\nversion: 0.1.0\ndependencies: [{name: \"\\e[31m" + strings.Repeat("x", 5000) + "\", alias: \"a b\"}]",
	} {
		_, err := Archive(bytes.NewReader(charttest.Simple("mychart", "0.1.0", "Chart.yaml", yaml)), Options{})
		problems = append(problems, err)
	}
	problems = append(problems, reject("name", "%s", Quote(nasty)), reject("name", "%s", Foreign(errors.New(nasty))))
	for _, err := range problems {
		p := (*Problem)(nil)
		if !errors.As(err, &p) {
			t.Errorf("got %v, want a Problem", err)
			continue
		}
		checkHarmless(t, p.Message)
		checkHarmless(t, p.Fix)
	}
}

func checkHarmless(t testing.TB, s string) {
	t.Helper()
	if len(s) > 2000 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || unicode.Is(unicode.Cf, r) }) {
		t.Errorf("a message of %d bytes: %q", len(s), s)
	}
}

func TestWarnings(t *testing.T) {
	var w warnings
	w.add("warn-b", "first %d", 1)
	w.add("warn-b", "second")
	w.add("warn-a", "other")
	got := w.list()
	if len(got) != 2 || got[0].Rule != "warn-a" || got[1].Message != "first 1 (and 1 more)" {
		t.Errorf("got %v", got)
	}
}

func TestList(t *testing.T) {
	for _, tt := range []struct {
		names       string
		first, more int
		want        string
	}{
		{"", 3, 0, ""}, {"a", 3, 0, "a"}, {"a b", 3, 0, "a and b"}, {"a b c", 3, 0, "a, b and c"},
		{"a b c d e", 3, 0, "a, b, c and 2 more"}, {"a b c", 3, 4, "a, b, c and 4 more"}, {"a b c d", 3, 4, "a, b, c and 5 more"},
	} {
		if got := List(strings.Fields(tt.names), tt.first, tt.more); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}
