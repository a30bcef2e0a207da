package survey_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

// stable is a channel with versions of every state: web 2.0.0-rc.1 and 1.2.0 are listed,
// 1.1.0 is yanked, 1.0.0 hidden by keep; db has one version, and is deprecated; the only
// version of old is yanked.
func stable(t *testing.T) *world {
	w := newWorld(t)
	w.edit("stable").put("web", "1.0.0", "a").put("web", "1.1.0", "b").put("web", "1.2.0", "c").put("web", "2.0.0-rc.1", "d").
		put("db", "0.1.0", "e").put("old", "3.0.0", "f").commit()
	w.edit("stable").
		act(publisher.ActionDecision{Kind: action.Yank, Reason: "leaks", Versions: pins("web 1.1.0", "old 3.0.0")}).
		act(publisher.ActionDecision{Kind: action.Deprecate, Chart: "db", Reason: "too slow", Successor: "web"}).
		hide("web", false, false, true, true).hide("old", true).commit()
	return w
}

func open(t *testing.T, w *world, channel string) *survey.Contents {
	t.Helper()
	c, err := survey.Open(t.Context(), w.store(), channel)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVersions(t *testing.T) {
	t.Parallel()
	w := stable(t)
	all, err := open(t, w, "stable").Versions("web")
	if err != nil {
		t.Fatal(err)
	}
	version := func(number, content string, upload int, state survey.State, yank *survey.Yank) survey.Version {
		return survey.Version{
			Channel: "stable", Chart: "web", Version: number, AppVersion: "v" + number, Created: at(1), Digest: digest(content),
			URL: path.Join("stable", publisher.ReleaseURL("web", number, id(upload))), State: state, Yanked: yank,
		}
	}
	equal(t, "versions", all, []survey.Version{
		version("2.0.0-rc.1", "d", 4, survey.Listed, nil),
		version("1.2.0", "c", 3, survey.Listed, nil),
		version("1.1.0", "b", 2, survey.Yanked, &survey.Yank{Reason: "leaks", Time: at(2), Action: id(7)}),
		version("1.0.0", "a", 1, survey.Hidden, nil),
	})
	if none, err := open(t, w, "stable").Versions("nosuch"); err != nil || len(none) > 0 {
		t.Errorf("of no chart: %v, %v", none, err)
	}
	every, err := survey.Versions(t.Context(), w.store())
	if err != nil || len(every) != 6 {
		t.Errorf("all: %v, %v", every, err)
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()
	all, err := open(t, stable(t), "stable").Charts()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "charts", all, []survey.Chart{
		{
			Channel: "stable", Chart: "db", Newest: "0.1.0", AppVersion: "v0.1.0", Created: at(1), Versions: 1,
			Deprecation: &survey.Deprecation{Message: "too slow", Successor: "web", Time: at(2)},
		},
		{Channel: "stable", Chart: "old", Newest: "3.0.0", AppVersion: "v3.0.0", Created: at(1), Versions: 1, Yanked: 1},
		{Channel: "stable", Chart: "web", Newest: "1.2.0", AppVersion: "v1.2.0", Created: at(1), Versions: 4, Hidden: 1, Yanked: 1},
	})
}

// TestNewest: the newest version of a chart is one that people would take.
func TestNewest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ versions, yanked, want string }{
		{"2.0.0 1.0.0", "", "2.0.0"},
		{"2.0.0 1.0.0", "2.0.0", "1.0.0"},
		{"2.0.0-rc 1.0.0", "", "1.0.0"},
		{"2.0.0-rc 1.0.0", "1.0.0", "2.0.0-rc"},
		{"2.0.0-rc.2 2.0.0-rc.1", "2.0.0-rc.2", "2.0.0-rc.1"},
		{"2.0.0 1.0.0", "2.0.0 1.0.0", "2.0.0"},
	} {
		w := newWorld(t)
		e := w.edit("stable")
		versions := strings.Fields(test.versions)
		for i := len(versions) - 1; i >= 0; i-- {
			e.put("web", versions[i], versions[i])
		}
		e.commit()
		if test.yanked != "" {
			e := w.edit("stable")
			hidden := make([]bool, len(versions))
			for i, v := range versions {
				hidden[i] = strings.Contains(" "+test.yanked+" ", " "+v+" ")
			}
			for _, v := range strings.Fields(test.yanked) {
				e.act(publisher.ActionDecision{Kind: action.Yank, Reason: "r", Versions: pins("web " + v)})
			}
			e.hide("web", hidden...).commit()
		}
		all, err := open(t, w, "stable").Charts()
		if err != nil || len(all) != 1 || all[0].Newest != test.want {
			t.Errorf("%+v: got %+v, %v", test, all, err)
		}
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	w := stable(t)
	w.edit("broken").put("web", "1.0.0", "a").commit()
	w.edit("refused").reject("not-gzip").commit()
	w.site.Put("broken/log/00000001.json", []byte("{"))
	w.site.TB = nil
	all, err := survey.Channels(t.Context(), w.store())
	if err != nil || len(all) != 2 {
		t.Fatalf("got %+v, %v", all, err)
	}
	if all[0].Channel != "broken" || !strings.Contains(all[0].Error, "broken/log/00000001.json") {
		t.Errorf("broken: %+v", all[0])
	}
	equal(t, "stable", all[1], survey.Channel{Channel: "stable", Generation: 2, Charts: 3, Versions: 6, Hidden: 1, Yanked: 2, Changed: at(2)})
	for _, name := range []string{"refused", "nosuch"} {
		if _, err := survey.Open(t.Context(), w.store(), name); !errors.Is(err, survey.ErrNoChannel) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	c := open(t, stable(t), "stable")
	for word, want := range map[string]string{"wbe": "web", "d": "db", "something else": ""} {
		if got := c.Near(word); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}
