package shim

import (
	"bufio"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
)

const (
	maxForm  = 256 << 10 // bytes of a form in addition to its files
	maxParts = 16
	maxField = 4 << 10 // bytes of a form's field that the shim does not use

	// Up to its files, a form is held in memory. A part's header names a file, whose
	// path may be long; curl and 'helm cm-push' send three lines of it.
	maxPartHeader = maxForm / maxParts // bytes
	maxPartLines  = 64
)

// receiveForm reads a multipart form. It ignores the names of the files.
func receiveForm(body io.Reader, boundary string, limit int64) (*parts, error) {
	p, bounded := &parts{}, &formReader{r: bufio.NewReader(body)}
	form := multipart.NewReader(bounded, boundary)
	for n := 0; ; n++ {
		bounded.between()
		part, err := form.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return p, err
		}
		if n == maxParts {
			return p, badForm("send one part called chart, and one called prov if the chart is signed", "the form has more than %d parts", maxParts)
		}
		bounded.inside = true
		if err := p.add(part, limit); err != nil {
			return p, err
		}
	}
	if p.chart == nil {
		return p, badForm("name the part chart, as in: curl --form 'chart=@mychart-0.1.0.tgz'", "the form has no part called chart")
	}
	return p, nil
}

// add reads one part of a form.
func (p *parts) add(part *multipart.Part, limit int64) error {
	to, tooLarge := &p.chart, tooLarge
	switch name := part.FormName(); {
	case name == "chart":
	case name == "prov":
		to, limit, tooLarge = &p.prov, maxProv, provTooLarge
	case part.FileName() != "":
		return badForm("call the part with the archive chart, and the part with the provenance file prov", "the form has a file in a part called %.40q", name)
	default:
		return (&spool{}).fillUpTo(part, maxField, func(int64) *failure {
			return badForm("leave out this field, and send the archive in a part called chart", "the form's field %.40q, which is not used, is longer than %d bytes", name, maxField)
		})
	}
	if *to != nil {
		return badForm("upload one chart at a time", "the form has two parts called %s", part.FormName())
	}
	*to = &spool{named: part.FileName() != ""}
	return (*to).fillUpTo(part, limit, tooLarge)
}

// formReader limits what lies between the contents of a form's parts: headers, and
// what stands before the first part. [multipart.Reader] holds a header in memory, and
// takes one of 10 MiB. Between parts, a Read returns one line at most, so that what is
// counted is what lies there. Only what the multipart reader has read ahead with the end
// of a part's content, which is up to 4 KiB, is not counted.
type formReader struct {
	r      *bufio.Reader
	inside bool // a part's content is being read
	bytes  int  // read since the content of the last part
	lines  int
}

// between tells the reader that a part's content has ended.
func (f *formReader) between() { f.inside, f.bytes, f.lines = false, 0, 0 }

func (f *formReader) Read(p []byte) (int, error) {
	if f.inside || len(p) == 0 {
		return f.r.Read(p)
	}
	if _, err := f.r.Peek(1); err != nil {
		return 0, err
	}
	line, _ := f.r.Peek(min(f.r.Buffered(), len(p))) // no error: it is there
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end+1]
		f.lines++
	}
	f.bytes += len(line)
	if f.bytes > maxPartHeader || f.lines > maxPartLines {
		return 0, fail(http.StatusBadRequest, "form", "send the form as curl does: curl --form 'chart=@mychart-0.1.0.tgz'",
			"a part of the form has a header of more than %d bytes or %d lines", maxPartHeader, maxPartLines)
	}
	n := copy(p, line)
	f.r.Discard(n) // no error: it is there
	return n, nil
}
