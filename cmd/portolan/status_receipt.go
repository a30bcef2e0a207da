package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	reporting "github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

func (p *program) printReceipt(r *publisher.Receipt) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, short(value, maxProse))
		}
	}
	if r.Action == nil {
		line("upload", r.ID)
	} else {
		line("action", r.ID)
		line("asks to", r.About)
		asksFor(*r.Action, line)
	}
	line("channel", r.Channel)
	line("verdict", string(r.Verdict))
	line("rule", r.Rule)
	if r.Action != nil && r.Verdict == publisher.Accepted {
		line("result", r.Message)
	} else {
		line("reason", r.Message)
	}
	line("fix", r.Fix)
	if r.Action == nil {
		line("chart", r.Chart)
		line("version", r.Version)
	}
	line("digest", r.Digest)
	line("manifest", r.Manifest)
	line("url", r.URL)
	line("generation", fmt.Sprint(r.Generation))
	line("arrival", timeText(r.Arrival))
	line("decided", timeText(r.Decided))
	if r.Action != nil {
		line("user", short(r.Action.Requester["user"], maxName))
		line("job", reporting.Job(*r))
	}
	if r.Request != nil {
		line("file", short(r.Request.File, maxName))
		line("user", short(r.Request.Uploader["user"], maxName))
		line("job", reporting.Job(*r))
	}
	for _, warning := range r.Warnings {
		line("warning", warning.Message)
	}
	return w.Flush()
}

// asksFor says line by line what an action asks for.
func asksFor(r action.Request, line func(name, value string)) {
	if len(r.Versions) > 1 {
		var versions []string
		for _, v := range r.Versions {
			versions = append(versions, v.Chart+" "+v.Version)
		}
		line("versions", strings.Join(versions, ", "))
	}
	line("because", r.Reason)
	line("successor", r.Successor)
}
