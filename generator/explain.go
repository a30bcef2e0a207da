package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// explain puts a policy's refusal into words.
func (p *planner) explain(rule string, o *outcome, s *slot) *Problem {
	current := s.current
	what := fmt.Sprintf("%s %s", o.ref.name, o.ref.version)
	when := "in this run"
	if current.upload == "" {
		when = current.created.UTC().Format(time.RFC3339)
	}
	switch rule {
	case "version-exists":
		return reject(rule, "%s was published %s with other content: its SHA-256 is %s, that of this upload %s", what, when, current.digest, o.chart.Digest)
	case "provenance-repacked":
		return reject(rule, "%s was published %s without a signature, and this one signs other bytes: the published archive's SHA-256 is %s, that of this upload %s", what, when, current.digest, o.chart.Digest)
	case "provenance-differs":
		return reject(rule, "%s was published %s with another provenance file for the same archive, SHA-256 %s", what, when, current.digest)
	}
	panic("no words for rule " + rule)
}

func rejectNameCase(name, other string) *Problem {
	return reject("name-case", "chart name %q differs from the published %q in case alone", name, other)
}

func rejectProvAlone(file string, wait time.Duration) *Problem {
	return reject("provenance-alone", "no chart %s with the SHA-256 that the provenance file names has come in %s", quote(file), wait)
}

// receipt tells the uploader what the outcome is.
func (o *outcome) receipt(channel string, generation int, decided time.Time) publisher.Receipt {
	r := publisher.Receipt{
		ID: o.upload.ID, Channel: channel, Verdict: o.verdict, Rule: o.ruling.rule,
		Chart: o.ref.name, Version: o.ref.version,
		Generation: generation, Arrival: o.upload.Arrival, Decided: decided,
	}
	if o.request.File != "" || o.request.Uploader != nil {
		r.Request = &o.request
	}
	if o.chart != nil {
		r.Digest = o.chart.Digest
		for _, w := range o.chart.Warnings {
			r.Warnings = append(r.Warnings, publisher.Warning(w))
		}
	}
	if len(o.sorted) > 0 {
		r.Warnings = append(r.Warnings, publisher.Warning{Rule: "warn-precedence", Message: fmt.Sprintf(
			"version %s has the same precedence as %s: clients that ask for the newest get the one published last", o.ref.version, strings.Join(o.sorted, ", "))})
	}
	if o.release != nil {
		r.URL = channel + "/" + o.release.url
	}
	r.Message, r.Fix = Describe(o.ruling.rule)
	if o.problem != nil {
		r.Message, r.Fix = o.problem.Message, o.problem.Fix
	}
	return r
}
