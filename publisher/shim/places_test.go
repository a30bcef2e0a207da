package shim

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestPlaces lets parties take as many places as they can.
func TestPlaces(t *testing.T) {
	greedy := func(p *places, party string) (n int) {
		for p.take(party) == nil {
			n++
		}
		return n
	}
	for _, test := range []struct{ total, first, second, third int }{{256, 128, 64, 32}, {3, 2, 1, 0}, {2, 1, 1, 0}, {1, 1, 0, 0}} {
		p := newPlaces(test.total)
		for party, want := range []int{test.first, test.second, test.third} {
			if n := greedy(p, fmt.Sprint(party)); n != want {
				t.Errorf("of %d places, party %d gets %d, want %d", test.total, party, n, want)
			}
		}
	}

	if n := greedy(newPlaces(4), ""); n != 4 {
		t.Errorf("who need not share gets %d of 4", n)
	}

	// However many are greedy, the next one gets a place while there are any.
	p := newPlaces(256)
	for party := range 200 {
		if n := greedy(p, fmt.Sprint(party)); n < 1 && p.inUse() < p.total {
			t.Errorf("party %d gets no place, and %d of %d are taken", party, p.inUse(), p.total)
		}
	}
	if f := p.take("late"); p.inUse() != p.total || f == nil || f.status != http.StatusServiceUnavailable {
		t.Errorf("%d of %d are taken, and the answer is %v", p.inUse(), p.total, f)
	}
	for party, n := range p.by {
		for range n {
			p.giveBack(party)
		}
	}
	if p.inUse() != 0 || len(p.by) != 0 {
		t.Errorf("%d are taken, by %v, after all are given back", p.inUse(), p.by)
	}
}

// TestRise checks how many times faster an upload must be when some places are taken.
func TestRise(t *testing.T) {
	for _, test := range []struct{ total, taken, want int }{
		{256, 1, 1}, {256, 128, 1}, {256, 192, 3}, {256, 240, 15}, {256, 256, maxRise}, {1, 1, 1}, {8, 8, 8}, {8, 5, 2},
	} {
		p := newPlaces(test.total)
		p.taken = test.taken
		if got := p.rise(); got != test.want {
			t.Errorf("%d of %d: %d times, want %d", test.taken, test.total, got, test.want)
		}
	}
}

// TestShare lets one client hold as many uploads as it can. Another's are taken.
func TestShare(t *testing.T) {
	p := open(t, func(o *Options) {
		o.MaxUploads = 8
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	done := make(chan reply)
	var writers []*io.PipeWriter
	for n := range 4 {
		body, writer := io.Pipe()
		writers = append(writers, writer)
		r := p.request(http.MethodPost, "/api/charts", body, "X-Forwarded-For", "192.0.2.1")
		go func() { done <- p.do(r) }()
		for deadline := testenv.Deadline(t); p.uploads.inUse() <= n; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the upload is not under way")
			}
		}
	}
	refused := p.post("/api/charts", "chart alpha 1.0.0", "X-Forwarded-For", "192.0.2.1")
	failed(t, refused, http.StatusTooManyRequests, "share")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	if got := p.post("/api/charts", "chart beta 1.0.0", "X-Forwarded-For", "192.0.2.2"); got.StatusCode != http.StatusCreated {
		t.Errorf("another client: %d %s", got.StatusCode, got.body)
	}
	for n, writer := range writers {
		fmt.Fprintf(writer, "chart gamma 1.0.%d", n)
		writer.Close()
		if got := <-done; got.StatusCode != http.StatusCreated {
			t.Errorf("an upload that was under way: %d %s", got.StatusCode, got.body)
		}
	}
	if got := p.post("/api/charts", "chart alpha 1.0.0", "X-Forwarded-For", "192.0.2.1"); got.StatusCode != http.StatusCreated {
		t.Errorf("afterwards: %d %s", got.StatusCode, got.body)
	}
}

// TestWaitShare lets one client wait for as many receipts as it can. Beyond its share it
// is answered at once, and another still waits.
func TestWaitShare(t *testing.T) {
	p := open(t, func(o *Options) {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	p.waiting = newPlaces(2)
	p.put(p.drop, "inbox/stable/"+uploadID+".tgz", "")
	done := make(chan reply)
	wait := func(address string) *http.Request {
		return p.request(http.MethodGet, "/api/stable/uploads/"+uploadID+"?wait=60s", nil, "X-Forwarded-For", address)
	}
	first, other := wait("192.0.2.1"), wait("192.0.2.2")
	go func() { done <- p.do(first) }()
	p.until(1)
	begin := time.Now()
	if got := p.do(wait("192.0.2.1")); got.StatusCode != http.StatusAccepted || time.Since(begin) > maxWait/2 {
		t.Errorf("the second of one client: %d after %v", got.StatusCode, time.Since(begin))
	}
	go func() { done <- p.do(other) }()
	p.until(2)
	p.End()
	for range 2 {
		if got := <-done; got.StatusCode != http.StatusAccepted {
			t.Errorf("one that waits: %d", got.StatusCode)
		}
	}
}

// TestSlowEndsInTime uploads steadily at little more than the slowest rate. That is
// enough for a small chart while there are places, but not when they run short, and
// not for hours.
func TestSlowEndsInTime(t *testing.T) {
	const rate = defaultRate * 5 / 4
	for _, test := range []struct {
		name    string
		seconds int
		taken   int // places by others
		status  int
		says    string
	}{
		{"a minute", 60, 0, http.StatusCreated, ""},
		{"a minute, and half are taken", 60, defaultUploads/2 - 1, http.StatusCreated, ""},
		{"a minute, and most are taken", 60, defaultUploads * 7 / 8, http.StatusRequestTimeout, "more slowly than 8"},
		{"hours", 10_000, 0, http.StatusRequestTimeout, "took longer than 6m44s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, nil)
				p.uploads.taken = test.taken
				c, err := testenv.Serve(t, p.Shim).DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				sent := make(chan struct{})
				defer func() { c.Close(); <-sent }()
				go func() { // until the connection is closed, here or there
					defer close(sent)
					io.WriteString(c, "POST /api/charts HTTP/1.1\r\nHost: shim\r\nTransfer-Encoding: chunked\r\n\r\n11\r\nchart alpha 1.0.0\r\n")
					for range test.seconds {
						time.Sleep(time.Second)
						if _, err := fmt.Fprintf(c, "%x\r\n%*s\r\n", rate, rate, ""); err != nil {
							return
						}
					}
					io.WriteString(c, "0\r\n\r\n")
				}()
				response, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				said, err := io.ReadAll(response.Body)
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != test.status || !strings.Contains(string(said), test.says) {
					t.Errorf("status %d, want %d: %s", response.StatusCode, test.status, said)
				}
			})
		})
	}
}
