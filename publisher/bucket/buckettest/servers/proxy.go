package servers

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"slices"
	"sync"
)

// bucketPrefix begins the name of every bucket that tests make, so that the
// proxy finds it in the paths of all protocols.
const bucketPrefix = "portolan-test-"

var bucketRE = regexp.MustCompile(`/(` + bucketPrefix + `[0-9a-f]+)(?:/|$)`)

// Fault is what goes wrong with a request.
type Fault int

// The faults.
const (
	None        Fault = iota
	Dropped           // the server acts, and the connection is closed before its answer
	Half              // as Dropped, after half of the answer's body
	Reset             // the connection is reset, and the server never hears of it
	Stalled           // nothing happens until the client gives up
	Conflict          // 409 ConditionalRequestConflict, and the server never hears of it; so with all that follow
	Refused           // 412
	TooMany           // 429
	Broken            // 500
	Unavailable       // 503 SlowDown
)

var faultNames = []string{"None", "Dropped", "Half", "Reset", "Stalled", "Conflict", "Refused", "TooMany", "Broken", "Unavailable"}

func (f Fault) String() string {
	if f < 0 || int(f) >= len(faultNames) {
		return fmt.Sprintf("Fault(%d)", int(f))
	}
	return faultNames[f]
}

func (f Fault) status() int {
	return map[Fault]int{Conflict: 409, Refused: 412, TooMany: 429, Broken: 500, Unavailable: 503}[f]
}

func (f Fault) s3Code() string {
	return map[Fault]string{
		Conflict: "ConditionalRequestConflict", Refused: "PreconditionFailed", TooMany: "TooManyRequests",
		Broken: "InternalError", Unavailable: "SlowDown",
	}[f]
}

func (f Fault) azureCode() string {
	return map[Fault]string{
		Conflict: "OperationInProgress", Refused: "ConditionNotMet", TooMany: "TooManyRequests",
		Broken: "InternalError", Unavailable: "ServerBusy",
	}[f]
}

// Request is one that a server was sent.
type Request struct {
	N      int // how many came before it, to this bucket since Inject
	Method string
	Path   string
}

func (r Request) String() string { return fmt.Sprintf("%d: %s %s", r.N, r.Method, r.Path) }

// rules are what is asked of a bucket, and what is to fail.
type rules struct {
	requests []Request
	choose   func(Request) Fault
}

// proxy stands between the tests and a server.
type proxy struct {
	forward *httputil.ReverseProxy
	failure func(w http.ResponseWriter, f Fault)

	mu      sync.Mutex
	buckets map[string]*rules
}

// Inject makes choose decide which requests to a bucket fail, from the next one
// on, which is number 0. It is called for several requests at once; nil lets
// all pass.
func (s *Server) Inject(bucketURL string, choose func(Request) Fault) {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	if s.proxy.buckets == nil {
		s.proxy.buckets = map[string]*rules{}
	}
	s.proxy.buckets[bucketName(bucketURL)] = &rules{choose: choose}
}

// Requests returns what a bucket was asked since Inject.
func (s *Server) Requests(bucketURL string) []Request {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	b := s.proxy.buckets[bucketName(bucketURL)]
	if b == nil {
		return nil
	}
	return slices.Clone(b.requests)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch f := p.fault(r); f {
	case None:
		p.forward.ServeHTTP(w, r)
	case Dropped, Half:
		p.drop(w, r, f == Half)
	case Reset:
		reset(w)
	case Stalled:
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees the client go
		<-r.Context().Done()
	default:
		_, _ = io.Copy(io.Discard, r.Body)
		p.failure(w, f)
	}
}

// fault counts a request and says what is to go wrong with it.
func (p *proxy) fault(r *http.Request) Fault {
	name := bucketRE.FindStringSubmatch(r.URL.Path)
	if name == nil {
		return None
	}
	p.mu.Lock()
	b := p.buckets[name[1]]
	if b == nil {
		p.mu.Unlock()
		return None
	}
	request := Request{len(b.requests), r.Method, r.URL.Path}
	b.requests = append(b.requests, request)
	p.mu.Unlock()
	if b.choose == nil {
		return None
	}
	return b.choose(request)
}

// drop lets the server act and withholds its answer, or half of it.
func (p *proxy) drop(w http.ResponseWriter, r *http.Request, half bool) {
	answer := httptest.NewRecorder()
	p.forward.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	if !half || len(body) < 2 {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, values := range answer.Header() {
		header[name] = values
	}
	header.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// reset breaks the connection off, as a peer that has crashed does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
