package shim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// The charts in these tests are text: "chart NAME VERSION" and anything after that.
// The rules for real charts belong to the generator, and are tested with it.

const archiveLimit = 1 << 20

// rules returns the rules of a generator that takes such charts.
func rules() Rules {
	return Rules{
		Check: func(_ string, chart, prov io.Reader) (*droparea.Offer, error) {
			if chart == nil {
				b, err := io.ReadAll(prov)
				return &droparea.Offer{File: string(b), Names: []string{string(b)}}, err
			}
			b, err := io.ReadAll(chart)
			if err != nil {
				return nil, err
			}
			words := strings.Fields(string(b))
			if len(words) < 3 || words[0] != "chart" {
				return nil, &Refusal{"not-gzip", "the file is not a chart", "package it again"}
			}
			if words[1] == "panic" {
				panic("as asked")
			}
			sum := sha256.Sum256(b)
			return &droparea.Offer{Name: words[1], Names: words[1:2], Version: words[2], File: words[1] + "-" + words[2] + ".tgz", Digest: hex.EncodeToString(sum[:])}, nil
		},
		Judge: func(_ string, head *publisher.Head) Judge {
			return Judge{Upload: func(_ context.Context, o *droparea.Offer, force bool) error {
				if len(head.Lines(o.Name)) > 0 && !force {
					return &Refusal{"version-exists", "it is published", "raise the version"}
				}
				return nil
			}}
		},
		MaxArchive: func(string) int64 { return archiveLimit },
	}
}

// port is a shim between a drop area and a site in memory.
type port struct {
	*Shim
	t          *testing.T
	drop, site *buckettest.Mem
	url        string
}

// open opens a port. If change is not nil, it changes the options.
func open(t *testing.T, change func(*Options)) *port {
	t.Helper()
	p := build(t, change)
	server := httptest.NewServer(p.Shim)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// build is like open, but starts no server.
func build(t *testing.T, change func(*Options)) *port {
	p := &port{t: t, drop: &buckettest.Mem{TB: t, Now: time.Now}, site: &buckettest.Mem{TB: t, Now: time.Now}}
	o := Options{Drop: p.drop.Handle("shim"), Site: p.site.Handle("shim"), Auth: auth.Anyone(), Rules: rules()}
	if change != nil {
		change(&o)
	}
	p.Shim = New(o)
	return p
}

// reply is an answer whose body has been read.
type reply struct {
	*http.Response
	body string
}

func (p *port) do(r *http.Request) reply {
	p.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return reply{response, string(b)}
}

func (p *port) request(method, path string, body io.Reader, headers ...string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(testenv.Context(p.t), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (p *port) get(path string, headers ...string) reply {
	p.t.Helper()
	return p.do(p.request(http.MethodGet, path, nil, headers...))
}

func (p *port) post(path, body string, headers ...string) reply {
	p.t.Helper()
	return p.do(p.request(http.MethodPost, path, strings.NewReader(body), headers...))
}

// publish writes the index of a channel with one version of each chart.
func (p *port) publish(channel string, charts ...string) {
	p.t.Helper()
	lines := []string{`{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"1"},"entries":{`}
	for i, chart := range charts {
		end := "],"
		if i == len(charts)-1 {
			end = "]"
		}
		lines = append(lines, `"`+chart+`":[`, `{"name":"`+chart+`","version":"1.0.0","urls":["charts/`+chart+`/1.0.0/id/`+chart+`-1.0.0.tgz"]}`, end)
	}
	p.put(p.site, channel+"/index.yaml", strings.Join(append(lines, "}}", ""), "\n"))
}

func (p *port) put(m *buckettest.Mem, key, content string) {
	p.t.Helper()
	if err := m.Handle("somebody").Create(p.t.Context(), bucket.Object{Key: key, Body: bucket.Bytes([]byte(content))}); err != nil {
		p.t.Fatal(err)
	}
}

// inbox returns the keys in the drop area.
func (p *port) inbox() []string {
	var keys []string
	for key := range p.drop.Snapshot() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// form makes a multipart body from pairs of part name and content. A part whose
// name begins with @ is a file.
func form(pairs ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		var part io.Writer
		if name, ok := strings.CutPrefix(pairs[i], "@"); ok {
			part, _ = w.CreateFormFile(name, "/tmp/some where.tgz")
		} else {
			part, _ = w.CreateFormField(pairs[i])
		}
		io.WriteString(part, pairs[i+1])
	}
	w.Close()
	return b.String(), w.FormDataContentType()
}

// failed checks that an answer is an error with this status and rule, and has
// everything that every error must have.
func failed(t *testing.T, r reply, status int, rule string) {
	t.Helper()
	var body problem
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Errorf("status %d, not JSON: %v: %s", r.StatusCode, err, r.body)
		return
	}
	if r.StatusCode != status || body.Rule != rule {
		t.Errorf("status %d, rule %q, want %d, %q: %s", r.StatusCode, body.Rule, status, rule, r.body)
	}
	if body.Error == "" || body.Error != body.Message || body.RequestID == "" || body.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("the error lacks something: %s", r.body)
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		t.Errorf("Content-Type is %q", r.Header.Get("Content-Type"))
	}
}

// TestForms checks the result of every way to send an upload.
func TestForms(t *testing.T) {
	const chart = "chart alpha 1.0.0"
	many := make([]string, 0, 2*maxParts+2)
	for range maxParts + 1 {
		many = append(many, "x", "y")
	}
	tests := []struct {
		name  string
		parts []string // nil sends raw as it is
		raw   string
		want  string // the files in the inbox; or the status and rule
	}{
		{name: "raw", raw: chart, want: ".json .tgz"},
		{name: "form", parts: []string{"@chart", chart}, want: ".json .tgz"},
		{name: "not as a file", parts: []string{"chart", chart}, want: ".json .tgz"},
		{name: "signed", parts: []string{"@chart", chart, "@prov", "p"}, want: ".json .tgz .tgz.prov"},
		{name: "signature first", parts: []string{"@prov", "p", "@chart", chart}, want: ".json .tgz .tgz.prov"},
		{name: "other fields", parts: []string{"comment", "hello", "@chart", chart}, want: ".json .tgz"},
		{name: "just small enough", raw: chart + strings.Repeat(" ", archiveLimit-len(chart)), want: ".json .tgz"},
		{name: "nothing", want: "400 form"},
		{name: "no chart", parts: []string{"@prov", "p"}, want: "400 form"},
		{name: "no parts", parts: []string{}, want: "400 form"},
		{name: "two charts", parts: []string{"@chart", chart, "@chart", chart}, want: "400 form"},
		{name: "two signatures", parts: []string{"@chart", chart, "@prov", "p", "@prov", "p"}, want: "400 form"},
		{name: "misspelt", parts: []string{"@charts", chart}, want: "400 form"},
		{name: "another file", parts: []string{"@chart", chart, "@provenance", "p"}, want: "400 form"},
		{name: "too many parts", parts: many, want: "400 form"},
		{name: "no boundary", raw: "--x\r\n", want: "400 form"},
		{name: "long field", parts: []string{"comment", strings.Repeat("x", maxField+1), "@chart", chart}, want: "400 form"},
		{name: "large signature", parts: []string{"@chart", chart, "@prov", strings.Repeat("x", maxProv+1)}, want: "413 prov-size"},
		{name: "too large", raw: chart + strings.Repeat(" ", archiveLimit), want: "413 packed-size"},
		{name: "far too large", raw: strings.Repeat(" ", 5*archiveLimit), want: "413 packed-size"},
		{name: "too large in a form", parts: []string{"@chart", chart + strings.Repeat(" ", archiveLimit)}, want: "413 packed-size"},
		{name: "no chart at all", raw: "hello", want: "422 not-gzip"},
		{name: "panic", raw: "chart panic 1.0.0", want: "500 internal"},
	}
	for _, test := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(test.name+map[bool]string{true: ", chunked"}[chunked], func(t *testing.T) {
				t.Parallel()
				p := open(t, nil)
				body, media := test.raw, "application/x-www-form-urlencoded"
				if test.parts != nil {
					body, media = form(test.parts...)
				}
				if test.name == "no boundary" {
					media = "multipart/form-data"
				}
				r := p.request(http.MethodPost, "/api/team/charts", strings.NewReader(body), "Content-Type", media)
				if chunked {
					r.ContentLength = -1
				}
				got := p.do(r)
				if got.StatusCode != http.StatusCreated {
					var status int
					var rule string
					if n := len(test.want); n > 4 && test.want[0] != '.' {
						status, rule = int(test.want[0]-'0')*100+int(test.want[1]-'0')*10+int(test.want[2]-'0'), test.want[4:]
					}
					failed(t, got, status, rule)
					if keys := p.inbox(); len(keys) > 0 {
						t.Errorf("a refused upload left %q", keys)
					}
					return
				}
				var a taken
				if err := json.Unmarshal([]byte(got.body), &a); err != nil {
					t.Fatal(err)
				}
				var exts []string
				for _, key := range p.inbox() {
					exts = append(exts, strings.TrimPrefix(key, "inbox/team/"+a.ID))
				}
				if have := strings.Join(exts, " "); have != test.want {
					t.Errorf("the inbox has %q, want %q", have, test.want)
				}
			})
		}
	}
}

// TestTaken checks the whole answer to an upload, and the request in the inbox.
func TestTaken(t *testing.T) {
	p := open(t, nil)
	const chart = "chart alpha 1.0.0"
	got := p.post("/api/v4/projects/g%2Fp/packages/helm/api/devel/charts?force", chart, "X-Request-Id", "req-1", "User-Agent", "tester")
	var a taken
	if err := json.Unmarshal([]byte(got.body), &a); err != nil {
		t.Fatal(err, got.body)
	}
	sum := sha256.Sum256([]byte(chart))
	want := taken{Message: "201 Created", Saved: true, ID: a.ID, Channel: "g/p/devel", Name: "alpha", Version: "1.0.0",
		Digest: hex.EncodeToString(sum[:]), Receipt: p.url + "/api/v4/projects/g%2Fp/packages/helm/api/devel/uploads/" + a.ID}
	if g, w := encode(t, a), encode(t, want); g != w || got.Header.Get("Location") != a.Receipt || got.Header.Get("X-Request-Id") != "req-1" {
		t.Errorf("answer:\ngot  %s, Location %s\nwant %s", g, got.Header.Get("Location"), w)
	}
	var request droparea.Request
	if err := json.Unmarshal(p.drop.Snapshot()["inbox/g/p/devel/"+a.ID+".json"], &request); err != nil {
		t.Fatal(err)
	}
	if request.File != "alpha-1.0.0.tgz" || !request.Force || request.RequestID != "req-1" || request.Provenance ||
		request.Uploader["client"] != "tester" || !strings.HasPrefix(request.Uploader["address"], "127.0.0.1") {
		t.Errorf("request: %+v", request)
	}
	if string(p.drop.Snapshot()["inbox/g/p/devel/"+a.ID+".tgz"]) != chart {
		t.Error("the inbox does not have the bytes that were sent")
	}
}

// TestCreatedByClient checks that a client cannot set the date of its chart. Only
// an import can.
func TestCreatedByClient(t *testing.T) {
	p := open(t, nil)
	body, media := form("created", "2001-02-03T04:05:06Z", "digest", "d", "request", `{"created":"2001-02-03T04:05:06Z"}`, "@chart", "chart alpha 1.0.0")
	got := p.post("/api/stable/charts?created=2001-02-03T04:05:06Z&digest=d", body, "Content-Type", media)
	var a taken
	if err := json.Unmarshal([]byte(got.body), &a); err != nil {
		t.Fatal(err, got.body)
	}
	request := string(p.drop.Snapshot()["inbox/stable/"+a.ID+".json"])
	if !strings.Contains(request, `"file":"alpha-1.0.0.tgz"`) || strings.Contains(request, "2001") || strings.Contains(request, "digest") {
		t.Errorf("request: %s", request)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestJudged checks when an upload is refused because of what is published.
func TestJudged(t *testing.T) {
	p := open(t, nil)
	p.publish("stable", "alpha")
	failed(t, p.post("/api/charts", "chart alpha 1.0.0"), http.StatusConflict, "version-exists")
	if got := p.post("/api/charts?force=true", "chart alpha 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("forced: %d %s", got.StatusCode, got.body)
	}
	failed(t, p.post("/api/charts?force=false", "chart alpha 1.0.0"), http.StatusConflict, "version-exists")
	if got := p.post("/api/other/charts", "chart alpha 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("another channel: %d %s", got.StatusCode, got.body)
	}
	blind := open(t, func(o *Options) { o.Site = nil })
	if got := blind.post("/api/charts", "chart alpha 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("without a site: %d %s", got.StatusCode, got.body)
	}
}

// TestUnfit checks that an upload which may publish nothing with its signature is refused,
// unless the judge, who knows what is published, has nothing against it.
func TestUnfit(t *testing.T) {
	for _, sited := range []bool{true, false} {
		p := open(t, func(o *Options) {
			check := o.Check
			o.Check = func(channel string, chart, prov io.Reader) (*droparea.Offer, error) {
				offer, err := check(channel, chart, prov)
				if offer != nil {
					offer.Signature = &droparea.Refusal{Rule: "signature-missing", Message: "it is not signed", Fix: "sign it"}
				}
				return offer, err
			}
			o.Judge = func(string, *publisher.Head) Judge {
				return Judge{Upload: func(_ context.Context, o *droparea.Offer, _ bool) error {
					if o.Name == "published" {
						return nil
					}
					return (*Refusal)(o.Signature)
				}}
			}
			if !sited {
				o.Site = nil
			}
		})
		failed(t, p.post("/api/charts", "chart alpha 1.0.0"), http.StatusUnprocessableEntity, "signature-missing")
		if got := p.post("/api/charts", "chart published 1.0.0"); (got.StatusCode == http.StatusCreated) != sited {
			t.Errorf("published, with a site %t: %d %s", sited, got.StatusCode, got.body)
		}
	}
}

// TestStoreFails checks that no upload is acknowledged if a bucket fails.
func TestStoreFails(t *testing.T) {
	for _, kind := range []string{"drop", "site"} {
		t.Run(kind, func(t *testing.T) {
			p := open(t, nil)
			m := p.drop
			if kind == "site" {
				m = p.site
			}
			m.Hook = func(buckettest.Op) buckettest.Fault { return buckettest.Refused }
			got := p.post("/api/charts", "chart alpha 1.0.0")
			failed(t, got, http.StatusServiceUnavailable, "store")
			if got.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			failed(t, p.get("/readyz"), http.StatusServiceUnavailable, "store")
			if live := p.get("/livez"); live.StatusCode != http.StatusOK {
				t.Errorf("livez: %d", live.StatusCode)
			}
		})
	}
}

// TestBusy checks that the number of uploads under way is bounded, and that more
// are taken once they end.
func TestBusy(t *testing.T) {
	p := open(t, func(o *Options) { o.MaxUploads = 1 })
	body, writer := io.Pipe()
	done := make(chan reply)
	go func() { done <- p.do(p.request(http.MethodPost, "/api/charts", body)) }()
	p.receiving()
	failed(t, p.post("/api/charts", "no chart"), http.StatusServiceUnavailable, "busy")
	io.WriteString(writer, "chart ")
	io.WriteString(writer, "alpha 1.0.0")
	writer.Close()
	if got := <-done; got.StatusCode != http.StatusCreated {
		t.Errorf("the first upload: %d %s", got.StatusCode, got.body)
	}
	if got := p.post("/api/charts", "chart beta 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("afterwards: %d %s", got.StatusCode, got.body)
	}
}

// receiving waits until an upload is under way.
func (p *port) receiving() {
	p.t.Helper()
	for deadline := testenv.Deadline(p.t); p.Receiving() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatal("no upload is under way")
		}
	}
}

// TestSlow checks that an upload that is too slow is cut off, and that a slow but
// steady one is not.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, nil)
		transport := testenv.Serve(t, p.Shim).Transport(t)
		trickle := func(pieces int, piece string, pause time.Duration) int {
			body, writer := io.Pipe()
			sent := make(chan struct{})
			defer func() { <-sent }()
			go func() {
				defer close(sent)
				for range pieces {
					if _, err := io.WriteString(writer, piece); err != nil {
						return
					}
					time.Sleep(pause)
				}
				writer.Close()
			}()
			response, err := transport.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://shim/api/charts", body))
			writer.CloseWithError(errors.New("answered"))
			if err != nil {
				return 0 // cut off before the answer could be read
			}
			response.Body.Close()
			return response.StatusCode
		}
		if got := trickle(10_000, "c", 20*time.Millisecond); got != http.StatusRequestTimeout && got != 0 {
			t.Errorf("one byte at a time: %d", got)
		}
		if got := trickle(2, "chart alpha 1.0.0", time.Hour); got != http.StatusRequestTimeout && got != 0 {
			t.Errorf("a stall: %d", got)
		}
		if got := trickle(1000, "chart alpha 1.0.0"+strings.Repeat(" ", 80), 50*time.Millisecond); got != http.StatusCreated {
			t.Errorf("slow but steady: %d", got)
		}
		if n := len(p.inbox()); n != 2 {
			t.Errorf("the inbox has %d files, want those of one upload: %q", n, p.inbox())
		}
	})
}

// TestRefusedBeforeBody checks that a client that is still sending gets to read why
// its upload was refused.
func TestRefusedBeforeBody(t *testing.T) {
	p := open(t, nil)
	for range 5 {
		body := strings.NewReader(strings.Repeat("x", 8<<20))
		failed(t, p.do(p.request(http.MethodPost, "/api/a--b/charts", body)), http.StatusBadRequest, "channel")
		body.Seek(0, io.SeekStart)
		failed(t, p.do(p.request(http.MethodPost, "/api/charts", body)), http.StatusRequestEntityTooLarge, "packed-size")
	}
}

// TestBrokenOff checks that an upload that ends too early leaves nothing in the
// inbox.
func TestBrokenOff(t *testing.T) {
	p := open(t, nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "POST /api/charts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nchart alpha 1.0.0")
	c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(c)
	c.Close()
	if !strings.Contains(string(answer), "400 Bad Request") && len(answer) > 0 {
		t.Errorf("answer: %s", answer)
	}
	if keys := p.inbox(); len(keys) > 0 {
		t.Errorf("the inbox has %q", keys)
	}
}
