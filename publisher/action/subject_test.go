package action_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
)

// TestSubject: one version is named, and several are counted.
func TestSubject(t *testing.T) {
	one := []action.Pin{{Chart: "web", Version: "1.2.3"}}
	two := append(one, action.Pin{Chart: "web", Version: "1.2.4"})
	three := append(two, action.Pin{Chart: "db", Version: "1.0.0"})
	many := append(three, action.Pin{Chart: "a", Version: "1"}, action.Pin{Chart: "b", Version: "1"})
	for _, tt := range []struct {
		request action.Request
		want    string
	}{
		{action.Request{Kind: action.Yank, Versions: one}, "yank web 1.2.3"},
		{action.Request{Kind: action.Restore, Versions: two}, "restore 2 versions of web"},
		{action.Request{Kind: action.Yank, Versions: three}, "yank 3 versions of web, db"},
		{action.Request{Kind: action.Yank, Versions: many}, "yank 5 versions of 4 charts"},
		{action.Request{Kind: action.Promote, From: "dev", Versions: one}, "promote web 1.2.3 from dev"},
		{action.Request{Kind: action.Deprecate, Chart: "web", Successor: "web2"}, "deprecate web"},
		{action.Request{Kind: action.Rollback, Generation: 7}, "roll back to generation 7"},
		{action.Request{Kind: action.Promote}, "an action to promote"},
		{action.Request{Kind: action.Rollback}, "an action to roll back"},
		{action.Request{}, "an action that cannot be read"},
	} {
		if got := tt.request.Subject(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
