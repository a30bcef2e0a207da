package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const helpLog = `Usage:
    portolan log [--site URL] [-n N] CHANNEL

Show what the newest generations of a CHANNEL have changed, the newest first, in
one line each: the number of the generation, when it was made, what was asked
for (such as yank, with the reason), and which versions it added (+), changed
(~) or removed (-). A change is other content for the same version, or, with
(signature), another provenance file for the same archive. Generations that left
the index alone are shown, too: those that only decided on uploads which were
unchanged, superseded or rejected, and those of prune.

At most five versions are named in a line; 'portolan diff CHANNEL 41 42' lists
all that generation 42 changed. The log is public and names no people: who asked
for what is in the receipts, which 'portolan uploads' reads.

Options:
    --number N          How many generations        PORTOLAN_LOG_NUMBER
                        (default 20); also -n N.
` + optionsServed + `

Exit codes:
    0 done, 1 failed, or there is no such channel, 2 wrong settings,
    130 interrupted

Example:
    $ portolan log stable -n 5
`

func (p *program) log(ctx context.Context, args []string) error {
	f := newFlags("log")
	f.withSite()
	f.withConfig()
	f.withCAFile()
	number := f.IntP("number", "n", 20, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return hint(usagef("log takes one operand, the channel, but got %d", f.NArg()), "for example: portolan log stable")
	}
	channel := f.Arg(0)
	if err := cmp.Or(f.checkNumber(*number), checkOperand(channel)); err != nil {
		return err
	}
	site, err := p.openSite(ctx, f)
	if err != nil {
		return err
	}
	all, err := survey.Log(ctx, site, channel, *number)
	p.found = map[string]any{"channel": channel, "generations": append([]survey.Entry{}, all...)}
	if !f.output.json {
		p.printLog(all)
	}
	return f.noChannel(ctx, site, channel, err)
}

// printLog prints one line for each generation.
func (p *program) printLog(all []survey.Entry) {
	w := bufio.NewWriter(p.stdout)
	width := 0
	if len(all) > 0 {
		width = len(strconv.Itoa(all[0].Generation))
	}
	for _, e := range all {
		fmt.Fprintf(w, "%*d  %s  %s\n", width, e.Generation, timeText(e.Time), entryText(e))
	}
	w.Flush() // p.stdout remembers an error
}

// entryText says what a generation has done.
func entryText(e survey.Entry) string {
	var parts, changes []string
	for _, a := range e.Actions {
		if a.Verdict == verdict.Accepted {
			parts = append(parts, actionText(a))
		}
	}
	for _, c := range e.Changes {
		changes = append(changes, sign(c.What)+versionText(c.Chart, c.Version)+aside(c.What))
	}
	if len(changes) > 0 {
		parts = append(parts, few(changes))
	}
	if e.Settings {
		parts = append(parts, "settings of the index")
	}
	if e.Manifests > 0 {
		parts = append(parts, count(e.Manifests, "version")+" into the registry")
	}
	if e.Floor > 0 {
		parts = append(parts, fmt.Sprintf("prune: snapshots before %d are gone", e.Floor))
	}
	if texts := verdictTexts(e); len(texts) > 0 {
		parts = append(parts, strings.Join(texts, ", "))
	}
	return strings.Join(parts, "; ")
}

// few joins texts, of which it leaves out some if there are many.
func few(texts []string) string {
	const most = 5
	if more := len(texts) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), more)
	}
	return strings.Join(texts, ", ")
}

func versionText(chart, version string) string {
	return short(strings.TrimSpace(chart+" "+version), maxName)
}

// actionText says what an accepted action has done.
func actionText(a survey.Action) string {
	text := short(a.About, maxName)
	if a.Kind == action.Rollback {
		return fmt.Sprintf("%s: %d hidden, %d listed again", text, len(a.Versions), len(a.Restored))
	}
	if a.Successor != "" {
		text += ", use " + short(a.Successor, maxName)
	}
	if a.Reason != "" {
		text += ": " + short(a.Reason, maxProse)
	}
	return text
}

// verdictTexts counts the uploads and actions that changed nothing.
func verdictTexts(e survey.Entry) []string {
	n := map[verdict.Verdict]int{}
	maps.Copy(n, e.Verdicts)
	for _, a := range e.Actions {
		n[a.Verdict]++
	}
	var texts []string
	for _, v := range []verdict.Verdict{verdict.Unchanged, verdict.Superseded, verdict.Rejected} {
		if n[v] > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	return texts
}

// sign is what a change begins with.
func sign(w survey.What) string {
	switch w {
	case survey.Added:
		return "+"
	case survey.Removed:
		return "-"
	}
	return "~"
}

// aside says in addition what the sign does not.
func aside(w survey.What) string {
	if w == survey.Signed {
		return " (signature)"
	}
	return ""
}
