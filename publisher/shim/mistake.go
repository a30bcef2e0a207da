package shim

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mistaken returns what to say about a refused upload. If the client sent a line of
// text, it most likely sent the name of a file instead of the file.
func (p *parts) mistaken(r *http.Request, refusal *Refusal) *Refusal {
	part, file, text := "chart", "mychart-0.1.0.tgz", ""
	var ok bool
	if text, ok = p.chart.line(); !ok {
		part, file = "prov", "mychart-0.1.0.tgz.prov"
		if text, ok = p.prov.line(); !ok || p.chart != nil && !strings.HasPrefix(refusal.Rule, "prov") {
			return refusal
		}
	}
	said := *refusal
	is := fmt.Sprintf("is the text %.80q, and not a file", text)
	if text == "" {
		is = "is empty"
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if strings.HasPrefix(media, "multipart/") {
		said.Message = fmt.Sprintf("the form's part %s %s", part, is)
		said.Fix = fmt.Sprintf("put an @ before the file's name, as in: curl --form '%s=@%s'", part, file)
	} else {
		said.Message = "the request " + is
		said.Fix = fmt.Sprintf("put an @ before the file's name, as in: curl --data-binary @%s", file)
	}
	return &said
}

// mistakenAction is the failure for a line of text that should have been an action: most
// likely the name of its file.
func (s *spool) mistakenAction() *failure {
	text, ok := s.line()
	if !ok || strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil
	}
	f := badAction("", "the request is the text %.80q, and not an action", text)
	if text == "" {
		f = badAction("", "the request is empty")
	}
	f.hint += "; or put an @ before the name of a file with it, as in: curl --data-binary @action.json"
	return f
}

// maxLine is the longest text, in bytes, that may be the name of a file.
const maxLine = 4 << 10

// line returns the file's content if that is one line of text, which no archive and no
// provenance file is.
func (s *spool) line() (text string, ok bool) {
	if s == nil || s.named || s.file != nil || len(s.memory) > maxLine {
		return "", false
	}
	text = strings.TrimRight(string(s.memory), "\r\n")
	return text, utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
