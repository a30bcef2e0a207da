package survey

import "time"

// Channel is a channel, and how much it has.
type Channel struct {
	Channel    string    `json:"channel"`
	Generation int       `json:"generation"` // the newest record
	Charts     int       `json:"charts"`
	Versions   int       `json:"versions"` // all of them
	Hidden     int       `json:"hidden"`   // those that index.yaml does not list because of 'keep'
	Yanked     int       `json:"yanked"`
	Changed    time.Time `json:"changed"` // when the newest record was made

	// Error is why the channel cannot be read. The fields before it are zero then.
	Error string `json:"error,omitempty"`
}

// Chart is a chart of a channel, and its newest version.
type Chart struct {
	Channel    string    `json:"channel"`
	Chart      string    `json:"chart"`
	Newest     string    `json:"newest"` // version, see newest
	AppVersion string    `json:"appVersion,omitempty"`
	Created    time.Time `json:"created"` // when the newest version was published
	Versions   int       `json:"versions"`
	Hidden     int       `json:"hidden"`
	Yanked     int       `json:"yanked"`

	Deprecated  bool         `json:"deprecated,omitempty"` // the newest version is
	Deprecation *Deprecation `json:"deprecation,omitempty"`
}

// Deprecation is what an action said when it deprecated a chart.
type Deprecation struct {
	Message   string    `json:"message,omitempty"`
	Successor string    `json:"successor,omitempty"` // the chart to use instead
	Time      time.Time `json:"time"`
}

// Version is a version of a chart.
type Version struct {
	Channel    string    `json:"channel"`
	Chart      string    `json:"chart"`
	Version    string    `json:"version"`
	AppVersion string    `json:"appVersion,omitempty"`
	Created    time.Time `json:"created"` // when this content was published
	Digest     string    `json:"digest"`  // SHA-256 of the archive, in hex
	URL        string    `json:"url"`     // of the archive, relative to the site
	State      State     `json:"state"`
	Yanked     *Yank     `json:"yanked,omitempty"` // nil if it is not
	Deprecated bool      `json:"deprecated,omitempty"`

	// From is the channel that it was promoted from; "" if it was not, or if that is not
	// known: see FindPromoted.
	From string `json:"from,omitempty"`
}

// Yank says why a version is yanked, and since when.
type Yank struct {
	Reason string    `json:"reason"`
	Time   time.Time `json:"time"`
	Action string    `json:"action"` // the id of the action
}

// State says where a version is listed.
type State string

// The states.
const (
	Listed State = "listed" // in index.yaml
	Hidden State = "hidden" // not there because of 'keep', but in the chart's own index and in all/
	Yanked State = "yanked" // only in all/
)
