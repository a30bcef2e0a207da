package check

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// TestQuickLooks: what is asked of every path and every Chart.yaml says the same as the
// patterns that it takes the place of.
func TestQuickLooks(t *testing.T) {
	drive, infinite := regexp.MustCompile(`^[a-zA-Z]:`), regexp.MustCompile(`(?i)[.](inf|nan)|!`)
	for r := range rune(unicode.MaxRune + 1) {
		want := unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
		if got := hidden(r); got != want {
			t.Errorf("%U is hidden: %t", r, got)
		}
		for _, s := range []string{string(r), string(r) + ":", string(r) + ":x", "x" + string(r), ":" + string(r)} {
			if got := hasDrive(s); got != drive.MatchString(s) {
				t.Errorf("%q has a drive: %t", s, got)
			}
		}
		for _, s := range []string{"." + string(r) + "nf", ".na" + string(r), ".i" + string(r) + "F", string(r) + "inf"} {
			if got := maybeInfinite([]byte(s)); got != infinite.MatchString(s) {
				t.Errorf("%q may be infinite: %t", s, got)
			}
		}
	}
	const letters = "..iNfaA!"
	for n := range 1 << 18 { // all words of six of them
		var word [6]byte
		for i := range word {
			word[i] = letters[n>>(3*i)&7]
		}
		for _, s := range [][]byte{word[:], word[:n%6]} {
			if got := maybeInfinite(s); got != infinite.Match(s) {
				t.Fatalf("%q may be infinite: %t", s, got)
			}
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, rule := range map[string]string{
		"a": "", "redis": "", "kube-prometheus-stack": "", "a.b_c-d": "", "Redis": "", "0": "", "aws-node-termination-handler-2": "",
		"": "name", "-a": "name", "a-": "name", "a--b": "name", "a.-b": "name", ".": "name", "..": "name", "a/b": "name",
		"ä": "name", "a b": "name", "a\n": "name", "a%2fb": "name", "CON": "",
		strings.Repeat("a", 235): "", strings.Repeat("a", 236): "name-long", strings.Repeat("a", 251): "name-long",
	} {
		var w warnings
		p := checkName(name, "1.2.3", &w)
		if got := ruleOf(p); got != rule {
			t.Errorf("%.40q: got %q, want %q", name, got, rule)
		}
	}
}

func ruleOf(p *Problem) string {
	if p == nil {
		return ""
	}
	return p.Rule
}

func TestCheckVersion(t *testing.T) {
	for _, test := range []struct {
		version      string
		strict, helm bool
	}{
		{"1.2.3", true, true},
		{"v1.2.3", true, true},
		{"0.0.0-alpha.1+build.2", true, true},
		{"199.44.12345-Alpha.1+cafe009", true, true},
		{"1.2", false, true},
		{"v1", false, true},
		{"01.2.3", false, true},
		{"", false, false},
		{"v", false, false},
		{"vv1.2.3", false, false},
		{"V1.2.3", false, false},
		{"1.2.3-", false, false},
		{"1.2.3+", false, false},
		{"1.2.3-01", false, false},
		{"1.2.3-a..b", false, false},
		{"1.2.3+a+b", false, false},
		{"1.2.3-a/b", false, false},
		{"1.2.3\n", false, false},
		{" 1.2.3", false, false},
		{"1.2.3.4", false, false},
		{"latest", false, false},
		{"99999999999999999999.0.0", false, false},
		{"1.2.3-" + strings.Repeat("a", 300), false, false},
	} {
		var w warnings
		if p := checkVersion(test.version, "", &w); (p == nil) != test.strict {
			t.Errorf("strict %.40q: got %v", test.version, p)
		}
		if p := checkVersion(test.version, "helm", &w); (p == nil) != test.helm {
			t.Errorf("helm %.40q: got %v", test.version, p)
		}
	}
}

func TestSplitPath(t *testing.T) {
	for _, test := range []struct {
		name, top, rest, rule string
		dir                   bool
	}{
		{name: "a/b", top: "a", rest: "b"},
		{name: "a/b/c.d", top: "a", rest: "b/c.d"},
		{name: "./Chart.yaml", top: ".", rest: "Chart.yaml"},
		{name: "./", top: ".", dir: true},
		{name: "a/", top: "a", dir: true},
		{name: "a", top: "a", dir: true},
		{name: "a/b/", top: "a", rest: "b", dir: true},
		{name: "a/b/", rule: "path-unclean"},
		{name: "a/b//", rule: "path-unclean", dir: true},
		{name: "a/.", rule: "path-unclean"},
		{name: "a/b:c", top: "a", rest: "b:c", rule: "path-drive"},
		{name: "a/bb:c", top: "a", rest: "bb:c"},
		{name: "C:/a", rule: "path-drive"},
		{name: "a", rule: "top-folder"},
		{name: "Chart.yaml/x", rule: "top-folder"},
		{name: "", rule: "path-unclean"},
		{name: "..", rule: "path-parent", dir: true},
		{name: "/", rule: "path-unclean", dir: true},
		{name: "/a/b", rule: "path-absolute"},
		{name: "a/...", rule: "path-parent"},
		{name: "a/b/...", top: "a", rest: "b/..."},
		{name: "a/tab\there", rule: "path-control"},
		{name: `a\b`, rule: "path-backslash"},
	} {
		top, rest, p := splitPath(test.name, test.dir)
		if got := ruleOf(p); got != test.rule {
			t.Errorf("%q: got rule %q, want %q", test.name, got, test.rule)
		} else if p == nil && (top != test.top || rest != test.rest) {
			t.Errorf("%q: got %q, %q", test.name, top, rest)
		}
	}
}

func TestCheckAllowed(t *testing.T) {
	if checkAllowed("x", nil) != nil || checkAllowed("team-x", []string{"a", "team-*"}) != nil {
		t.Error("an allowed name is refused")
	}
	if checkAllowed("x", []string{"team-*", "["}) == nil {
		t.Error("any name is allowed")
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int64]string{5: "5 bytes", 20 << 20: "20 MiB", 11<<20 + 1<<19: "11.5 MiB", 1<<20 + 1: "1048577 bytes"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
