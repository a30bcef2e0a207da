package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	// maxRows is the number of uploads in a table, and maxMarkdown the number of
	// bytes in all tables of a run: GitHub drops a summary of more than 1 MiB.
	maxRows     = 500
	maxMarkdown = 512 << 10

	maxWarnings = 3  // warnings of a chart
	maxLines    = 20 // lines of an error
)

// Markdown writes a run as Markdown, in the dialect of GitHub and GitLab. It says
// what was published where, and what was rejected and why.
func Markdown(w io.Writer, r *Run) error {
	m := &markdown{run: r}
	m.printf("## %s\n", m.title())
	for i, c := range r.channels() {
		if m.Len() > maxMarkdown {
			m.printf("\nAnd %d more channels; the file that `portolan generate --report` writes has them all.\n", len(r.channels())-i)
			break
		}
		m.channel(c)
	}
	if err := r.rest(); err != nil {
		m.failure(err.Error(), r.Hint)
	}
	_, err := w.Write(append(m.Bytes(), '\n'))
	return err
}

type markdown struct {
	bytes.Buffer
	run *Run
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m, format, args...) }

// title sums up in one line what the run did.
func (m *markdown) title() string {
	r := m.run
	var counts []string
	for _, v := range []verdict.Verdict{verdict.Accepted, verdict.Replaced, verdict.Unchanged, verdict.Superseded, verdict.Rejected} {
		if r.Report == nil {
			break
		}
		if n := r.Report.Count(v); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	sums := strings.Join(counts, ", ")
	switch {
	case r.Err != nil && sums == "":
		return "portolan failed"
	case r.Err != nil:
		return "portolan failed, after " + sums
	case sums == "":
		return "portolan: nothing to do"
	case r.dryRun():
		return "portolan, dry run: " + sums
	}
	return "portolan: " + sums
}

func (m *markdown) channel(c generator.ChannelReport) {
	if len(c.Receipts) == 0 && len(c.Waiting) == 0 && c.Error == "" && c.RootLeft == "" && len(c.Told) == 0 && c.Before == c.After {
		return
	}
	m.printf("\n### %s\n\n", linked(c.Channel, m.run.home(c)))
	switch {
	case c.Before != c.After && m.run.dryRun():
		m.printf("This would be generation %d.\n", c.After)
	case c.Before != c.After:
		m.printf("Generation %d.\n", c.After)
	case c.After > 0:
		m.printf("Still generation %d.\n", c.After)
	default:
		m.printf("Nothing is published yet.\n")
	}
	var rejected, others []droparea.Receipt
	for _, r := range c.Receipts {
		if r.Verdict == verdict.Rejected {
			rejected = append(rejected, r)
		} else {
			others = append(others, r)
		}
	}
	m.rejected(rejected)
	m.decided(c, others)
	m.waiting(c.Waiting)
	if c.Completed > 0 {
		m.printf("\nVersions that can be read by `oci://` from now on: %d.\n", c.Completed)
	}
	if c.OutOfRegistry {
		m.printf("\nIt is out of the registry; `portolan prune` removes its files there after a week (`--grace`).\n")
	}
	if c.RootLeft != "" {
		m.printf("\n%s\n", escape(c.RootLeft))
	}
	if c.RegistryLeft != "" {
		m.printf("\n%s\n", escape(c.RegistryLeft))
	}
	for _, t := range c.Told {
		if t.Error != "" {
			m.printf("\n%s\n", escape(Untold(t)))
		}
	}
	if c.Error != "" {
		m.failure(c.Error, m.run.Hint)
	}
}

// home returns the URL of a channel's page, or of its index if it has no pages.
func (r *Run) home(c generator.ChannelReport) string {
	switch {
	case c.After == 0 || r.dryRun():
		return ""
	case c.Pages == nil:
		return r.link(c.Channel + "/index.yaml")
	}
	return r.link(c.Channel + "/")
}

func (m *markdown) rejected(all []droparea.Receipt) {
	table(m, "| rejected | why | rule | uploaded by |", all, func(r droparea.Receipt) string {
		why := escape(short(r.Message, maxProse))
		if r.Fix != "" {
			why += "<br>**Fix:** " + escape(short(r.Fix, maxProse))
		}
		job := ""
		if url := Job(r); url != "" {
			job = linked("CI job", url)
		}
		return fmt.Sprintf("| %s | %s | %s | %s |", named(r), why, escape(short(r.Rule, maxName)), job)
	})
}

// named is the subject of a rejected upload, with the file that it came in.
func named(r droparea.Receipt) string {
	name := escape(subject(r))
	if r.Chart != "" && r.Request != nil && r.Request.File != "" {
		name += "<br>" + escape(short(r.Request.File, maxName))
	}
	return name
}

func (m *markdown) decided(c generator.ChannelReport, all []droparea.Receipt) {
	table(m, "| chart | version | | |", all, func(r droparea.Receipt) string {
		archive := ""
		if link := m.run.link(r.URL); link != "" && !m.run.dryRun() {
			archive = linked("archive", link)
		}
		verdict := string(r.Verdict)
		for _, w := range r.Warnings[:min(maxWarnings, len(r.Warnings))] {
			verdict += "<br>⚠ " + escape(short(w.Message, maxProse))
		}
		if more := len(r.Warnings) - maxWarnings; more > 0 {
			verdict += fmt.Sprintf("<br>and %d more warnings", more)
		}
		page := m.run.page(c, r)
		if r.Action != nil {
			return fmt.Sprintf("| %s | | %s | |", escape(subject(r)), verdict)
		}
		return fmt.Sprintf("| %s | %s | %s | %s |", linked(cmp.Or(r.Chart, subject(r)), page), escape(short(r.Version, maxName)), verdict, archive)
	})
}

func (m *markdown) waiting(all []generator.Waiting) {
	table(m, "| waiting | why |", all, func(w generator.Waiting) string {
		return fmt.Sprintf("| %s | %s |", escape(short(w.Name(), maxName)), escape(short(w.Reason, maxProse)))
	})
}

// table writes a table, and the number of rows that are left out.
func table[T any](m *markdown, head string, all []T, row func(T) string) {
	if len(all) == 0 {
		return
	}
	m.printf("\n%s\n%s\n", head, strings.Repeat("| --- ", strings.Count(head, "|")-1)+"|")
	for i, one := range all {
		if i == maxRows || m.Len() > maxMarkdown {
			m.printf("\nAnd %d more; the file that `portolan generate --report` writes has them all.\n", len(all)-i)
			return
		}
		m.printf("%s\n", row(one))
	}
}

// failure says what stopped the run.
func (m *markdown) failure(message, hint string) {
	m.printf("\n**Failed:** %s\n", strings.ReplaceAll(escape(lines(message)), "\n", "<br>"))
	if hint != "" {
		m.printf("\n**Hint:** %s\n", escape(lines(hint)))
	}
}

// linked returns a text that links to the URL if that is not "". URLs come from
// link and Job and have no angle brackets.
func linked(text, url string) string {
	if text = escape(short(text, maxName)); url == "" {
		return text
	}
	return fmt.Sprintf("[%s](<%s>)", text, strings.ReplaceAll(url, "|", "%7C"))
}

// escape makes Markdown show text as it is: it writes whatever might be markup as a
// character reference, which never is. The dot after www would make a link.
func escape(text string) string {
	var b strings.Builder
	last := rune(0)
	for _, r := range text {
		plain := r >= 0x80 || r == ' ' || r == '\n' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || strings.ContainsRune(",-/+", r)
		if plain || r == '.' && last|0x20 != 'w' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
		last = r
	}
	return b.String()
}
