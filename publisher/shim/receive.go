package shim

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// parts are the files of one upload. A file that was not sent is nil.
type parts struct{ chart, prov *spool }

func (p *parts) close() {
	p.chart.close()
	p.prov.close()
}

// receive reads the upload in a request. The caller must close the parts, even if
// there is an error.
func (s *Shim) receive(a *answer, r *http.Request, to *route) (*parts, error) {
	limit, tooLarge := s.MaxArchive(to.channel), tooLarge
	if to.kind == kindProv {
		limit, tooLarge = maxProv, provTooLarge
	}
	most := limit + maxProv + maxForm
	if r.ContentLength > most {
		return &parts{}, tooLarge(limit)
	}
	body := s.paced(a, r, most)
	p, err := s.receiveParts(r, body, to.kind, limit)
	s.received(a, body)
	if err != nil {
		return p, s.broken(err, body, tooLarge(limit))
	}
	return p, nil
}

func (s *Shim) receiveParts(r *http.Request, body io.Reader, kind kind, limit int64) (*parts, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(media, "multipart/") {
		if kind == kindProv {
			return &parts{}, badForm("send the provenance file itself: curl --data-binary @mychart-0.1.0.tgz.prov", "this URL does not take a form")
		}
		return receiveForm(body, params["boundary"], limit)
	}
	p, whole := &parts{}, &spool{}
	if kind == kindProv {
		p.prov, err = whole, whole.fillUpTo(body, limit, provTooLarge)
	} else {
		p.chart, err = whole, whole.fillUpTo(body, limit, tooLarge)
	}
	if err != nil {
		return p, err
	}
	if whole.size == 0 {
		return p, badForm("send the archive as the part chart of a form (curl --form 'chart=@mychart-0.1.0.tgz'), or by itself (curl --data-binary @mychart-0.1.0.tgz)", "the request is empty")
	}
	return p, nil
}

// fillUpTo fills the spool with everything in r, and returns the failure tooLarge
// if that is more than limit bytes.
func (s *spool) fillUpTo(r io.Reader, limit int64, tooLarge func(limit int64) *failure) error {
	if err := s.fill(r, limit); err != nil {
		return err
	}
	if s.size > limit {
		return tooLarge(limit)
	}
	return nil
}

func badForm(hint, format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "form", hint, format, args...)
}

func tooLarge(limit int64) *failure {
	return fail(http.StatusRequestEntityTooLarge, "packed-size", "leave out what is not needed to install the chart, or ask for a higher limit", "the archive is larger than %s, the most that is taken here", humanize.IBytes(uint64(limit)))
}

func provTooLarge(limit int64) *failure {
	return fail(http.StatusRequestEntityTooLarge, "prov-size", "make the provenance file with 'helm package --sign'", "the provenance file is larger than %s, the most that is taken here", humanize.IBytes(uint64(limit)))
}

// broken returns the failure for an upload that did not arrive completely.
func (s *Shim) broken(err error, body *pacedReader, tooLarge *failure) error {
	var tooMany *http.MaxBytesError
	var known *failure
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooMany):
		return tooLarge
	case errors.Is(err, errSlow), errors.Is(err, os.ErrDeadlineExceeded):
		return body.tooSlow().with("Connection", "close")
	case errors.Is(err, errSpool):
		return fail(http.StatusServiceUnavailable, "disk", "try again later; if this keeps failing, tell the operator of this server", "this server could not keep the upload on its disk").because(err).after(storePause)
	}
	return badForm("send the request again", "the upload is incomplete, or not a valid form: %s", plainError(err))
}

// plainError returns the text of a standard library error about what a client
// sent, shortened and made valid UTF-8.
func plainError(err error) string { return untrusted.Cut(strings.ToValidUTF8(err.Error(), "?"), 200) }

// maxDrain is how many bytes of a refused upload are read before the answer.
const maxDrain = 64 << 20

// drain reads the rest of a refused upload, for at most the shim's patience.
// Otherwise a client that is still sending would see a broken connection instead
// of the answer. There is nothing to read from a client that asks first (Expect:
// 100-continue, as curl does), and one that was too slow gets no more time.
func (s *Shim) drain(a *answer, r *http.Request, f *failure) {
	if r.Body == nil || r.Body == http.NoBody || r.Header.Get("Expect") != "" && a.note.received == 0 {
		return
	}
	if reads(r) {
		f.with("Connection", "close") // the body of a GET request is not worth reading
	}
	if f.header.Get("Connection") == "close" {
		s.hurry(a, r, time.Second)
		return
	}
	s.hurry(a, r, s.Patience)
	n, err := io.CopyN(io.Discard, r.Body, maxDrain)
	a.note.received += n
	if err != io.EOF {
		f.with("Connection", "close") // or the server would go on reading before it answers
	}
}

// hurry gives the rest of a request's body up to d to arrive. Without a deadline,
// the server would read what the handler left for as long as the client sends.
func (s *Shim) hurry(a *answer, r *http.Request, d time.Duration) {
	if r.Body != nil && r.Body != http.NoBody {
		_ = http.NewResponseController(a.ResponseWriter).SetReadDeadline(time.Now().Add(d))
	}
}

// paced is the body of a request, of which at most so many bytes are read.
func (s *Shim) paced(a *answer, r *http.Request, limit int64) *pacedReader {
	size := r.ContentLength
	if size < 0 { // not known
		size = limit
	}
	most := timeFor(size)
	return &pacedReader{
		r: http.MaxBytesReader(a.ResponseWriter, r.Body, limit), bytes: &a.note.received, over: s.Patience, most: most, end: time.Now().Add(most),
		rate:     func() int { return s.MinRate * s.uploads.rise() },
		deadline: http.NewResponseController(a.ResponseWriter).SetReadDeadline,
	}
}

// received counts what was read of a body, and ends its deadline: otherwise the request
// would be cancelled when that passes.
func (s *Shim) received(a *answer, body *pacedReader) {
	_ = body.deadline(time.Time{})
	s.metrics.received.Add(float64(a.note.received))
}

// pacedReader reads a request's body, and fails if it arrives more slowly than rate
// bytes a second, measured over one period after another, or if it takes too long in all.
type pacedReader struct {
	r        io.Reader
	bytes    *int64 // read so far
	deadline func(time.Time) error
	rate     func() int    // bytes a second; it may change
	over     time.Duration // length of a period
	until    time.Time     // end of the current period
	since    int64         // bytes read before it began
	most     time.Duration // for the whole body
	end      time.Time     // when that is over
}

var errSlow = errors.New("too slow")

func (p *pacedReader) Read(b []byte) (int, error) {
	now := time.Now()
	if !now.Before(p.end) {
		return 0, errSlow
	}
	if now.After(p.until) {
		wanted := int64(p.over.Seconds() * float64(p.rate()))
		if !p.until.IsZero() && *p.bytes-p.since < wanted {
			return 0, errSlow
		}
		p.until, p.since = now.Add(p.over), *p.bytes
		// A read that stalls may take another period. An error means that
		// the connection has no deadlines, as in some tests.
		_ = p.deadline(earlier(p.until.Add(p.over), p.end))
	}
	n, err := p.r.Read(b)
	*p.bytes += int64(n)
	return n, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// tooSlow returns the failure for a body that came too slowly.
func (p *pacedReader) tooSlow() *failure {
	const hint = "try again over a faster connection"
	if !time.Now().Before(p.end) {
		return fail(http.StatusRequestTimeout, "slow", hint, "the upload took longer than %s", p.most.Round(time.Second))
	}
	return fail(http.StatusRequestTimeout, "slow", hint, "the upload came more slowly than %d bytes a second", p.rate())
}
