package pages

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

// view is a channel at one generation: its index, and what actions have made of it. The
// index has all versions, also those that are yanked.
type view struct {
	*publisher.Index
	state *action.State
}

// releases reads a chart's lines.
func (v *view) releases(chart string) ([]*release, error) {
	all, err := parseReleases(v.Lines(chart), v.Shown(chart))
	deprecation := v.deprecation(chart)
	for _, r := range all {
		if y, ok := v.state.FindYanked(chart, r.Version); ok {
			r.yanked = &y
		}
		r.deprecation = deprecation
	}
	return all, err
}

// yanked are the yanked versions of a chart.
func (v *view) yanked(chart string) []action.Yanked {
	if v.state == nil {
		return nil
	}
	all := v.state.Yanked
	from, _ := slices.BinarySearchFunc(all, chart, func(y action.Yanked, name string) int { return strings.Compare(y.Chart, name) })
	to := from
	for to < len(all) && all[to].Chart == chart {
		to++
	}
	return all[from:to]
}

// lists reports whether lists of charts have a chart: if not all of its versions are yanked.
func (v *view) lists(chart string) bool { return len(v.yanked(chart)) < len(v.Lines(chart)) }

// counts counts what lists have: the charts, their versions, and how many of these are not
// in the repository's index. The last number is that of the yanked versions.
func (v *view) counts() (charts, versions, older, yanked int) {
	charts, versions = v.Counts()
	older = v.Older()
	if v.state == nil {
		return charts, versions, older, 0
	}
	yanked = len(v.state.Yanked)
	last := ""
	for _, y := range v.state.Yanked {
		if y.Chart != last && !v.lists(y.Chart) {
			charts--
		}
		last = y.Chart
	}
	return charts, versions - yanked, older - yanked, yanked
}

// deprecation is what an action says of a chart that it deprecated.
type deprecation struct {
	Message   string
	Successor string
	There     bool // the channel has the successor
	Time      time.Time
}

// deprecation returns nil if no action deprecated the chart.
func (v *view) deprecation(chart string) *deprecation {
	d, ok := v.state.FindDeprecated(chart)
	if !ok {
		return nil
	}
	return &deprecation{d.Message, d.Successor, v.Lines(d.Successor) != nil, d.Time}
}

// said is all that actions say of a chart: pages are the same if this is, and the lines.
// It is text, so that it is the same whether the state was made or read.
func (v *view) said(chart string) string {
	yanked, deprecation := v.yanked(chart), v.deprecation(chart)
	if len(yanked) == 0 && deprecation == nil {
		return ""
	}
	return encoded(yanked, deprecation)
}

// said is all that actions say of the release.
func (r *release) said() string {
	if r.yanked == nil && r.deprecation == nil {
		return ""
	}
	return encoded(r.yanked, r.deprecation)
}

func encoded(values ...any) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // texts and times always encode
	}
	return string(b)
}

// same reports whether the pages of a chart that follow from one view are as they are from
// another one.
func (v *view) same(chart string, o *view) bool {
	return v.Shown(chart).Equal(o.Shown(chart)) && slices.Equal(v.Lines(chart), o.Lines(chart)) && v.said(chart) == o.said(chart)
}
