package lazyregexp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Every pattern in the source can be compiled, also those of package check, which has a
// function of its own.
func TestPatterns(t *testing.T) {
	files, found := token.NewFileSet(), 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); !named(call.Fun, "whenNeeded") && (!ok || s.Sel.Name != "New" || !named(s.X, "lazyregexp")) {
				return true
			}
			found++
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a pattern that is no literal: this test cannot compile it", files.Position(call.Pos()))
				return true
			}
			pattern, err := strconv.Unquote(literal.Value)
			if err == nil {
				_, err = regexp.Compile(pattern)
			}
			if err != nil {
				t.Errorf("%s: %v", files.Position(literal.Pos()), err)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 50 {
		t.Errorf("only %d patterns were found", found)
	}
}

func named(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

// Many goroutines may use an expression that nobody has used yet.
func TestConcurrent(t *testing.T) {
	r := New("a+")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !r.MatchString("baa") || r.MatchString("b") {
				t.Error("the wrong texts match")
			}
		})
	}
	all.Wait()
}
