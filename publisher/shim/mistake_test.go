package shim

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestMistaken checks that a client which sends the name of a file instead of the file
// is told so.
func TestMistaken(t *testing.T) {
	p := open(t, nil)
	inForm := func(pairs ...string) [2]string {
		body, media := form(pairs...)
		return [2]string{body, media}
	}
	for name, test := range map[string]struct {
		sent [2]string
		want string // in the hint
	}{
		"form":       {inForm("chart", "mychart-0.1.0.tgz"), "chart=@"},
		"folder":     {inForm("chart", "./my charts/größe"), "chart=@"},
		"empty":      {inForm("chart", ""), "chart=@"},
		"no binary":  {[2]string{"mychart-0.1.0.tgz", "application/x-www-form-urlencoded"}, "--data-binary @"},
		"a line":     {[2]string{"mychart-0.1.0.tgz\n", ""}, "--data-binary @"},
		"an archive": {inForm("@chart", "\x1f\x8b"), "package it again"},
		"a file":     {inForm("@chart", "nonsense"), "package it again"},
		"some text":  {inForm("@chart", "<html>\n<p>Not found"), "package it again"},
	} {
		got := p.post("/api/charts", test.sent[0], "Content-Type", test.sent[1])
		failed(t, got, http.StatusUnprocessableEntity, "not-gzip")
		var said problem
		if err := json.Unmarshal([]byte(got.body), &said); err != nil || !strings.Contains(said.Hint, test.want) {
			t.Errorf("%s: %s, want %s in the hint", name, got.body, test.want)
		}
	}
}

// TestMistakenProv checks the same of a provenance file.
func TestMistakenProv(t *testing.T) {
	refusal := &Refusal{Rule: "prov-format", Fix: "sign it again"}
	binary, text := &spool{memory: []byte("\x1f\x8b")}, &spool{memory: []byte("mychart-0.1.0.tgz.prov")}
	r := func(media string) *http.Request { return &http.Request{Header: http.Header{"Content-Type": {media}}} }
	if got := (&parts{binary, text}).mistaken(r("multipart/form-data; boundary=b"), refusal); !strings.Contains(got.Fix, "prov=@") || got.Rule != refusal.Rule {
		t.Errorf("in a form: %+v", got)
	}
	if got := (&parts{nil, text}).mistaken(r(""), refusal); !strings.Contains(got.Fix, "--data-binary @mychart-0.1.0.tgz.prov") {
		t.Errorf("alone: %+v", got)
	}
	if got := (&parts{binary, text}).mistaken(r(""), &Refusal{Rule: "not-gzip"}); got.Fix != "" {
		t.Errorf("the chart's own fault: %+v", got)
	}
}
