package generator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// replayed is a channel's log, followed record by record.
type replayed struct {
	charts map[string][]string          // all lines
	last   map[string]*publisher.Record // that changed a chart's lines
	newest *publisher.Record            // that changed the index
	all    bool                         // some index did not list all versions
	yanked map[string]bool              // charts and versions: "alpha 1.0.0"
}

func replay(records []*publisher.Record) *replayed {
	l := &replayed{charts: map[string][]string{}, last: map[string]*publisher.Record{}, yanked: map[string]bool{}}
	for _, r := range records {
		l.act(r)
		if r.Change == nil {
			continue
		}
		l.newest, l.all = r, l.all || r.Change.Older != nil
		byPlace := func(a, b publisher.Line) int { return cmp.Compare(a.At, b.At) }
		for _, line := range slices.Backward(slices.SortedFunc(slices.Values(r.Change.Removed), byPlace)) {
			l.charts[line.Chart] = slices.Delete(l.charts[line.Chart], line.At, line.At+1)
			l.last[line.Chart] = r
		}
		for _, line := range slices.SortedFunc(slices.Values(r.Change.Added), byPlace) {
			l.charts[line.Chart] = slices.Insert(l.charts[line.Chart], line.At, line.Text)
			l.last[line.Chart] = r
		}
	}
	return l
}

// act follows what a record's actions, and what it publishes, make of yanked versions.
func (l *replayed) act(r *publisher.Record) {
	for _, d := range r.Decisions {
		if d.Restores {
			delete(l.yanked, d.Chart+" "+d.Version)
		}
	}
	for _, a := range r.Actions {
		if a.Verdict != verdict.Accepted {
			continue
		}
		for _, v := range a.Versions {
			l.last[v.Chart] = r
			switch a.Kind {
			case action.Yank:
				l.yanked[v.Chart+" "+v.Version] = true
			case action.Rollback, action.Promote:
				if v.Restores {
					delete(l.yanked, v.Chart+" "+v.Version)
				} else if a.Kind == action.Rollback && v.Upload == "" {
					l.yanked[v.Chart+" "+v.Version] = true
				}
			case action.Restore, action.TakeDown, action.Free:
				delete(l.yanked, v.Chart+" "+v.Version)
			}
		}
	}
}

// listed are the lines of a chart's versions that are not yanked.
func (l *replayed) listed(chart string) []string {
	return slices.DeleteFunc(slices.Clone(l.charts[chart]), func(line string) bool {
		var e indexEntry
		return json.Unmarshal([]byte(line), &e) == nil && l.yanked[chart+" "+e.Version]
	})
}

// text is the index of the charts, in a folder from which up leads to the channel's, with
// the annotation beside the record's generation.
func (l *replayed) text(r *publisher.Record, up, annotation, value string, lines func(chart string) []string, charts ...string) string {
	before, _, _ := strings.Cut(r.Change.Header, `"annotations":{`)
	annotations, _ := json.Marshal(map[string]string{"portolan/generation": fmt.Sprint(r.Generation), annotation: value})
	var sections []string
	for _, name := range charts {
		if lines := lines(name); len(lines) > 0 {
			text := strings.ReplaceAll(strings.Join(lines, ",\n"), `"urls":["`, `"urls":["`+up)
			sections = append(sections, fmt.Sprintf("%q:[\n%s\n]", name, text))
		}
	}
	entries := strings.Join(sections, ",\n")
	if entries != "" {
		entries += "\n"
	}
	return before + `"annotations":` + string(annotations) + `,"entries":{` + "\n" + entries + "}}\n"
}

// derived are the files that follow from the log as head does, by their keys in the channel.
func (l *replayed) derived() map[string]string {
	files := map[string]string{}
	for name, r := range l.last {
		files["charts/"+name+"/index.yaml"] = l.text(r, "../../", "portolan/chart", name, l.listed, name)
	}
	if l.all {
		every := func(chart string) []string { return l.charts[chart] }
		files["all/index.yaml"] = l.text(l.newest, "../", "portolan/versions", "all", every, slices.Sorted(maps.Keys(l.charts))...)
	}
	return files
}

// checkDerived checks that the channel has the files that follow from its newest record,
// and no other indexes.
func (c *channelState) checkDerived(name string, site map[string][]byte) error {
	want := replay(c.records).derived()
	for key, text := range want {
		if got := string(site[name+"/"+key]); got != text {
			return fmt.Errorf("%s/%s is\n%s\nnot\n%s", name, key, got, text)
		}
	}
	for key := range site {
		inside, ok := strings.CutPrefix(key, name+"/")
		if ok && strings.HasSuffix(key, "/index.yaml") && inside != "index.yaml" && !strings.HasPrefix(inside, "snapshots/") && want[inside] == "" {
			return fmt.Errorf("%s is left over", key)
		}
	}
	return nil
}
