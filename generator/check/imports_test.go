package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the package what it says it is: it knows no bucket, clock
// or network, nothing of the rest of the module, and Helm in one file alone.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var helm []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if name := timeUsed(n); name != "" && !slices.Contains([]string{"Time", "Minute", "RFC3339"}, name) {
				t.Errorf("%s uses time.%s", file, name)
			}
			return true
		})
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			top, _, _ := strings.Cut(name, "/")
			switch {
			case slices.Contains([]string{"net", "os", "context", "log", "syscall"}, top), top == "math" && name != "math":
				t.Errorf("%s imports %s", file, name)
			case strings.HasPrefix(name, "github.com/portolan-charts/"):
				t.Errorf("%s imports %s", file, name)
			case top == "helm.sh":
				helm = append(helm, file+" "+name)
			}
		}
	}
	if want := []string{"helm.go helm.sh/helm/v3/pkg/chart"}; !slices.Equal(helm, want) {
		t.Errorf("Helm is imported by %v, want %v", helm, want)
	}
}

// timeUsed is the name that a node uses of the package time, if it uses one.
func timeUsed(n ast.Node) string {
	used, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if name, ok := used.X.(*ast.Ident); !ok || name.Name != "time" {
		return ""
	}
	return used.Sel.Name
}
