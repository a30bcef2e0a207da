package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
)

// TestManyAskedFor: the receipt of an action on thousands of versions stays short.
func TestManyAskedFor(t *testing.T) {
	t.Parallel()
	r := action.Request{Kind: action.Yank}
	for i := range action.MaxVersions {
		r.Versions = append(r.Versions, action.Pin{Chart: "web", Version: fmt.Sprintf("1.0.%d", i)})
	}
	lines := map[string]string{}
	asksFor(r, func(name, value string) { lines[name] = value })
	if got := lines["versions"]; len(got) > 1000 || !strings.HasPrefix(got, "web 1.0.0, web 1.0.1, ") || !strings.HasSuffix(got, "web 1.0.49 and 9950 more; --output json lists all") {
		t.Errorf("it prints %d bytes: %.200s", len(got), got)
	}
}
