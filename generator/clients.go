package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
)

// A ClientNote says which clients do not take something of a channel that Helm takes.
type ClientNote struct {
	What    string         `json:"what"` // index, archive or name
	Seen    string         `json:"seen"` // a sentence, without the channel
	Fix     string         `json:"fix"`
	Clients []check.Client `json:"clients"`
}

const (
	fixIndex = "set 'keep: N' in portolan.yaml to list only the newest N versions of each chart (the others stay available), " +
		"or publish some charts in another channel"
	fixArchive = "leave out what the chart does not need; with 'limits: {packed: 5MiB}' in portolan.yaml, a channel refuses larger archives"
	fixName    = "publish the chart under another name; with 'charts: [PATTERN]' in portolan.yaml, a channel refuses other names"
)

// ClientNotes returns what clients do not take of a channel.
func ClientNotes(s publisher.ChannelStatus) []ClientNote {
	var notes []ClientNote
	if seen, clients := indexNote(s.IndexSize); seen != "" {
		notes = append(notes, ClientNote{"index", seen, fixIndex, clients})
	}
	var texts []string
	var large, named []check.Client
	for _, c := range check.Clients() {
		if c.Archive > 0 && s.LargestArchive > c.Archive {
			texts = append(texts, clientSize(c, c.Archive))
			large = append(large, c)
		}
	}
	if large != nil {
		notes = append(notes, ClientNote{"archive", fmt.Sprintf("its largest archive is %s, too large for %s", mib(s.LargestArchive), check.List(texts, len(texts), 0)), fixArchive, large})
	}
	texts = nil
	for _, name := range s.Names {
		if slices.ContainsFunc(check.Clients(), func(c check.Client) bool { return c.Refuses(name) }) {
			texts = append(texts, check.Quote(name))
		}
	}
	for _, c := range check.Clients() {
		if slices.ContainsFunc(s.Names, c.Refuses) {
			named = append(named, c)
		}
	}
	if named != nil {
		notes = append(notes, ClientNote{"name", fmt.Sprintf("%s takes only names of lower case letters, digits, '-' and '.', and no chart called %s",
			named[0].Name, check.List(texts, 3, 0)), fixName, named})
	}
	return notes
}

// indexNote says for which clients an index is too large, and for which one nearly.
func indexNote(size int64) (seen string, clients []check.Client) {
	var above, near []string
	for _, c := range check.Clients() {
		switch {
		case c.Index == 0 || size < c.NearIndex():
			continue
		case size > c.Index:
			above = append(above, clientSize(c, c.Index))
		default:
			near = append(near, clientSize(c, c.Index))
		}
		clients = append(clients, c)
	}
	var parts []string
	if above != nil {
		parts = append(parts, "too large for "+check.List(above, len(above), 0))
	}
	if near != nil {
		parts = append(parts, "nearly too large for "+check.List(near, len(near), 0))
	}
	if parts == nil {
		return "", nil
	}
	return fmt.Sprintf("its index is %s, %s", mib(size), strings.Join(parts, "; ")), clients
}

func clientSize(c check.Client, size int64) string { return fmt.Sprintf("%s (%s)", c.Name, mib(size)) }

func mib(size int64) string { return humanize.IBytes(uint64(size)) }
