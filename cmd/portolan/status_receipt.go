package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/generator"
	reporting "github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// uploadID returns the upload's id that an operand is, in any case of letters,
// if it is one. A channel could be called like one, but nobody would.
func uploadID(s string) (string, bool) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != strings.ToLower(s) {
		return "", false
	}
	return id.String(), true
}

// uploadStatus prints the verdict on an upload.
func (p *program) uploadStatus(ctx context.Context, f *flags, id string) error {
	drop, err := p.openExisting(ctx, f, "drop")
	if err != nil {
		return err
	}
	receipt, err := droparea.ReadReceipt(ctx, drop, id)
	if errors.Is(err, bucket.ErrNotFound) {
		return p.undecided(ctx, f, drop, id)
	}
	if err != nil {
		return err
	}
	if p.found = receipt; f.output.json {
		return nil
	}
	return p.printReceipt(receipt)
}

// undecided tells where an upload without a receipt is.
func (p *program) undecided(ctx context.Context, f *flags, drop bucket.Store, id string) error {
	inbox, err := droparea.ReadInbox(ctx, drop)
	if err != nil {
		return err
	}
	for _, w := range inbox.Channels {
		for _, u := range w.Uploads {
			if u.ID != id {
				continue
			}
			p.found = map[string]any{"id": id, "channel": u.Channel, "verdict": verdictWaiting, "arrival": u.Arrival}
			if f.output.json {
				return nil
			}
			noun, ends := "upload", ""
			if u.Action != nil {
				noun = "action"
				ends = fmt.Sprintf(", and refuses it after %s if it names what is not published by then", timeText(generator.ActionEnds(u.Arrival)))
			}
			p.printf("%s %s has waited in %s since %s; 'portolan generate' decides it%s\n", noun, id, u.Channel, timeText(u.Arrival), ends)
			return nil
		}
	}
	return hint(fmt.Errorf("no upload or action %s in %s", id, f.drop), "its receipt may have been pruned; to look in another drop area, use --drop")
}

func (p *program) printReceipt(r *droparea.Receipt) error {
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
	if r.Action != nil && r.Verdict == verdict.Accepted {
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
		for _, v := range r.Versions[:min(len(r.Versions), maxSteps)] {
			versions = append(versions, v.Chart+" "+v.Version)
		}
		text := strings.Join(versions, ", ")
		if more := len(r.Versions) - len(versions); more > 0 {
			text += fmt.Sprintf(" and %d more; --output json lists all", more)
		}
		line("versions", text)
	}
	line("because", r.Reason)
	line("successor", r.Successor)
}
