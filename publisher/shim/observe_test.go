package shim

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/action"
)

// linesOf are the log's lines, each of which must be JSON.
func linesOf(t *testing.T, l *testenv.Log) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("log line %s: %v", line, err)
		}
		all = append(all, m)
	}
	return all
}

// TestLog checks that each request is logged in one line, with everything that one
// looks for in a log, and that a panic is logged too and does not end the server.
func TestLog(t *testing.T) {
	var l testenv.Log
	p := stocked(t, func(o *Options) { o.Log = slog.New(slog.NewJSONHandler(&l, nil)) })
	p.post("/api/team/charts", "chart gamma 2.0.0", "X-Request-Id", "one")
	p.post("/api/team/charts", "chart panic 1.0.0", "X-Request-Id", "two")
	p.post("/api/team/charts", "chart alpha 1.0.0", "X-Request-Id", "three")
	p.get("/team/index.yaml?token=secret", "X-Request-Id", "four")
	p.post("/api/team/actions", requests[action.Deprecate], "X-Request-Id", "five")
	p.delete("/api/team/charts/alpha/9.0.0", "X-Request-Id", "six")
	want := []map[string]any{
		{"id": "one", "status": 201.0, "route": "upload", "channel": "team", "chart": "gamma", "version": "2.0.0", "received": 17.0},
		{"id": "two", "status": 500.0, "route": "upload", "channel": "team", "rule": "internal", "level": "ERROR"},
		{"id": "three", "status": 409.0, "route": "upload", "rule": "version-exists", "level": "INFO"},
		{"id": "four", "status": 200.0, "route": "index", "path": "/team/index.yaml", "method": "GET", "who": "anonymous"},
		{"id": "five", "status": 202.0, "route": "action", "action": "deprecate", "channel": "team", "chart": "alpha", "who": "anonymous"},
		{"id": "six", "status": 404.0, "route": "delete", "action": "yank", "chart": "alpha", "version": "9.0.0", "rule": "version-unknown"},
	}
	lines := linesOf(t, &l)
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d: %v", len(lines), len(want), lines)
	}
	for i, line := range lines {
		for key, value := range want[i] {
			if line[key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, line[key], value)
			}
		}
	}
	if text, _ := lines[1]["error"].(string); !strings.Contains(text, "as asked") || !strings.Contains(text, "upload_test.go") {
		t.Errorf("the panic's line does not say where it happened: %s", text)
	}
	for _, key := range []string{"upload", "seconds", "remote", "bytes"} {
		if _, ok := lines[0][key]; !ok {
			t.Errorf("no %s in %v", key, lines[0])
		}
	}
}

func TestRequestID(t *testing.T) {
	p := open(t, nil)
	for sent, kept := range map[string]bool{
		"abc-123": true, strings.Repeat("x", maxRequestID): true,
		"": false, "two words": false, "bell\a": false, "größe": false, strings.Repeat("x", maxRequestID+1): false,
	} {
		r := httptest.NewRequest("GET", "/livez", nil)
		r.Header["X-Request-Id"] = []string{sent}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		got := w.Header().Get("X-Request-Id")
		if got == "" || (got == sent) != kept {
			t.Errorf("request id %q became %q", sent, got)
		}
	}
}

// TestProxies checks which proxies are trusted to report a client's address and
// scheme.
func TestProxies(t *testing.T) {
	s := New(Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	tests := []struct {
		from, forwarded, proto string
		address, base          string
	}{
		{"192.0.2.1:5", "", "", "192.0.2.1:5", "http://charts.test"},
		{"192.0.2.1:5", "198.51.100.7", "https", "192.0.2.1:5", "http://charts.test"}, // not a proxy of ours
		{"10.0.0.1:5", "198.51.100.7", "https", "198.51.100.7:0", "https://charts.test"},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.7", "https", "198.51.100.7:0", "https://charts.test"}, // what a client claims
		{"10.0.0.1:5", "198.51.100.7, 10.0.0.2", "http", "198.51.100.7:0", "http://charts.test"},
		{"10.0.0.1:5", "198.51.100.7:443", "", "198.51.100.7:0", "http://charts.test"},
		{"10.0.0.1:5", "[2001:db8::1]:443", "", "[2001:db8::1]:0", "http://charts.test"},
		{"[::1]:5", "2001:db8::1", "", "[2001:db8::1]:0", "http://charts.test"},
		{"10.0.0.1:5", "nonsense", "gopher", "10.0.0.1:0", "http://charts.test"},
		{"10.0.0.1:5", "", "", "10.0.0.1:0", "http://charts.test"},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host, r.RemoteAddr = "charts.test", test.from
		for name, value := range map[string]string{"X-Forwarded-For": test.forwarded, "X-Forwarded-Proto": test.proto} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		got := s.direct(r)
		if base := s.base(got); got.RemoteAddr != test.address || base != test.base {
			t.Errorf("%+v: address %s, base %s", test, got.RemoteAddr, base)
		}
	}
	s.PublicURL = &url.URL{Scheme: "https", Host: "example.com", Path: "/helm/"}
	if got := s.base(httptest.NewRequest("GET", "/x", nil)); got != "https://example.com/helm" {
		t.Errorf("base with a public URL: %s", got)
	}
}

// TestUnknownProxy checks that the log names a proxy that is not trusted, once.
func TestUnknownProxy(t *testing.T) {
	for _, test := range []struct {
		name, header string
		proxies      []netip.Prefix
		warnings     int
	}{
		{"a proxy", "X-Forwarded-For", nil, 1},
		{"another header", "Forwarded", nil, 1},
		{"not that proxy", "X-Forwarded-For", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 1},
		{"a trusted one", "X-Forwarded-For", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, 0},
		{"none", "X-Other", nil, 0},
	} {
		var l testenv.Log
		p := build(t, func(o *Options) {
			o.Log, o.Proxies = slog.New(slog.NewJSONHandler(&l, nil)), test.proxies
		})
		for range 3 {
			r := httptest.NewRequest("GET", "/livez", nil) // from 192.0.2.1
			r.Header.Set(test.header, "198.51.100.7")
			p.ServeHTTP(httptest.NewRecorder(), r)
		}
		warnings := 0
		for _, line := range linesOf(t, &l) {
			if line["level"] == "WARN" && line["header"] == test.header && line["peer"] == "192.0.2.1" {
				warnings++
			}
		}
		if warnings != test.warnings {
			t.Errorf("%s: %d warnings, want %d:\n%s", test.name, warnings, test.warnings, l.String())
		}
	}
}

// TestMetrics checks that metrics have conventional names, and no label values that
// a client can choose.
func TestMetrics(t *testing.T) {
	p := stocked(t, nil)
	p.post("/api/team/charts", "chart gamma 2.0.0")
	p.post("/api/team/charts", "hello")
	p.post("/api/team/actions", requests[action.Rollback])
	p.post("/api/team/actions", `{"kind":"made-up"}`)
	p.do(p.request("BREW", "/team/"+strings.Repeat("x", 20), nil))
	w := httptest.NewRecorder()
	p.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, _ := io.ReadAll(w.Body)
	for _, line := range []string{
		`portolan_uploads_total{result="taken"} 1`,
		`portolan_uploads_total{result="not-gzip"} 1`,
		`portolan_http_requests_total{code="201",method="POST",route="upload"} 1`,
		`portolan_http_requests_total{code="405",method="other",route="none"} 1`,
		`portolan_actions_total{kind="rollback",result="taken"} 1`,
		`portolan_actions_total{kind="",result="action"} 1`,
		`portolan_upload_bytes_total 75`,
		`portolan_uploads_in_flight 0`,
	} {
		if !strings.Contains(string(b), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, name := range []string{"gamma", "team", "BREW", "made-up"} {
		if strings.Contains(string(b), name) {
			t.Errorf("%q is in the metrics", name)
		}
	}
}
