package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
)

// maxNamed is how many charts a row names.
const maxNamed = 3

// yanked says what the channel hides from lists, and whether the file is there that tells
// why. It is silent about a channel that no action has changed.
func (e *exam) yanked(ctx context.Context, channel string) {
	if e.Site.Store == nil {
		return
	}
	check := "site: " + channel + ": yanked"
	head, err := publisher.ReadHead(ctx, e.Site.Store, channel, nil)
	if err != nil {
		return // other rows tell of it
	}
	header, err := head.Header()
	switch {
	case err != nil || header.State == "":
	case head.State == nil:
		e.Add(check, Fail, fmt.Sprintf("%s/log/%s, which tells what is yanked and why, is missing or damaged", channel, header.State),
			"run 'portolan rebuild --channel "+channel+"', which derives it from the log")
	case len(head.State.Yanked) > 0:
		e.Add(check, OK, countYanked(head), "")
	}
}

// countYanked counts what is yanked, and names the charts that no list has any more.
func countYanked(head *publisher.Head) string {
	charts := map[string]int{}
	for _, y := range head.State.Yanked {
		charts[y.Chart]++
	}
	text := fmt.Sprintf("versions: %d, of charts: %d", len(head.State.Yanked), len(charts))
	var unlisted []string
	for chart := range head.Charts() {
		if charts[chart] > 0 && charts[chart] == len(head.Lines(chart)) {
			unlisted = append(unlisted, chart)
		}
	}
	if len(unlisted) == 0 {
		return text
	}
	names := strings.Join(unlisted[:min(len(unlisted), maxNamed)], ", ")
	if more := len(unlisted) - maxNamed; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return text + "; no list has any of " + names
}
