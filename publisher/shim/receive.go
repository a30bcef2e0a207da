package shim

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

const (
	maxForm  = 256 << 10 // bytes of a form beside its files
	maxParts = 16
	maxField = 4 << 10 // bytes of a form's field that is of no use here
)

// parts are the files of one upload; what was not sent is nil.
type parts struct{ chart, prov *spool }

func (p *parts) close() {
	p.chart.close()
	p.prov.close()
}

// receive reads the upload that a request carries. The caller closes what it
// gets, also with an error.
func (s *Shim) receive(a *answer, r *http.Request, to *route) (*parts, error) {
	limit, tooLarge := s.MaxArchive(to.channel), tooLarge
	if to.kind == kindProv {
		limit, tooLarge = maxProv, provTooLarge
	}
	if r.ContentLength > limit+maxProv+maxForm {
		return &parts{}, tooLarge(limit)
	}
	body := s.paced(a, http.MaxBytesReader(a.ResponseWriter, r.Body, limit+maxProv+maxForm))
	p, err := s.receiveParts(r, body, to.kind, limit)
	_ = body.deadline(time.Time{}) // else the request would end with it
	s.metrics.received.Add(float64(a.note.received))
	if err != nil {
		return p, s.broken(err, tooLarge(limit))
	}
	return p, nil
}

func (s *Shim) receiveParts(r *http.Request, body io.Reader, kind kind, limit int64) (*parts, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(media, "multipart/") {
		if kind == kindProv {
			return &parts{}, badForm("send the provenance file as it is: curl --data-binary @mychart-0.1.0.tgz.prov", "this URL takes no form")
		}
		return receiveForm(multipart.NewReader(body, params["boundary"]), limit)
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
		return p, badForm("send the file as the form's part chart (curl --form 'chart=@mychart-0.1.0.tgz'), or as it is (curl --data-binary @mychart-0.1.0.tgz)", "the request is empty")
	}
	return p, nil
}

// fillUpTo fills the spool with all that r has, which must not be more than the
// limit: that is answered with a failure of its own.
func (s *spool) fillUpTo(r io.Reader, limit int64, tooLarge func(limit int64) *failure) error {
	if err := s.fill(r, limit); err != nil {
		return err
	}
	if s.size > limit {
		return tooLarge(limit)
	}
	return nil
}

// receiveForm reads a multipart form. Its files' names say nothing.
func receiveForm(form *multipart.Reader, limit int64) (*parts, error) {
	p := &parts{}
	for n := 0; ; n++ {
		part, err := form.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return p, err
		}
		if n == maxParts {
			return p, badForm("send one part called chart, and prov if it is signed", "the form has more than %d parts", maxParts)
		}
		if err := p.add(part, limit); err != nil {
			return p, err
		}
	}
	if p.chart == nil {
		return p, badForm("name the part chart, as in: curl --form 'chart=@mychart-0.1.0.tgz'", "the form has no part called chart")
	}
	return p, nil
}

// add takes one part of a form.
func (p *parts) add(part *multipart.Part, limit int64) error {
	to, tooLarge := &p.chart, tooLarge
	switch name := part.FormName(); {
	case name == "chart":
	case name == "prov":
		to, limit, tooLarge = &p.prov, maxProv, provTooLarge
	case part.FileName() != "":
		return badForm("call the archive's part chart, and that of its provenance file prov", "the form has a file in a part called %.40q", name)
	default:
		return (&spool{}).fillUpTo(part, maxField, func(int64) *failure {
			return badForm("send the chart as the part called chart", "the form's field %.40q, which is of no use here, is too long", name)
		})
	}
	if *to != nil {
		return badForm("upload one chart at a time", "the form has two parts called %s", part.FormName())
	}
	*to = &spool{}
	return (*to).fillUpTo(part, limit, tooLarge)
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

// broken answers an upload that did not arrive whole.
func (s *Shim) broken(err error, tooLarge *failure) error {
	var tooMany *http.MaxBytesError
	var known *failure
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooMany):
		return tooLarge
	case errors.Is(err, errSlow), errors.Is(err, os.ErrDeadlineExceeded):
		return fail(http.StatusRequestTimeout, "slow", "try again over a better connection", "the upload came more slowly than %d bytes a second", s.MinRate).with("Connection", "close")
	case errors.Is(err, errSpool):
		return fail(http.StatusServiceUnavailable, "disk", "try again later, or tell who runs this server", "there is no room for the upload on this server").because(err).after(storePause)
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return badForm("send fewer headers in the form", "the form's headers are too long")
	}
	return badForm("send the request again", "the upload broke off or is no valid form: %s", plainError(err))
}

// plainError is the text of an error of the standard library about what a
// client sent, short and printable.
func plainError(err error) string { return cut(strings.ToValidUTF8(err.Error(), "?"), 200) }

// maxDrain is how much of an upload is read that was refused before it came.
const maxDrain = 64 << 20

// drain reads what is left of a refused upload, for as long as one may stall. A
// client that is still sending would not see the answer otherwise, only a
// connection that breaks off. One that has asked first, as curl does, has not
// begun; and one that was too slow already gets no more time.
func (s *Shim) drain(a *answer, r *http.Request, f *failure) {
	if r.Body == nil || r.Body == http.NoBody || r.Header.Get("Expect") != "" && a.note.received == 0 {
		return
	}
	if reads(r) {
		f.with("Connection", "close") // what a request to read carries, nobody wants to know
	}
	if f.header.Get("Connection") == "close" {
		s.hurry(a, r, time.Second)
		return
	}
	s.hurry(a, r, s.Patience)
	n, err := io.CopyN(io.Discard, r.Body, maxDrain)
	a.note.received += n
	if err != io.EOF {
		f.with("Connection", "close") // or the server would read on before it answers
	}
}

// hurry gives a request's body so much more time to come. The server reads what
// a handler has left of it, and does so for ever if it is let.
func (s *Shim) hurry(a *answer, r *http.Request, d time.Duration) {
	if r.Body != nil && r.Body != http.NoBody {
		_ = http.NewResponseController(a.ResponseWriter).SetReadDeadline(time.Now().Add(d))
	}
}

func (s *Shim) paced(a *answer, body io.Reader) *pacedReader {
	return &pacedReader{
		r: body, bytes: &a.note.received, rate: s.MinRate, over: s.Patience,
		deadline: http.NewResponseController(a.ResponseWriter).SetReadDeadline,
	}
}

// pacedReader reads a request's body, which must come at a rate of so many bytes
// a second, measured over a time of its own.
type pacedReader struct {
	r        io.Reader
	bytes    *int64 // read so far
	deadline func(time.Time) error
	rate     int
	over     time.Duration
	until    time.Time // end of the time that is being measured
	since    int64     // bytes read when it began
}

var errSlow = errors.New("too slow")

func (p *pacedReader) Read(b []byte) (int, error) {
	now := time.Now()
	if now.After(p.until) {
		wanted := int64(p.over.Seconds() * float64(p.rate))
		if !p.until.IsZero() && *p.bytes-p.since < wanted {
			return 0, errSlow
		}
		p.until, p.since = now.Add(p.over), *p.bytes
		// One that stalls gets as long again. A connection without deadlines
		// is one of a test.
		_ = p.deadline(p.until.Add(p.over))
	}
	n, err := p.r.Read(b)
	*p.bytes += int64(n)
	return n, err
}
