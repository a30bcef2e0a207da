package shim

import (
	"bufio"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is the response to one request. It records what has been sent, and stops
// when the client reads too slowly.
type answer struct {
	http.ResponseWriter
	patience     time.Duration
	cacheControl string // overrides the Cache-Control of the file's path, unless ""
	private      bool   // it is for this caller only, so no cache may show it to others
	registry     bool   // errors are to be those of a registry, too
	status       int    // 0 until the header is sent
	bytes        int64
	cut          <-chan struct{} // closed when the rest must not be sent; nil if that never happens
	note         note
}

// note is what the log and the metrics say about a request.
type note struct {
	route, channel, who string
	chart, version      string
	action              string // its kind
	upload              string // the id of an upload or action
	rule                string // of a failure
	received            int64  // bytes
	cause               error
}

// Unwrap lets [http.ResponseController] find the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
		h := a.Header()
		if a.cacheControl != "" {
			h.Set("Cache-Control", a.cacheControl)
		}
		if a.private {
			h.Set("Cache-Control", "private, "+strings.TrimPrefix(h.Get("Cache-Control"), "public, "))
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	written := 0
	for len(p) > 0 {
		select {
		case <-a.cut:
			return written, errCut
		default:
		}
		// Each chunk has its own deadline, so a slow client gets as long
		// as it needs if it keeps reading.
		a.deadline(time.Now().Add(a.patience))
		n, err := a.ResponseWriter.Write(p[:min(len(p), chunk)])
		written += n
		a.bytes += int64(n)
		if err != nil {
			return written, err
		}
		p = p[n:]
	}
	return written, nil
}

// chunk is how many bytes a client must read within the shim's patience.
const chunk = 32 << 10

func (a *answer) deadline(t time.Time) {
	// An error means that the connection has no deadlines, as in some tests.
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(t)
}

// json answers with a JSON value.
func (a *answer) json(r *http.Request, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	a.jsonHeader(status, len(b)+1)
	if r.Method != http.MethodHead {
		a.Write(append(b, '\n')) // an error means that the client has gone
	}
	return nil
}

// jsonHeader sends the header of an answer in JSON of this many bytes.
func (a *answer) jsonHeader(status, size int) {
	h := a.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(size))
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	a.WriteHeader(status)
}

// jsonPieces answers with JSON that is too large to be put together in memory, which
// every slow client would take up for itself. It goes through the pieces twice.
func (a *answer) jsonPieces(r *http.Request, pieces iter.Seq[string]) error {
	size := 1
	for piece := range pieces {
		size += len(piece)
	}
	a.jsonHeader(http.StatusOK, size)
	if r.Method == http.MethodHead {
		return nil
	}
	b := bufio.NewWriterSize(a, chunk)
	for piece := range pieces {
		if _, err := b.WriteString(piece); err != nil {
			return gone(err)
		}
	}
	b.WriteByte('\n')
	return gone(b.Flush()) // holds the error of the last write
}

// problem is the JSON that answers every error.
type problem struct {
	Error     string `json:"error"`   // what 'helm cm-push' prints
	Message   string `json:"message"` // the same, for GitLab's clients
	Rule      string `json:"rule"`
	Hint      string `json:"hint,omitempty"`
	RequestID string `json:"requestID,omitempty"`

	Errors []registryError `json:"errors,omitempty"` // the same, for clients of a registry
}

// fail answers with a failure. If another answer has begun, all it can do is close
// the connection.
func (a *answer) fail(r *http.Request, f *failure, requestID string) {
	a.note.rule, a.note.cause = f.rule, f.cause
	if a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	for name := range f.header {
		a.Header().Set(name, f.header.Get(name))
	}
	p := problem{Error: f.sentence(), Message: f.sentence(), Rule: f.rule, Hint: f.hint, RequestID: requestID}
	if a.registry {
		p.Errors = []registryError{{f.registryCode(), f.sentence()}}
	}
	a.json(r, f.status, p)
}
