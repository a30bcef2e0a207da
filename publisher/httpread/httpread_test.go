package httpread

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

var (
	testLimits = Limits{
		Tries: 3, Pause: time.Second, Connect: 5 * time.Second, Answer: 10 * time.Second, Stall: 20 * time.Second, Whole: time.Minute, Redirects: 2,
	}
	file = &url.URL{Scheme: "http", Host: "charts.example.com", Path: "/a.tgz"}
)

// serve is a subtest in which h answers the n-th request, the first being 1, and
// waiting takes no time.
func serve(t *testing.T, name string, h func(w http.ResponseWriter, r *http.Request, n int), f func(t *testing.T, c *Client, asked func() int)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			network := testenv.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				count := int(n.Add(1))
				if r.Header.Get("User-Agent") != "portolan" {
					t.Errorf("header %v", r.Header)
				}
				h(w, r, count)
			}))
			c := New(testLimits)
			c.Transport.(*http.Transport).DialContext = network.DialContext
			c.Judge = func(r *http.Response) error {
				switch r.StatusCode {
				case http.StatusOK:
					return nil
				case http.StatusServiceUnavailable:
					return Again(errors.New("busy"), 30*time.Second)
				}
				return errors.New(r.Status)
			}
			defer c.Transport.(*http.Transport).CloseIdleConnections()
			f(t, c, func() int { return int(n.Load()) })
		})
	})
}

func hang(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "half")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// trickle sends a byte every ten seconds, and so never stalls.
func trickle(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		select {
		case <-time.After(10 * time.Second):
		case <-r.Context().Done():
		}
	}
}

// TestRead lists what a server may do, and what comes of it.
func TestRead(t *testing.T) {
	for _, test := range []struct {
		name  string
		h     func(w http.ResponseWriter, r *http.Request, n int)
		want  string // in the error; "" for success
		asked int
		took  time.Duration // at least
	}{
		{"whole", func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "whole") }, "", 1, 0},
		{"busy", func(w http.ResponseWriter, r *http.Request, n int) {
			if n < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			io.WriteString(w, "whole")
		}, "", 3, time.Minute},
		{"busy always", func(w http.ResponseWriter, r *http.Request, n int) { w.WriteHeader(http.StatusServiceUnavailable) }, "busy (tried 3 times)", 3, time.Minute},
		{"refused", func(w http.ResponseWriter, r *http.Request, n int) { w.WriteHeader(http.StatusTeapot) }, "418", 1, 0},
		{"broken off", func(w http.ResponseWriter, r *http.Request, n int) {
			if n < 3 {
				w.Header().Set("Content-Length", "100")
			}
			io.WriteString(w, "whole")
		}, "", 3, time.Second},
		{"stalls", func(w http.ResponseWriter, r *http.Request, n int) { hang(w, r) }, "no data for 20s (tried 3 times)", 3, time.Minute},
		{"stalls once", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				hang(w, r)
				return
			}
			io.WriteString(w, "whole")
		}, "", 2, 20 * time.Second},
		{"never ends", func(w http.ResponseWriter, r *http.Request, n int) { trickle(w, r) }, "not complete after 1m0s (tried 3 times)", 3, 3 * time.Minute},
		{"does not answer", func(w http.ResponseWriter, r *http.Request, n int) { <-r.Context().Done() }, "timeout awaiting response headers (tried 3 times)", 3, 30 * time.Second},
		{"circle", func(w http.ResponseWriter, r *http.Request, n int) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, "more than 2 redirects", 3, 0},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request, n int) {
			http.Redirect(w, r, "http://elsewhere/", http.StatusFound)
		}, "not there", 1, 0},
	} {
		serve(t, test.name, test.h, func(t *testing.T, c *Client, asked func() int) {
			c.Redirect = func(r *http.Request, _ []*http.Request) error {
				if r.URL.Host == "elsewhere" {
					return errors.New("not there")
				}
				return nil
			}
			start := time.Now()
			var got []byte
			err := c.Read(t.Context(), file, func(r io.Reader) (err error) {
				got, err = io.ReadAll(r)
				return err
			})
			if test.want == "" && (err != nil || string(got) != "whole") || test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want) && !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
			if e := (*Exhausted)(nil); errors.As(err, &e) != (test.want != "" && strings.Contains(test.want, "tried")) {
				t.Errorf("%v is not what it should be", err)
			}
			if took := time.Since(start); asked() != test.asked || took < test.took {
				t.Errorf("asked %d times in %s, want %d in %s or more", asked(), took, test.asked, test.took)
			}
		})
	}
}

// TestOwnError: an error of the reader's own is final.
func TestOwnError(t *testing.T) {
	serve(t, "full", func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "whole") }, func(t *testing.T, c *Client, asked func() int) {
		full := errors.New("disk full")
		err := c.Read(t.Context(), file, func(r io.Reader) error { return fmt.Errorf("copy: %w", full) })
		if !errors.Is(err, full) || asked() != 1 {
			t.Errorf("got %v after %d requests", err, asked())
		}
	})
}

// TestGet: an answer's body is read once, and ends when nothing comes.
func TestGet(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		hang(w, r)
	}
	serve(t, "stalls", h, func(t *testing.T, c *Client, asked func() int) {
		r, err := c.Get(t.Context(), http.MethodGet, file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		if err == nil || string(b) != "half" || err.Error() != "no data for 20s" || asked() != 2 {
			t.Errorf("got %q, %v after %d requests", b, err, asked())
		}
		if err := r.Body.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestIsPage(t *testing.T) {
	for start, want := range map[string]bool{
		"<!doctype html>": true, "\ufeff\r\n <html>": true, "apiVersion: v1": false, "\x1f\x8b": false, "": false, "-----BEGIN PGP": false,
	} {
		if IsPage([]byte(start)) != want {
			t.Errorf("IsPage(%q) = %v", start, !want)
		}
	}
}

// TestHTTP: a protocol of more than files has the limits and rules, too, for each of its
// requests.
func TestHTTP(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request, n int) {
		switch {
		case n == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/a.tgz", http.StatusFound)
		case r.URL.Path == "/home":
			http.Redirect(w, r, "http://127.0.0.1/", http.StatusFound)
		case n == 3:
			hang(w, r)
		default:
			io.WriteString(w, r.Method+" whole")
		}
	}
	ask := func(t *testing.T, c *Client, path string) (got string, err error) {
		c.Judge = func(r *http.Response) error {
			if r.StatusCode == http.StatusServiceUnavailable {
				return Again(errors.New("busy"), 30*time.Second)
			}
			return nil
		}
		err = c.Retry(t.Context(), func() error {
			r, err := c.HTTP().Post("http://charts.example.com"+path, "", nil)
			if err != nil {
				return err
			}
			defer r.Body.Close()
			b, err := io.ReadAll(r.Body)
			got = string(b)
			return err
		})
		return got, err
	}
	serve(t, "busy, moved, stalls", h, func(t *testing.T, c *Client, asked func() int) {
		start := time.Now()
		got, err := ask(t, c, "/moved")
		if err != nil || got != "GET whole" || asked() != 5 || time.Since(start) < 50*time.Second {
			t.Errorf("got %q, %v after %d requests", got, err, asked())
		}
	})
	serve(t, "leads home", h, func(t *testing.T, c *Client, asked func() int) {
		if _, err := ask(t, c, "/home"); err == nil || !strings.Contains(err.Error(), "servers elsewhere may not lead there") || asked() != 2 {
			t.Errorf("got %v after %d requests", err, asked())
		}
	})
}
