package ask_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// about returns what a plan says of copies: its notes about them, and where they are.
func about(t *testing.T, p *ask.Plan, err error) (notes, copies []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range p.Notes {
		if strings.Contains(note, "(the same archive") || strings.Contains(note, "for copies") {
			notes = append(notes, note)
		}
	}
	for _, c := range p.Copies {
		if len(c.Digest) != 64 {
			t.Errorf("the digest of %s %s is %q", c.Chart, c.Version, c.Digest)
		}
		copies = append(copies, c.Channel+" "+c.Chart+" "+c.Version)
	}
	return notes, copies
}

func wantCopies(t *testing.T, what string, p *ask.Plan, err error, wantNotes, wantCopies []string) {
	t.Helper()
	notes, copies := about(t, p, err)
	if !slices.Equal(notes, wantNotes) || !slices.Equal(copies, wantCopies) {
		t.Errorf("%s: got\n%s\n%q, want\n%s\n%q", what, strings.Join(notes, "\n"), copies, strings.Join(wantNotes, "\n"), wantCopies)
	}
}

// TestCopies: a yank names the channels that list the same archive, and a restore those in
// which it is yanked; also where it is done already in the channel that it is about. Other
// content of the version does not count.
func TestCopies(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for _, channel := range []string{"dev", "qa", "stable"} {
		w.upload(channel, "1.0.0")
		w.upload(channel, "1.1.0")
	}
	w.upload("dev", "1.2.0")
	w.upload("other", "1.2.0", "README.md", "other content")
	w.run()
	yank := func(channel, version string) (*ask.Plan, error) {
		return ask.Yank(ctx, w.site, channel, "web", []string{version}, "broken")
	}
	restore := func(channel, version string) (*ask.Plan, error) {
		return ask.Restore(ctx, w.site, channel, "web", []string{version})
	}
	also := func(channel string) string {
		return fmt.Sprintf("web 1.0.0 is also in %s (the same archive); yank it there with: portolan yank %[1]s web 1.0.0 --reason TEXT", channel)
	}
	p, err := yank("dev", "1.0.0")
	wantCopies(t, "yank", p, err, []string{also("qa"), also("stable")}, []string{"qa web 1.0.0", "stable web 1.0.0"})
	p, err = yank("dev", "1.2.0")
	wantCopies(t, "yank of what has other content", p, err, nil, nil)
	p, err = yank("qa", "<1.2")
	wantCopies(t, "yank of two", p, err, []string{
		"web 1.1.0 and 1.0.0 are also in dev (the same archives); yank them there with: portolan yank dev web 1.1.0 1.0.0 --reason TEXT",
		"web 1.1.0 and 1.0.0 are also in stable (the same archives); yank them there with: portolan yank stable web 1.1.0 1.0.0 --reason TEXT",
	}, []string{"dev web 1.1.0", "dev web 1.0.0", "stable web 1.1.0", "stable web 1.0.0"})

	w.asks(yank("dev", "1.0.0"))
	w.asks(yank("qa", "1.0.0"))
	p, err = yank("dev", "1.0.0")
	if wantCopies(t, "yank once more", p, err, []string{also("stable")}, []string{"stable web 1.0.0"}); !p.Idle {
		t.Errorf("there is something to do: %+v", p)
	}
	p, err = restore("dev", "1.0.0")
	wantCopies(t, "restore", p, err, []string{"web 1.0.0 is yanked in qa (the same archive); restore it there with: portolan restore qa web 1.0.0"}, []string{"qa web 1.0.0"})
}

// TestCopiesOfMany: a long list of versions is cut in the note, and whole in the plan.
func TestCopiesOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		w.upload("dev", fmt.Sprintf("1.0.%d", i))
		w.upload("stable", fmt.Sprintf("1.0.%d", i))
	}
	w.run()
	p, err := ask.Yank(t.Context(), w.site, "dev", "web", []string{"*"}, "broken")
	notes, copies := about(t, p, err)
	want := "web 1.0.6, 1.0.5, 1.0.4, 1.0.3, 1.0.2 and 2 more are also in stable (the same archives); yank them there with: portolan yank stable web VERSION… --reason TEXT"
	if len(copies) != 7 || !slices.Equal(notes, []string{want}) {
		t.Errorf("got %q, %q, want %q", copies, notes, want)
	}
}

// TestCopiesBounded: of many channels, those of the same project come first, and what is left
// out is said. So are channels that cannot be read, which stop nothing.
func TestCopiesBounded(t *testing.T) {
	t.Parallel()
	store := &buckettest.Mem{Now: time.Now}
	w := newWorld(t)
	w.site = store.Handle("all")
	w.upload("team/z", "1.0.0")
	w.upload("team/y", "1.0.0")
	for i := range 12 {
		w.upload(fmt.Sprintf("a%02d", i), "1.0.0")
	}
	w.run()
	var reads atomic.Int32
	store.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == "get" {
			if !strings.HasPrefix(op.Key, "team/z/") {
				reads.Add(1)
			}
			if strings.HasPrefix(op.Key, "a03/") {
				return buckettest.Refused
			}
		}
		return buckettest.None
	}
	p, err := ask.Yank(t.Context(), w.site, "team/z", "web", []string{"1.0.0"}, "broken")
	notes, copies := about(t, p, err)
	if len(copies) != 11 || copies[0] != "team/y web 1.0.0" || slices.Contains(copies, "a11 web 1.0.0") {
		t.Errorf("it finds %q", copies)
	}
	if last := notes[len(notes)-1]; last != "not looked at for copies: a11 and a03" {
		t.Errorf("it notes %q", last)
	}
	if n := reads.Load(); n != 12 {
		t.Errorf("it reads %d times", n)
	}

	store.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == "list" {
			return buckettest.Refused
		}
		return buckettest.None
	}
	p, err = ask.Yank(t.Context(), w.site, "team/z", "web", []string{"1.0.0"}, "broken")
	if notes, copies := about(t, p, err); len(copies) > 0 || len(notes) != 1 || !strings.HasPrefix(notes[0], "other channels were not looked at for copies: ") {
		t.Errorf("without a list, it finds %q, and notes %q", copies, notes)
	}
}
