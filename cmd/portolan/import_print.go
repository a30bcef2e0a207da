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
	w.Flush() // the writer below remembers an error
	for _, note := range r.Notes {
		p.say("note", short(note, maxProse))
	}
	switch {
	case failed:
		p.say("note", "the import did not finish; run it again to continue")
	case r.Count(importer.Taken) > 0 && !r.DryRun:
		p.say("note", "run 'portolan generate' to publish what was taken")
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
