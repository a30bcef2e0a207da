package shim

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// TestFormHeaders checks which headers the parts of a form may have.
func TestFormHeaders(t *testing.T) {
	const begin, end = "--b\r\n", "Content-Disposition: form-data; name=chart\r\n\r\nchart alpha 1.0.0\r\n--b--\r\n"
	prov := "--b\r\nContent-Disposition: form-data; name=prov\r\n\r\nsigned\r\n"
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "A%d:\r\n", i)
		}
		return b.String()
	}
	path := `Content-Disposition: form-data; name=chart; filename="` + strings.Repeat("/chärts", 4096/8) + "\"\r\n\r\nchart alpha 1.0.0\r\n--b--\r\n"
	for _, test := range []struct {
		name, body string
		taken      bool
	}{
		{"as usual", begin + end, true},
		{"a long path", begin + path, true},
		{"other headers", begin + many(maxPartLines/2) + end, true},
		{"a long one in the second part", prov + begin + "X: " + strings.Repeat("x", maxPartHeader/2) + "\r\n" + end, true},
		{"what stands before the first part", "hello\r\n\r\n" + begin + end, true},
		{"contents of many lines", prov + strings.Repeat("\r\n", 10_000) + begin + strings.Replace(end, "1.0.0", "1.0.0"+strings.Repeat("\n", 10_000), 1), true},
		{"a long name", begin + strings.Repeat("x", maxPartHeader) + ": \r\n" + end, false},
		{"a long value", begin + "X: " + strings.Repeat("x", maxPartHeader) + "\r\n" + end, false},
		{"a long value in many lines", begin + "X: " + strings.Repeat("x\r\n x", maxPartHeader/5) + "\r\n" + end, false},
		{"a long one in the second", prov + begin + "X: " + strings.Repeat("x", 2*maxPartHeader) + "\r\n" + end, false},
		{"many", begin + many(maxPartLines) + end, false},
		{"many in the second", prov + begin + many(maxPartLines+1000) + end, false},
		{"long lines before the first part", strings.Repeat("x", maxPartHeader+1) + "\r\n" + begin + end, false},
		{"many lines before the first part", strings.Repeat("\r\n", maxPartLines) + begin + end, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, nil)
			got := p.post("/api/stable/charts", test.body, "Content-Type", "multipart/form-data; boundary=b")
			if !test.taken {
				failed(t, got, http.StatusBadRequest, "form")
			} else if got.StatusCode != http.StatusCreated {
				t.Errorf("status %d: %s", got.StatusCode, got.body)
			}
		})
	}
}

// TestFormMemory reads forms with headers of many megabytes, which take no more memory
// than the largest headers that are accepted.
func TestFormMemory(t *testing.T) {
	for name, line := range map[string]string{
		"a long line": strings.Repeat("x", 100), "short lines": "abcdefghijkl:\r\n", "a value in many lines": "\r\n abcdefghijkl",
	} {
		body := io.MultiReader(strings.NewReader("--b\r\nX: "), strings.NewReader(strings.Repeat(line, 9<<20/len(line))))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := receiveForm(body, "b", archiveLimit); err == nil {
			t.Errorf("%s: there is no error", name)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s: reading the form took %d bytes", name, took)
		}
	}
}
