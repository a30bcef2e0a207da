package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestReadmeActionOperations compares the table of what an action costs a run with what it
// does, in a channel that had an action before.
func TestReadmeActionOperations(t *testing.T) {
	t.Parallel()
	requests := map[string]func(o *operations) action.Request{
		"yank": func(o *operations) action.Request {
			return action.Request{Kind: action.Yank, Reason: "broken", Versions: o.pins(t, "stable", "chart-1")}
		},
		"restore": func(o *operations) action.Request {
			o.ask(t, action.Request{Kind: action.Yank, Reason: "broken", Versions: o.pins(t, "stable", "chart-1")})
			return action.Request{Kind: action.Restore, Versions: o.pins(t, "stable", "chart-1")}
		},
		"deprecate": func(o *operations) action.Request { return action.Request{Kind: action.Deprecate, Chart: "chart-1"} },
		"promote": func(o *operations) action.Request {
			return action.Request{Kind: action.Promote, From: "dev", Versions: o.pins(t, "dev", "chart-5")}
		},
		"rollback": func(o *operations) action.Request {
			o.submit(t, "stable", 1)
			o.count(t)
			return action.Request{Kind: action.Rollback, Generation: 2}
		},
	}
	for _, row := range table(t, "action operations") {
		t.Run(row[0], func(t *testing.T) {
			o := &operations{drop: newPlace(t, "file").open(t), site: newPlace(t, "file").open(t)}
			o.submit(t, "stable", 4)
			o.submit(t, "dev", 1)
			o.count(t)
			o.ask(t, action.Request{Kind: action.Yank, Reason: "broken", Versions: o.pins(t, "stable", "chart-4")})
			name := strings.TrimSuffix(strings.TrimPrefix(row[0], "`portolan "), "`")
			request := requests[name]
			if request == nil {
				t.Fatalf("the README tells of %s", row[0])
			}
			delete(requests, name)
			if got := o.ask(t, request(o)); got != row[1] {
				t.Errorf("%s:\n got %s\nthe README says\n%s", row[0], got, row[1])
			}
		})
	}
	if len(requests) > 0 {
		t.Errorf("the README does not tell what these cost: %q", sortedKeys(requests))
	}
}

// ask asks for an action in the channel stable, which must be accepted, and counts what the
// run needs for that.
func (o *operations) ask(t *testing.T, request action.Request) string {
	t.Helper()
	id, err := droparea.NewID()
	if err == nil {
		err = droparea.Ask(t.Context(), o.drop, "stable", id, request)
	}
	if err != nil {
		t.Fatal(err)
	}
	counted := o.count(t)
	if r, err := droparea.ReadReceipt(t.Context(), o.drop, id); err != nil || r.Verdict != verdict.Accepted {
		t.Fatalf("%s: %v %s %s", request.Kind, err, r.Verdict, r.Message)
	}
	return counted.String()
}

// pins are the versions of a chart.
func (o *operations) pins(t *testing.T, channel, chart string) (all []action.Pin) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), o.site, channel)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range c.Index().Lines(chart) {
		pin := action.Pin{Chart: chart}
		if err := json.Unmarshal([]byte(line), &pin); err != nil {
			t.Fatal(err)
		}
		all = append(all, pin)
	}
	return all
}
