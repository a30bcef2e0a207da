package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// outcome is the verdict on one candidate.
type outcome struct {
	*candidate
	ruling
	ref     ref            // what it is about; zero if that is not known
	problem *check.Problem // if rejected
	equal   []string       // versions of equal precedence, worth a warning
	more    int            // how many more there are
	release *release       // where its content is in the index afterwards; nil if it is not
	pin     string         // digest of the manifest of that, once it is committed
	older   []ref          // versions that the index does not show, since it shows newer ones
	keep    int            // how many of a chart it shows, if there are any

	yanked *action.Yanked            // what is said of its version if it is yanked
	ended  *action.Yanked            // what was said of its version if that was yanked, and is shown again
	act    *publisher.ActionDecision // what an action does; nil of an upload
	hidden []action.Yanked           // versions that it promotes, and that stay yanked
}

func (o *outcome) reject(problem *check.Problem) {
	o.ruling = ruling{verdict.Rejected, problem.Rule}
	o.problem = problem
}

// forget lets go of what its record has, which may be much, once that is committed.
func (o *outcome) forget() {
	if o.asked != nil {
		o.asked.back, o.act = nil, nil
	}
}

// receipt tells the uploader what the outcome is.
func (o *outcome) receipt(channel string, generation int, decided time.Time) droparea.Receipt {
	if o.asked != nil {
		return o.actionReceipt(channel, generation, decided)
	}
	r := droparea.Receipt{
		ID: o.upload.ID, Channel: channel, Verdict: o.verdict, Rule: o.ruling.rule,
		Chart: o.ref.name, Version: o.ref.version,
		Manifest: o.pin, Generation: generation, Arrival: o.upload.Arrival, Decided: decided,
	}
	if o.request.File != "" || o.request.Uploader != nil {
		request := o.request // a pointer to the original would keep all that was read of the chart
		request.Manifest, request.Config = "", ""
		r.Request = &request
	}
	if o.chart != nil {
		r.Digest = o.chart.Digest
	}
	r.Warnings = o.warnings(channel)
	if o.release != nil {
		r.URL = channel + "/" + o.release.url
		o.shareText(&r)
	}
	r.Message, r.Fix = Describe(o.ruling.rule)
	if o.problem != nil {
		r.Message, r.Fix = o.problem.Message, o.problem.Fix
	}
	if kept := o.upload.KeptPart(); kept != "" && o.verdict == verdict.Rejected {
		r.Message += "; " + kept
	}
	return r
}

// warnings are what an uploader should know, whatever the verdict.
func (o *outcome) warnings(channel string) (all []verdict.Warning) {
	if o.chart != nil {
		all = warningsOf(o.chart)
	}
	if o.verdict.Publishes() {
		all = o.signature.withWarning(all)
	}
	if o.odd != nil {
		all = append(all, *o.odd)
	}
	if err := o.request.Err; err != nil {
		all = append(all, verdict.Warning{Rule: "warn-request", Message: fmt.Sprintf(
			"the .json file beside the upload was ignored, since it cannot be read: %s", check.Foreign(err))})
	}
	if _, ok := o.created(); !ok {
		all = append(all, verdict.Warning{Rule: "warn-created", Message: fmt.Sprintf(
			"the chart was created %s, it is said, which is before 1970 or after the upload: its date is when it was accepted", o.request.Created.UTC().Format(time.RFC3339))})
	}
	if len(o.equal) > 0 {
		all = append(all, warnPrecedence(o.ref.version, o.equal, o.more))
	}
	if o.noManifest != nil && o.release != nil {
		all = append(all, warnManifest(o.noManifest))
	}
	if len(o.older) > 0 {
		all = append(all, warnOlder(o.older, o.keep))
	}
	if o.yanked != nil {
		all = append(all, warnYanked(o.ref, channel, *o.yanked))
	}
	if o.ended != nil {
		all = append(all, warnEnded(o.ref, channel, *o.ended))
	}
	return all
}

// shareText makes texts of the receipt parts of its URL and of the line in the index. A
// run holds all its receipts, and would otherwise hold these twice.
func (o *outcome) shareText(r *droparea.Receipt) {
	for _, text := range []*string{&r.ID, &r.Chart, &r.Version} {
		*text = within(r.URL, *text)
	}
	if r.Request != nil {
		r.Request.File = within(r.URL, r.Request.File)
	}
	r.Digest = within(o.release.line, r.Digest)
}

// within returns s as a part of the text, if the text has it.
func within(text, s string) string {
	if i := strings.Index(text, s); i >= 0 {
		return text[i : i+len(s)]
	}
	return s
}
