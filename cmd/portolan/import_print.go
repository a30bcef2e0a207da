package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/generator/importer"
)

// outcomeText is what a table calls an outcome.
func outcomeText(o importer.Outcome) string {
	switch o {
	case importer.There:
		return "already there"
	case importer.Differs:
		return "different digest"
	case importer.Unfetched:
		return "not fetchable"
	case importer.Broken:
		return "broken entry"
	case importer.Duplicate:
		return "listed twice"
	}
	return string(o)
}

// printImported prints what was not taken and why, and how much was. An import
// can be of ten thousand charts, so that what went well is only counted.
func (p *program) printImported(r *importer.Report, failed bool) {
	if failed && len(r.Results) == 0 {
		return
	}
	w := bufio.NewWriter(p.stdout)
	for _, result := range r.Results {
		if result.Outcome != importer.Taken && result.Outcome != importer.There {
			printResult(w, result)
		}
	}
	printUnsigned(w, r)
	fmt.Fprintf(w, "%s: %s of %s\n", r.Channel, count(len(r.Results), "chart version"), short(r.From, maxProse))
	for _, o := range importer.Outcomes() {
		n := r.Count(o)
		if n == 0 && o != importer.Taken {
			continue
		}
		text := outcomeText(o)
		if o == importer.Taken && r.DryRun {
			text = "would be taken"
		}
		fmt.Fprintf(w, "  %-18s%d\n", text, n)
	}
	printAsked(w, r)
	w.Flush() // the writer below remembers an error
	for _, note := range r.Notes {
		p.say("note", short(note, maxProse))
	}
	switch {
	case failed:
		p.say("note", "the import did not finish; run it again to continue")
	case r.DryRun:
	case r.Count(importer.Taken) > 0:
		p.say("note", "run 'portolan generate' to publish what was taken")
	case r.Asked(importer.Taken) > 0:
		p.say("note", "run 'portolan generate' to carry out what was asked for")
	}
}

// printAsked prints which actions another portolan's channel brought.
func printAsked(w io.Writer, r *importer.Report) {
	lines := 0
	for _, a := range r.Actions {
		if a.Outcome == importer.There {
			continue
		}
		if lines++; lines > maxSteps {
			continue
		}
		what := outcomeText(a.Outcome)
		if a.Outcome == importer.Taken {
			what = "asked for"
			if r.DryRun {
				what = "would be asked for"
			}
		}
		text := short(a.Subject(), 3*maxName)
		if a.Reason != "" {
			text += ": " + short(a.Reason, maxProse)
		}
		fmt.Fprintf(w, "%-20s%s\n", what, text)
		printReason(w, a.Message, a.Fix)
	}
	if more := lines - maxSteps; more > 0 {
		fmt.Fprintf(w, "and %s more; --output json lists all\n", count(more, "action"))
	}
	if n := r.Asked(importer.There); n > 0 {
		fmt.Fprintf(w, "%-20s%s\n", "already there", count(n, "action"))
	}
}

// printUnsigned prints which charts lost their signatures, for each reason once: a
// server that answers oddly for missing files does so for every chart.
func printUnsigned(w io.Writer, r *importer.Report) {
	const named = 5
	var reasons []string
	charts := map[string][]string{}
	for _, result := range r.Results {
		if why := result.Unsigned; why != "" && result.Outcome == importer.Taken {
			if charts[why] == nil {
				reasons = append(reasons, why)
			}
			charts[why] = append(charts[why], short(result.Chart+" "+result.Version, 3*maxName))
		}
	}
	for _, why := range reasons {
		all := charts[why]
		text := strings.Join(all[:min(len(all), named)], ", ")
		if more := len(all) - named; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(w, "signature left out: %s\n", text)
		printReason(w, why, "if it is signed, upload its .prov with 'portolan drop "+r.Channel+" FILE.prov'")
	}
}

func printResult(w io.Writer, r importer.Result) {
	what := strings.TrimSpace(r.Chart + " " + r.Version)
	if what == "" {
		what = r.URL
	}
	fmt.Fprintf(w, "%-18s%s\n", outcomeText(r.Outcome), short(what, 3*maxName))
	if r.URL != "" && r.URL != what {
		fmt.Fprintf(w, "      %s\n", short(r.URL, maxProse))
	}
	printReason(w, r.Message, r.Fix)
}
