package main

import (
	"bytes"
	"testing"

	"github.com/portolan-charts/portolan/generator"
)

// Whoever runs the generator is told when an index is about to be too large,
// what fills it and what to do.
func TestBudgetNote(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stdout: &checkedWriter{w: &out}, stderr: &out}
	p.printReport(&generator.Report{Channels: []generator.ChannelReport{{Channel: "stable", Budget: &generator.Budget{
		Size: 41 << 20, Seen: "its index is 41 MiB", Fix: "set 'keep: N'", Charts: []generator.Filler{{Chart: "web", Versions: 9000, Size: 21 << 20}, {Chart: "db", Versions: 1, Size: 3 << 10}},
	}}}}, format{}, false)
	const want = "nothing to do\nportolan: note: stable: its index is 41 MiB. " +
		"Its largest charts are web (9000 versions, 21 MiB), db (1 version, 3.0 KiB). Set 'keep: N'\n"
	if got := out.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
