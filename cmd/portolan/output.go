package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/doctor"
)

// What portolan says follows these rules: results go to standard output, and
// everything else to standard error with "portolan: error:", "cause:",
// "warning:", "note:" or "hint:" before it. No capital initials and no full stops at the
// end. Text that comes from archives or buckets is never printed as it is.

// checkedWriter remembers the first error of writing.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("writing the output: %w", err)
	}
	return n, err
}

// printf prints a result.
func (p *program) printf(format string, args ...any) {
	fmt.Fprintf(p.stdout, format, args...)
}

// printJSON prints a result for scripts. What plain would not let through is
// escaped, since somebody may look at it on a terminal; the value is the same.
func (p *program) printJSON(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := p.stdout.Write(escapeJSON(b.Bytes()))
	return err
}

// wantsJSON guesses whether results are to be JSON, for when the command line
// is too wrong to be parsed.
func wantsJSON(args []string, lookup func(string) (string, bool)) bool {
	format, _ := lookup(asVariable("output"))
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--output="); ok {
			format = value
		} else if arg == "--output" && i+1 < len(args) {
			format = args[i+1]
		}
	}
	return format == "json"
}

// printFound prints what a command found as one JSON object. That of a failed
// command has the error, and perhaps a hint, next to what was found by then.
func (p *program) printFound(failure error) error {
	if failure == nil {
		if p.found == nil {
			return nil
		}
		return p.printJSON(p.found)
	}
	b, err := json.Marshal(p.found)
	if err != nil {
		return err
	}
	var found map[string]json.RawMessage
	if err := json.Unmarshal(b, &found); err != nil {
		return err
	}
	fields := map[string]any{}
	for name, value := range found {
		fields[name] = value
	}
	fields["error"] = cmp.Or(failure.Error(), "no command was given")
	if chains := bucket.Chains(failure); len(chains) > 0 {
		fields["cause"] = strings.Join(chains, "\n")
	}
	if advice := adviceOn(failure); advice != "" {
		fields["hint"] = advice
	}
	return p.printJSON(fields)
}

// escapeJSON escapes in JSON what is not safe to print, which is in strings.
func escapeJSON(text []byte) []byte {
	var safe []byte
	for _, r := range strings.ReplaceAll(string(text), "##", `#\u0023`) {
		if r == '\n' || !unsafe(r) {
			safe = utf8.AppendRune(safe, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			safe = fmt.Appendf(safe, `\u%04x`, unit)
		}
	}
	return safe
}

// say prints a diagnostic; kind is error, cause, warning, note or hint.
func (p *program) say(kind, text string) {
	fmt.Fprintf(p.stderr, "portolan: %s: %s\n", kind, plain(text))
}

// hinted is an error with advice.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// hint adds advice to an error.
func hint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// complain prints an error, line by line: it may be several errors joined.
func (p *program) complain(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line != "" {
			p.say("error", line)
		}
	}
	if p.verbose {
		for _, chain := range bucket.Chains(err) {
			p.say("cause", chain)
		}
	}
	if advice := adviceOn(err); advice != "" {
		p.say("hint", advice)
	}
}

// adviceOn is what to do about an error: its hint, or about a bucket, what the
// doctor would say.
func adviceOn(err error) string {
	server := (*bucket.ServerError)(nil)
	if advice := hintOf(err); advice != "" || !errors.As(err, &server) || errors.Is(err, context.Canceled) {
		return advice
	}
	return cmp.Or(doctor.Advice(server), "run 'portolan doctor' to check the set-up for the usual mistakes")
}

// plain makes text safe to print: what would move the cursor, change colours
// or the direction of writing is shown as an escape. So is what a CI that reads
// along would obey: GitHub's runner takes ##[set-output name=x;]y for a command
// anywhere in a line, Azure's agent ##vso[…], and GitHub's ::command:: where a
// line begins.
func plain(text string) string {
	if strings.Contains(text, "##") {
		text = strings.ReplaceAll(text, "##", `#\x23`)
	}
	if strings.HasPrefix(strings.TrimSpace(text), "::") {
		text = strings.Replace(text, "::", `:\x3a`, 1)
	}
	if !strings.ContainsFunc(text, unsafe) && !strings.ContainsRune(text, unicode.ReplacementChar) {
		return text
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if unsafe(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// How much is printed, in characters, of what anybody may have put into the
// drop area.
const (
	maxName  = 120
	maxProse = 1000
)

// short cuts text to a number of characters, and makes it safe to print.
func short(text string, most int) string {
	n := 0
	for i := range text {
		if n == most {
			return plain(text[:i]) + "…"
		}
		n++
	}
	return plain(text)
}

func unsafe(r rune) bool { return !unicode.IsGraphic(r) }

// isTerminal reports whether a person is watching w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func sizeText(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

func timeText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// notes prints diagnostics of one kind, but not more than a person would read.
func (p *program) notes(kind string, texts []string) {
	const most = 20
	for i, text := range texts {
		if i == most {
			p.say(kind, fmt.Sprintf("and %d more like this", len(texts)-most))
			return
		}
		p.say(kind, text)
	}
}
