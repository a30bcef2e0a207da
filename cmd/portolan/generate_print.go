package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	reporting "github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// printReport prints what a run did; it may have failed halfway.
func (p *program) printReport(r *generator.Report, f format, failed bool) {
	if r == nil {
		return
	}
	if p.found = r; f.json {
		return
	}
	w := bufio.NewWriter(p.stdout)
	decided, healed := 0, false
	for _, c := range r.Channels {
		healed = healed || c.Head != "" || c.Root != "" || c.Before != c.After || len(c.Told) > 0
		if c.Pages != nil && len(c.Receipts) == 0 && len(c.Pages.Written) > 0 {
			healed = true
			fmt.Fprintf(w, "%s: %s of its pages written\n", c.Channel, count(len(c.Pages.Written), "file"))
		}
		if decided += len(c.Receipts); len(c.Receipts) > 0 || c.Before != c.After || len(c.Told) > 0 {
			printChannel(w, c, r.DryRun)
		}
	}
	switch {
	case decided > 0:
		fmt.Fprintln(w, summary(r))
	case !failed && !healed:
		fmt.Fprintln(w, "nothing to do")
	}
	w.Flush() // the writer below remembers an error
	p.noteReport(r)
}

// printChannel prints one channel's receipts, the rejected ones last, where
// they are seen.
func printChannel(w io.Writer, c generator.ChannelReport, dryRun bool) {
	fmt.Fprintln(w, heading(c, dryRun))
	if len(c.Receipts) == 0 && c.Before != c.After { // then the configuration made it
		fmt.Fprintf(w, "  %s\n", settingsText(c))
	}
	if c.Completed > 0 {
		fmt.Fprintf(w, "  %s\n", completedText(c.Completed))
	}
	if c.OutOfRegistry {
		fmt.Fprintln(w, "  it is out of the registry; 'portolan prune' removes its files there after a week (--grace)")
	}
	for _, r := range c.Receipts {
		if r.Verdict != verdict.Rejected {
			fmt.Fprintf(w, "  %s%s\n", verdictColumn(r.Verdict, dryRun), subject(r))
		}
	}
	for _, r := range c.Receipts {
		if r.Verdict == verdict.Rejected {
			fmt.Fprintf(w, "  %s%s\n", verdictColumn(r.Verdict, dryRun), subject(r))
			printReason(w, r.Message, r.Fix)
			printJob(w, r)
		}
	}
	for _, t := range c.Told {
		if t.Error == "" {
			fmt.Fprintf(w, "  %s%s\n", verdictColumn("told", dryRun), short(t.Receiver, maxName))
		}
	}
}

// settingsText says what the configuration makes of a channel.
func settingsText(c generator.ChannelReport) string {
	text := "its index lists all versions"
	var others []string
	if c.Older > 0 {
		others = append(others, fmt.Sprintf("%d older ones", c.Older))
	}
	if c.Yanked == 1 {
		others = append(others, "1 that is yanked")
	} else if c.Yanked > 0 {
		others = append(others, fmt.Sprintf("%d that are yanked", c.Yanked))
	}
	if len(others) > 0 {
		text += " except " + strings.Join(others, " and ")
	}
	if c.AtRoot {
		text += "; the site's root shows it as well"
	}
	return text
}

// completedText says how many versions a channel has brought into the registry: those
// from before, and the new ones of their charts.
func completedText(n int) string {
	return count(n, "version") + " can be read by oci:// from now on"
}

func heading(c generator.ChannelReport, dryRun bool) string {
	would := wouldBe(dryRun)
	switch {
	case c.Before == c.After && c.After == 0:
		return c.Channel + ": nothing published yet"
	case c.Before == c.After:
		return fmt.Sprintf("%s: generation %d", c.Channel, c.After)
	case c.Before == 0:
		return fmt.Sprintf("%s: %snew, generation %d", c.Channel, would, c.After)
	}
	return fmt.Sprintf("%s: %sgeneration %d → %d", c.Channel, would, c.Before, c.After)
}

func wouldBe(dryRun bool) string {
	if dryRun {
		return "would be "
	}
	return ""
}

// verdictColumn is a verdict, padded, so that the names behind it line up
// however many there are.
func verdictColumn(v verdict.Verdict, dryRun bool) string {
	column := fmt.Sprintf("%-12s", short(string(v), maxName))
	if dryRun {
		return "would be " + column
	}
	return column
}

// subject names the thing that a receipt is about, safe to print.
func subject(r droparea.Receipt) string {
	if r.Action != nil {
		return short(fmt.Sprintf("%s (action %s)", r.About, r.ID), 3*maxName)
	}
	var words []string
	if r.Chart != "" {
		words = append(words, short(r.Chart+" "+r.Version, 3*maxName))
	}
	file := ""
	if r.Request != nil {
		file = r.Request.File
	}
	switch {
	case r.Verdict != verdict.Rejected && r.Chart != "":
	case file != "":
		words = append(words, fmt.Sprintf("%s (upload %s)", short(file, maxName), short(r.ID, maxName)))
	default:
		words = append(words, "upload "+short(r.ID, maxName))
	}
	return strings.Join(words, ", ")
}

// printReason prints why something was rejected and what to do about it.
func printReason(w io.Writer, message, fix string) {
	fmt.Fprintf(w, "      %s\n", short(message, maxProse))
	if fix != "" {
		fmt.Fprintf(w, "      fix: %s\n", short(fix, maxProse))
	}
}

// printJob prints which job is behind what was rejected, so that its people are found.
func printJob(w io.Writer, r droparea.Receipt) {
	by := "uploaded by"
	if r.Action != nil {
		by = "asked for by"
	}
	if job := reporting.Job(r); job != "" {
		fmt.Fprintf(w, "      %s %s\n", by, job)
	}
}

// summary counts the verdicts on all uploads in one sentence.
func summary(r *generator.Report) string {
	var counts []string
	for _, v := range []verdict.Verdict{verdict.Accepted, verdict.Replaced, verdict.Unchanged, verdict.Superseded, verdict.Rejected} {
		if n := r.Count(v); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if r.DryRun {
		return "dry run, nothing was written; it would be: " + strings.Join(counts, ", ")
	}
	return strings.Join(counts, ", ")
}

// noteReport says what the run left alone, and what is odd.
func (p *program) noteReport(r *generator.Report) {
	p.noteIgnored(r.Ignored)
	var waiting []string
	warned := 0
	for _, c := range r.Channels {
		if c.Head != "" && c.Error == "" {
			p.say("note", c.Head+"; "+wouldBe(r.DryRun)+"restored from the log")
		}
		if c.Root != "" && c.Error == "" {
			p.say("note", c.Root+"; "+wouldBe(r.DryRun)+"restored from the log")
		}
		if c.RootLeft != "" {
			p.say("note", c.RootLeft)
		}
		if c.RegistryLeft != "" {
			p.say("note", c.RegistryLeft)
		}
		for _, t := range c.Told {
			if t.Error != "" {
				p.say("note", c.Channel+": "+reporting.Untold(t))
			}
		}
		if c.Budget != nil {
			p.noteBudget(c.Channel, c.Budget)
		}
		if c.Pages != nil {
			p.notePages(c.Channel, c.Pages)
		}
		for _, w := range c.Waiting {
			waiting = append(waiting, fmt.Sprintf("%s: %s waits: %s", c.Channel, short(w.Name(), maxName), w.Reason))
		}
		for _, receipt := range c.Receipts {
			if len(receipt.Warnings) > 0 {
				warned++
			}
		}
	}
	p.notes("note", waiting)
	if warned > 0 {
		p.say("note", count(warned, "receipt")+" with warnings; read them with --output json, or with 'portolan status UPLOAD-ID'")
	}
}

// noteIgnored names the files in the inbox that are not uploads.
func (p *program) noteIgnored(all []droparea.Ignored) {
	var texts []string
	for _, i := range all {
		texts = append(texts, i.Key+" "+i.Reason)
	}
	p.notes("note", texts)
}

// noteBudget warns of an index that is about to become too large.
func (p *program) noteBudget(channel string, b *generator.Budget) {
	var most []string
	for _, c := range b.Charts {
		most = append(most, fmt.Sprintf("%s (%s, %s)", short(c.Chart, maxName), count(c.Versions, "version"), sizeText(c.Size)))
	}
	p.say("note", fmt.Sprintf("%s: %s. Its largest charts are %s. %s", channel, b.Seen, strings.Join(most, ", "), sentence(b.Fix)))
}

// sentence begins a text as sentences begin.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// noteClients says what clients do not take of a channel.
func (p *program) noteClients(channel string, notes []generator.ClientNote) {
	for _, n := range notes {
		p.say("note", fmt.Sprintf("%s: %s. %s", channel, n.Seen, sentence(n.Fix)))
	}
}
