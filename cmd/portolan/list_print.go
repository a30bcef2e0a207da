package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/portolan-charts/portolan/generator/survey"
)

// table begins a table of results.
func (p *program) table(columns ...string) *tabwriter.Writer {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	row(w, columns...)
	return w
}

// row writes a row of a table. The cells must be safe to print. What is empty at its end
// takes no room.
func row(w io.Writer, cells ...string) {
	fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

// cell is a text from a chart as it stands in a table.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	return short(text, maxName)
}

// cut is the beginning of a digest, as people compare them.
func cut(digest string) string { return cell(digest[:min(len(digest), 12)]) }

func (p *program) printChannels(all []survey.Channel) error {
	if len(all) == 0 {
		p.printf("no channels yet\n")
		return nil
	}
	w := p.table("CHANNEL", "CHARTS", "VERSIONS", "HIDDEN", "YANKED", "CHANGED")
	for _, c := range all {
		if c.Error != "" {
			row(w, c.Channel, "error", "-", "-", "-", "-")
			continue
		}
		row(w, c.Channel, fmt.Sprint(c.Charts), fmt.Sprint(c.Versions), fmt.Sprint(c.Hidden), fmt.Sprint(c.Yanked), timeText(c.Changed))
	}
	return w.Flush()
}

func (p *program) printCharts(all []survey.Chart) error {
	if len(all) == 0 {
		p.printf("no charts\n")
		return nil
	}
	w := p.table("CHART", "NEWEST", "APP", "VERSIONS", "PUBLISHED", "NOTE")
	for _, c := range all {
		row(w, cell(c.Chart), cell(c.Newest), cell(c.AppVersion), fmt.Sprint(c.Versions), timeText(c.Created), chartNote(c))
	}
	return w.Flush()
}

func chartNote(c survey.Chart) string {
	var notes []string
	if c.Hidden > 0 {
		notes = append(notes, fmt.Sprintf("%d hidden by keep", c.Hidden))
	}
	if c.Yanked > 0 {
		notes = append(notes, fmt.Sprintf("%d yanked", c.Yanked))
	}
	if d := c.Deprecation; d != nil {
		notes = append(notes, deprecationText(d.Message, d.Successor))
	} else if c.Deprecated {
		notes = append(notes, "deprecated")
	}
	return strings.Join(notes, ", ")
}

func deprecationText(message, successor string) string {
	text := "deprecated"
	if successor != "" {
		text += ", use " + short(successor, maxName)
	}
	if message != "" {
		text += ": " + short(message, maxProse)
	}
	return text
}

// printVersions prints versions, with their channels if they are those of several.
func (p *program) printVersions(all []survey.Version, channels bool) error {
	if len(all) == 0 {
		p.printf("no versions\n")
		return nil
	}
	columns := []string{"CHANNEL", "CHART", "VERSION", "APP", "PUBLISHED", "DIGEST", "NOTE"}
	from := 1
	if channels {
		from = 0
	}
	w := p.table(columns[from:]...)
	for _, v := range all {
		cells := []string{
			v.Channel, cell(v.Chart), cell(v.Version), cell(v.AppVersion), timeText(v.Created), cut(v.Digest), versionNote(v),
		}
		row(w, cells[from:]...)
	}
	return w.Flush()
}

func versionNote(v survey.Version) string {
	var notes []string
	if v.State == survey.Hidden {
		notes = append(notes, "hidden by keep")
	}
	if v.From != "" {
		notes = append(notes, "promoted from "+short(v.From, maxName))
	}
	if v.Deprecated {
		notes = append(notes, "deprecated")
	}
	if y := v.Yanked; y != nil {
		notes = append(notes, fmt.Sprintf("yanked %s: %s", timeText(y.Time), short(y.Reason, maxProse)))
	}
	return strings.Join(notes, ", ")
}
