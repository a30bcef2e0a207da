package check

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// forget makes a test begin with an empty memo.
func forget() { findings = memo{} }

// judged is all that is said of an archive.
func judged(archive []byte, o Options) (Chart, string) {
	c, err := Archive(bytes.NewReader(archive), o)
	if err != nil {
		return Chart{}, fmt.Sprintf("%#v", err)
	}
	return *c, ""
}

const subDependsOn = "apiVersion: v1\nname: x\nversion: 0.1.0\ndependencies: [{name: y, version: 1.0.0, repository: \"https://example.com\"}]\n"

// archivesOf are archives that have little or much to warn of.
func archivesOf(t testing.TB) map[string][]byte {
	all := map[string][]byte{}
	for _, file := range corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = data
	}
	for name, broken := range charttest.Uninstallable() {
		all[name] = charttest.Simple("mychart", "0.1.0", broken.Files...)
	}
	big := strings.Repeat("#", maxEffort.templates/2)
	for name, files := range map[string][]string{
		"fails":              {"templates/x.yaml", "{{ nope }}", "templates/y.yaml", "{{ fail \"no\" }}", "templates/z.yaml", "a: [", "crds/x.yaml", "a: [", schemaName, "{"},
		"duplicate":          {"charts/x/Chart.yaml", "apiVersion: v1\nname: x\nversion: 0.1.0\n", "charts/x/values.yaml", "a: 1\na: 2\nb: 1\nb: 2\n"},
		"unread":             {"templates/a.yaml", "{{ include \"x\" . }}", "templates/b.yaml", big, "templates/c.yaml", big, "templates/d/_x.tpl", "{{ define \"x\" }}{{ end }}"},
		"no effort":          {"templates/a.yaml", big, "templates/b.yaml", big, "templates/c.yaml", "{{ nope }}"},
		"manifests":          {"crds/a.yaml", strings.Repeat("# x\n", maxEffort.manifests/8), "crds/b.yaml", strings.Repeat("# x\n", maxEffort.manifests/8) + "a: [", "crds/c.yaml", "a: ["},
		"no requirements":    {"charts/x/Chart.yaml", subDependsOn},
		"empty requirements": {"charts/x/Chart.yaml", subDependsOn, "charts/x/requirements.yaml", ""},
		"requirements":       {"charts/x/Chart.yaml", "apiVersion: v1\nname: x\nversion: 0.1.0\n", "charts/x/requirements.yaml", "dependencies: []\n"},
		"twice":              {"templates/a.yaml", "{{ .Values.a }}", "templates/b.yaml", "{{ .Values.a }}"},
		"no library":         {"templates/_a.tpl", "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}", "templates/b.yaml", "{{ include \"a\" . }}"},
	} {
		all[name] = charttest.Simple("mychart", "0.1.0", files...)
	}
	return all
}

// TestMemoSame: an archive is judged in the same way before, after and between others.
func TestMemoSame(t *testing.T) {
	all := archivesOf(t)
	for _, o := range []Options{{}, {Versions: "helm", Limits: Limits{ChartYAML: 1000}}} {
		type judgement struct {
			chart   Chart
			problem string
		}
		alone := map[string]judgement{}
		for name, archive := range all {
			forget()
			chart, problem := judged(archive, o)
			alone[name] = judgement{chart, problem}
		}
		forget()
		for range 2 {
			for name, archive := range all {
				if chart, problem := judged(archive, o); !reflect.DeepEqual(judgement{chart, problem}, alone[name]) {
					t.Errorf("%s: got %+v %s\nand alone %+v", name, chart, problem, alone[name])
				}
			}
		}
	}
}

// TestMemoCost: what is known costs what it did at first.
func TestMemoCost(t *testing.T) {
	for where, text := range map[string]string{
		"values.yaml": "a: {b: [1, 2, &x y, *x], 1.5: c}\n", "Chart.lock": "dependencies: []\n", "charts/x/values.yaml": "a: 1\na: 2\n",
		"templates/a.yaml": "a: b\n", "templates/b.yaml": "{{ .Values.a }}{{ if .Values.b }}{{ end }}", "templates/_a.tpl": `{{ define "a" }}{{ end }}`,
		"crds/a.yaml": "a: [", schemaName: `{"type": ["object"]}`,
	} {
		archive := charttest.Simple("mychart", "0.1.0", where, text, "charts/x/Chart.yaml", "apiVersion: v1\nname: x\nversion: 0.1.0\n")
		spent := func() cost {
			b := newBounds(Options{})
			if _, err := readTree(&source{r: bytes.NewReader(archive), sum: sha256.New(), max: 1 << 20}, b); err != nil {
				t.Fatal(where, err)
			}
			return maxCost.minus(b.left)
		}
		forget()
		first := spent()
		if again := spent(); again != first {
			t.Errorf("%s costs %+v, and at first %+v", where, again, first)
		}
		if (first == cost{}) {
			t.Errorf("%s costs nothing", where)
		}
	}
}

// TestMemoBudget: many known files are too much for one archive, as many unknown ones are.
func TestMemoBudget(t *testing.T) {
	values := []byte("a: [" + strings.Repeat("1,", 90_000) + "]\n")
	b, taken := newBounds(Options{}), 0
	look := func() *Problem {
		_, p := b.look("values.yaml", sha256.Sum256(values), func(*finding) *Problem { return b.checkValues("values.yaml", values, true) })
		return p
	}
	for ; look() == nil; taken++ {
	}
	if want := maxYAMLMarksTotal / 90_002; taken != want {
		t.Errorf("%d files are taken, want %d", taken, want)
	}
}

// TestMemoLimits: what is taken where a file may have much is refused where it may have less.
func TestMemoLimits(t *testing.T) {
	archive := charttest.Simple("mychart", "0.1.0", "Chart.lock", "a: &a "+strings.Repeat("x", 900)+"\nb: [*a, *a]\n")
	for range 2 {
		if _, err := Archive(bytes.NewReader(archive), Options{}); err != nil {
			t.Error(err)
		}
		_, err := Archive(bytes.NewReader(archive), Options{Limits: Limits{ChartYAML: 1000}})
		wantRule(t, err, "yaml-aliases")
	}
}

// TestMemoBounded: it does not grow without end, nor by what is large, and keeps what is asked for.
func TestMemoBounded(t *testing.T) {
	var m memo
	key := func(i int) memoKey { return keyOf("a", [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}) }
	m.add(key(0), &finding{fault: "kept"})
	for i := range 3 * maxMemo / findingSize {
		m.add(key(i+1), &finding{})
		if f := m.known(key(0)); f == nil || f.fault != "kept" {
			t.Fatalf("what is asked for is forgotten after %d", i)
		}
		if n := len(m.young) + len(m.old); n > maxMemo/findingSize+1 {
			t.Fatalf("%d are remembered", n)
		}
	}
	if m.known(key(1)) != nil {
		t.Error("what nobody asked for is remembered")
	}
	m.add(key(-1), &finding{fault: strings.Repeat("x", maxFinding)})
	if m.known(key(-1)) != nil {
		t.Error("what is large is remembered")
	}
}

// TestMemoPinsNothing: what is remembered of a template does not hold on to its text.
func TestMemoPinsNothing(t *testing.T) {
	forget()
	for i := range 100 {
		text := fmt.Sprintf("{{ define \"name-%d\" }}{{ include \"other\" . }}{{ end }}", i) + strings.Repeat(" ", 1<<20)
		if _, problem := judged(charttest.Simple("mychart", "0.1.0", "templates/_x.tpl", text), Options{}); problem != "" {
			t.Fatal(problem)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 50<<20 {
		t.Errorf("%d MiB are held", m.HeapAlloc>>20)
	}
}

// TestMemoConcurrent: archives are judged alike by several goroutines at once.
func TestMemoConcurrent(t *testing.T) {
	archives := map[string][]byte{}
	for name, broken := range charttest.Uninstallable() {
		archives[name] = charttest.Simple("mychart", "0.1.0", broken.Files...)
	}
	alone := map[string]Chart{}
	for name, archive := range archives {
		forget()
		alone[name], _ = judged(archive, Options{})
	}
	forget()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for name, archive := range archives {
				if chart, problem := judged(archive, Options{}); !reflect.DeepEqual(chart, alone[name]) {
					t.Errorf("%s: got %+v %s\nand alone %+v", name, chart, problem, alone[name])
				}
			}
		})
	}
	all.Wait()
}

// TestMemoOnce: those who come to the same file at the same time look at it once. If
// nothing is remembered of it, they all look, but do not wait for each other in turn.
func TestMemoOnce(t *testing.T) {
	for name, c := range map[string]struct {
		at    func(looks int32) *Problem
		looks int32
		time  time.Duration
	}{
		"accepted": {func(int32) *Problem { return nil }, 1, time.Second},
		"refused":  {func(int32) *Problem { return reject("a", "b") }, 4, 2 * time.Second},
		"panics":   {func(int32) *Problem { panic("c") }, 4, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				forget()
				var looks atomic.Int32
				var all sync.WaitGroup
				begun := time.Now()
				for range 4 {
					all.Go(func() {
						defer func() { _ = recover() }()
						_, _ = newBounds(Options{}).look("a", [32]byte{1}, func(*finding) *Problem {
							n := looks.Add(1)
							time.Sleep(time.Second)
							return c.at(n)
						})
					})
				}
				all.Wait()
				if n, took := looks.Load(), time.Since(begun); n != c.looks || took != c.time {
					t.Errorf("%d look at it within %v, want %d within %v", n, took, c.looks, c.time)
				}
				if len(findings.underway) > 0 {
					t.Error("the look has not ended, so others would never stop waiting")
				}
			})
		})
	}
}

// BenchmarkMemo tells what checking costs if nothing of the archives was read before, and if
// all but Chart.yaml was.
func BenchmarkMemo(b *testing.B) {
	var archives [][]byte
	size := int64(0)
	for _, file := range corpus(b) {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		archives, size = append(archives, data), size+int64(len(data))
	}
	for name, before := range map[string]func(){"new": forget, "known": func() {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				before()
				for _, data := range archives {
					_, _ = Archive(bytes.NewReader(data), Options{})
				}
			}
		})
	}
}
