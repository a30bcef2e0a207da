package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
)

// explain puts a policy's refusal of an archive, or of a signature, into words.
// What is only about to be published has no date yet: it gets that of now.
func explain(rule string, v ref, current content, digest string, now time.Time) *check.Problem {
	published := current.created
	if published.IsZero() {
		published = now
	}
	what := fmt.Sprintf("%s %s was published %s", v.name, v.version, published.UTC().Format(time.RFC3339))
	switch rule {
	case "version-exists":
		return reject(rule, "%s with other content: its SHA-256 is %s, that of this upload %s", what, current.digest, digest)
	case "provenance-repacked":
		return reject(rule, "%s without a signature, and this one signs other bytes: the published archive's SHA-256 is %s, that of this upload %s", what, current.digest, digest)
	case "provenance-differs":
		return reject(rule, "%s with another provenance file for the same archive, SHA-256 %s", what, current.digest)
	}
	return nil
}

func rejectNameCase(name, other string) *check.Problem {
	return reject("name-case", "chart name %q differs from the published %q only in case", name, other)
}

func rejectProvAlone(file string, wait time.Duration) *check.Problem {
	return reject("provenance-alone", "no chart %s with the SHA-256 that the provenance file names arrived within %s", check.Quote(file), wait)
}

func rejectProvMissing(v ref, wait time.Duration) *check.Problem {
	return reject("provenance-missing", "the upload of %s %s announced a provenance file, but none arrived within %s", v.name, v.version, wait)
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
		r.Warnings = warningsOf(o.chart)
	}
	if err := o.request.Err; err != nil {
		r.Warnings = append(r.Warnings, publisher.Warning{Rule: "warn-request", Message: fmt.Sprintf(
			"the .json file beside the upload was ignored, since it cannot be read: %s", check.Foreign(err))})
	}
	if _, ok := o.created(); !ok {
		r.Warnings = append(r.Warnings, publisher.Warning{Rule: "warn-created", Message: fmt.Sprintf(
			"the chart was created %s, it is said, which is before 1970 or after the upload: its date is when it was accepted", o.request.Created.UTC().Format(time.RFC3339))})
	}
	if len(o.sorted) > 0 {
		r.Warnings = append(r.Warnings, warnPrecedence(o.ref.version, o.sorted))
	}
	if o.keep > 0 {
		r.Warnings = append(r.Warnings, warnOlder(o.ref.version, o.keep))
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

// maxNamed is how many versions of the same precedence a warning names. Builds
// that differ in their metadata alone can be thousands.
const maxNamed = 3

func warnPrecedence(version string, equal []string) publisher.Warning {
	named := strings.Join(equal[:min(len(equal), maxNamed)], ", ")
	if more := len(equal) - maxNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return publisher.Warning{Rule: "warn-precedence", Message: fmt.Sprintf(
		"version %s has the same precedence as %s: clients that ask for the newest get the one published last", version, named)}
}
