package generator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/generator"
)

const receiverSecret = "s3cret"

// receiver is a server that is told of generations. It answers 400 to what is not signed as
// Flux's Receivers of the type generic-hmac want it.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	told   []generator.News
	tries  int
	answer func(w http.ResponseWriter, r *http.Request) // instead of 200; may be nil
}

func newReceiver(t testing.TB) *receiver {
	t.Setenv("RECEIVER_SECRET", receiverSecret)
	r := startReceiver()
	t.Cleanup(r.Close)
	return r
}

// startReceiver is newReceiver where the variable with the secret is set.
func startReceiver() *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	return r
}

func (s *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	var news generator.News
	if err != nil || r.Method != http.MethodPost || !signed(r.Header.Get("X-Signature"), body) || json.Unmarshal(body, &news) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.told = append(s.told, news)
}

// signed checks a signature as Flux's documentation says that it does: the header has the
// name of the hash function, an equals sign, and the HMAC of the body in hex.
func signed(header string, body []byte) bool {
	text, ok := strings.CutPrefix(header, "sha256=")
	got, err := hex.DecodeString(text)
	mac := hmac.New(sha256.New, []byte(receiverSecret))
	mac.Write(body)
	return ok && err == nil && hmac.Equal(got, mac.Sum(nil))
}

// fails makes it answer with this code; 0 ends that.
func (s *receiver) fails(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	if code == 0 {
		s.answer = nil
	}
}

// newest is the newest generation of each channel that it was told of, and forgets all.
func (s *receiver) newest() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := map[string]int{}
	for _, n := range s.told {
		newest[n.Channel] = max(newest[n.Channel], n.Generation)
	}
	s.told = nil
	return newest
}

// tried returns how often it was asked since the last call.
func (s *receiver) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.tries
	s.tries = 0
	return n
}

func (w *world) notify(receivers ...*receiver) {
	var all []string
	for _, r := range receivers {
		all = append(all, fmt.Sprintf("{url: '%s/hook/0a1b2c', secretEnv: RECEIVER_SECRET}", r.URL))
	}
	w.configure(fmt.Sprintf("{baseURL: 'https://charts.example.com/helm', channels: [{match: '**', notify: [%s]}]}", strings.Join(all, ", ")))
}

// outbox are the names of its entries in the inbox of a channel.
func (w *world) outbox(channel string) (names []string) {
	for key := range w.drop.Snapshot() {
		if name, ok := strings.CutPrefix(key, "inbox/"+channel+"/"); ok && strings.HasSuffix(name, ".notify.json") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (w *world) mustHaveNoOutbox(channel string) {
	w.t.Helper()
	if left := w.outbox(channel); len(left) > 0 {
		w.t.Errorf("in the outbox there is still %q", left)
	}
}
