package publisher

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Beside head, a channel has other files that are replaced and follow from the log, so
// that anyone may write them at any time: the index of each chart, and that of all
// versions. They are written before head. A run writes those that depend on what changed,
// as the newest record that it knows has it. How it keeps them from going back is said at
// [Channel.look].
//
// The header of head says which of them the record saw to. So the log has it, and
// [Verify] tells what is missing from what an older portolan did not write.

// derived is one replaceable file that follows from the log.
type derived struct {
	key         string
	body        bucket.Body
	contentType string
	generation  int  // the newest one that changed it: no two of its contents have the same
	due         bool // it is created, if it does not exist; otherwise it is only replaced
	gone        bool // it is removed: what it named was taken down, or freed
}

// touched says what changed in the index that head may not show yet.
type touched struct {
	charts map[string]touch
	index  bool // something did: so does what depends on the whole index

	tags  map[version]tagTouch // those that name another manifest
	lists map[string]int       // generations that last changed the list of a chart's tags

	unsaid bool // also files of the whole index that the log does not speak of: see touchIndex
	create bool // all of these, if they do not exist
}

// touch is the last change of a chart's lines.
type touch struct {
	header     string // of the index that it led to
	generation int
}

func (t touched) clone() touched {
	t.charts, t.tags, t.lists = maps.Clone(t.charts), maps.Clone(t.tags), maps.Clone(t.lists)
	return t
}

// add adds the change of a record, which is newer.
func (t *touched) add(r *Record) {
	if r.Change == nil {
		return
	}
	if t.charts == nil {
		t.charts = map[string]touch{}
	}
	for _, lines := range [][]Line{r.Change.Removed, r.Change.Added} {
		for _, l := range lines {
			t.charts[l.Chart] = touch{r.Change.Header, r.Generation}
		}
	}
	for chart := range r.acted() {
		t.charts[chart] = touch{r.Change.Header, r.Generation}
	}
	t.index = true
	t.addRegistry(r)
}

// derived lists the files that follow from the index and the state, and depend on what was
// touched. To
// give a channel more files of this kind, list them here, each with all that it depends on
// in its body, and nothing else. Then runs, [Prune] and [Rebuild] write them.
func (c *Channel) derived(ctx context.Context, x *Index, state *action.State, t touched) ([]derived, error) {
	var files []derived
	for _, name := range slices.Sorted(maps.Keys(t.charts)) {
		file, err := x.chartFile(c.Name, name, state, t.charts[name])
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	files = append(files, c.registryFiles(ctx, x, state, t)...)
	if t.index {
		all, err := x.allFile(c.Name, t.unsaid)
		if err != nil {
			return nil, err
		}
		files = append(files, all...)
	}
	for i := range files {
		files[i].due = files[i].due || t.create && !files[i].last()
	}
	return files, nil
}

// chartIndexKey is the index of one chart.
func chartIndexKey(channel, chart string) string {
	return path.Join(channel, chartsDir, chart, indexFile)
}

// chartUp leads from a chart's folder to the channel's.
const chartUp = "../../"

// chartFile is the index of one chart: all its versions but those that are yanked, also
// those that head leaves out so that it stays small. If none are left, it lists none: were
// it deleted, a slow writer could bring it back.
func (x *Index) chartFile(channel, name string, state *action.State, t touch) (derived, error) {
	h, err := decodeHeader(t.header)
	if err != nil {
		return derived{}, err
	}
	due := h.Annotations[chartIndexesKey] != ""
	part := &Index{}
	if part.header, err = h.of(chartKey, name); err != nil {
		return derived{}, err
	}
	if lines := x.listed(name, state); len(lines) > 0 {
		part.charts = []section{{name: name, lines: lines}}
	}
	return derived{
		key: chartIndexKey(channel, name), body: part.body(chartUp), contentType: typeYAML, generation: t.generation, due: due,
	}, nil
}

// listed are the lines of a chart's versions that are not yanked.
func (x *Index) listed(chart string, state *action.State) []string {
	lines, yanked := x.Lines(chart), state.YankedOf(chart)
	if len(yanked) == 0 {
		return lines
	}
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return yanked[lineVersion(line)] })
}

// allIndexKey is the index of all versions.
func allIndexKey(channel string) string { return path.Join(channel, allDir, indexFile) }

// allUp leads from its folder to the channel's.
const allUp = "../"

// allFile is the index of all versions, also those that head leaves out, if the log says
// that the channel has one, or with unsaid if it may have.
func (x *Index) allFile(channel string, unsaid bool) ([]derived, error) {
	h, err := decodeHeader(x.header)
	if err != nil {
		return nil, err
	}
	due := h.Annotations[allIndexesKey] != ""
	if !due && !unsaid {
		return nil, nil
	}
	whole := &Index{charts: make([]section, len(x.charts))}
	if whole.header, err = h.of(versionsKey, "all"); err != nil {
		return nil, err
	}
	for i, s := range x.charts {
		whole.charts[i] = section{name: s.name, lines: s.lines}
	}
	generation, err := h.generation()
	if err != nil {
		return nil, err
	}
	return []derived{{
		key: allIndexKey(channel), body: whole.body(allUp), contentType: typeYAML, generation: generation, due: due,
	}}, nil
}

// touchIndex touches what depends on the whole index, although nothing has changed in that:
// an index of all versions may be there of which the log says nothing, since a rebuild has
// written it and an older portolan has published since.
func (c *Channel) touchIndex(ctx context.Context) error {
	if c.index.header == "" {
		return nil // there is no index yet
	}
	h, err := c.index.Header()
	if err != nil {
		return err
	}
	c.touched.index = true
	if h.Older && !h.All {
		c.touched.unsaid, err = c.mayHaveAll(ctx)
	}
	return err
}

// startsAll reports whether the next index is to come with one of all versions: from the
// first one on that leaves something out.
func (c *Channel) startsAll(ctx context.Context, next *Index) (bool, error) {
	var h Header
	if c.index.header != "" {
		var err error
		if h, err = c.index.Header(); err != nil {
			return false, err
		}
	}
	if h.All || !h.Older && next.Older() == 0 {
		return h.All, nil
	}
	return c.mayHaveAll(ctx)
}

// mayHaveAll reports whether the place of the index of all versions is free of a channel
// that was called so before the name was reserved.
func (c *Channel) mayHaveAll(ctx context.Context) (bool, error) {
	taken, err := HasChannel(ctx, c.site, path.Join(c.Name, allDir))
	return !taken, err
}
