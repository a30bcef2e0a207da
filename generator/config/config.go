// Package config reads portolan.yaml: the settings of a run and of the pages, and
// what is asked of each channel.
//
// Decoding is strict: an unknown key, one that occurs twice or a value that would
// have no effect is an error, which names the line and, where it can, what was
// meant. The file portolan.schema.json says the same to editors; a test holds it
// to the types.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/smallfile"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
)

// Config is what portolan.yaml says. The zero Config, and a nil one, are the
// defaults. Every key is one field here: its yaml tag names it, its comment
// describes it to editors, its jsonschema tag says which values are allowed
// (enum, minimum, maximum, required), min and max tags the bounds of times and
// sizes, and a check tag what else the text must be. The decoder, which is
// [strictyaml.File], and the schema both follow these.
type Config struct {
	// Drop area: a bucket URL such as s3://my-drop?region=eu-central-1, or a local folder.
	Drop string `yaml:"drop" jsonschema:"default=./drop"`

	// Site: a bucket URL, or a local folder.
	Site string `yaml:"site" jsonschema:"default=./site"`

	// Where the site's root is served, for example https://charts.example.com/helm. The clients of 'helm cm-push' need its path.
	BaseURL string `yaml:"baseURL" check:"baseURL"`

	// What the site calls itself.
	Title string `yaml:"title"`

	// A sentence about the site, for its pages and for search engines.
	Description string `yaml:"description"`

	// Whether HTML pages, feeds and descriptions in JSON are written beside the indexes.
	Pages *bool `yaml:"pages" jsonschema:"default=true"`

	// A folder with HTML templates, style.css or script.js that take the place of portolan's.
	Templates string `yaml:"templates"`

	// An image for the pages' head: a file that ends in .svg or .png.
	Logo string `yaml:"logo"`

	// Colours of the pages that are not portolan's own.
	Colors Colors `yaml:"colors"`

	// Links at the foot of each page.
	Footer []Link `yaml:"footer"`

	// What the names of repositories begin with in the commands on pages: with acme, the channel stable is acme-stable. If it is not set, it follows from baseURL: acme for https://charts.acme.io. An empty text stands for none.
	RepoPrefix *string `yaml:"repoPrefix" check:"repoPrefix"`

	// How long a provenance file alone waits for its chart before it is rejected.
	ProvenanceWait time.Duration `yaml:"provenanceWait" jsonschema:"default=24h" min:"1s" max:"8760h"`

	// How many uploads are read at the same time; one a processor if it is not set.
	Workers int `yaml:"workers" jsonschema:"minimum=1,maximum=1024"`

	// The channel that the index.yaml in the site's root shows as well, for users of a repository that had no channels. It is also the default of the shim's --root-channel.
	RootChannel string `yaml:"rootChannel" check:"channel"`

	// The channels that the site may have: names, or patterns of names. All are allowed if it is empty.
	OnlyChannels []string `yaml:"onlyChannels" check:"channelPattern"`

	// Policies, in order: every entry whose match fits a channel applies to it, and what a later one sets stands.
	Channels []Channel `yaml:"channels"`
}

// Colors are colours of the pages, such as #0b6477.
type Colors struct {
	// Links and marks on a light background.
	Accent string `yaml:"accent" check:"color"`

	// Links and marks on a dark background.
	AccentDark string `yaml:"accentDark" check:"color"`

	// The light background.
	Background string `yaml:"background" check:"color"`

	// The dark background.
	BackgroundDark string `yaml:"backgroundDark" check:"color"`
}

// Link is a link to somewhere else.
type Link struct {
	// What it says.
	Text string `yaml:"text" jsonschema:"required"`

	// Where it leads: an address that begins with https://, http:// or mailto:.
	URL string `yaml:"url" jsonschema:"required" check:"link"`
}

const (
	maxConfig   = 1 << 20 // bytes of portolan.yaml
	defaultWait = 24 * time.Hour
)

// Load reads a configuration file. Its error holds every problem of the
// file, each on a line that begins with the file's name and the line's number.
func Load(path string) (*Config, error) {
	b, err := smallfile.Read(path, maxConfig)
	if err != nil {
		return nil, err
	}
	c, err := parse(b, path, &keyFiles{dir: filepath.Dir(path), read: map[string][]byte{}})
	if err == nil {
		c.placeSecrets(filepath.Dir(path))
	}
	return c, err
}

// Parse reads a configuration that names no other files; name stands in its messages
// for the file. An empty one is the defaults.
func Parse(b []byte, name string) (*Config, error) { return parse(b, name, nil) }

func parse(b []byte, name string, keys *keyFiles) (*Config, error) {
	c := &Config{}
	checks := maps.Clone(textChecks)
	checks["keyring"] = keys.check
	from := strictyaml.File{Name: name, Checks: checks}
	if err := from.Decode(b, c); err != nil && !errors.Is(err, strictyaml.ErrEmpty) {
		return nil, err
	}
	if err := c.joinKeys(keys); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.RootChannel != "" && !c.Allows(c.RootChannel) {
		return nil, fmt.Errorf("%s: rootChannel: onlyChannels does not allow %s; add it there, or name another channel", placeOf(b, name, "rootChannel"), c.RootChannel)
	}
	needsSite := func(entry Channel) bool { return entry.Promote != nil && entry.Promote.Dependencies != "" }
	if c.BaseURL == "" && slices.ContainsFunc(c.Channels, needsSite) {
		return nil, fmt.Errorf("%s: promote.dependencies needs baseURL, which says which charts are on this site", name)
	}
	return c, nil
}

// placeOf names the line on which a key of the file begins, if it begins one.
func placeOf(b []byte, name, key string) string {
	n := 0
	for line := range bytes.Lines(b) {
		if n++; bytes.HasPrefix(line, []byte(key+":")) {
			return fmt.Sprintf("%s:%d", name, n)
		}
	}
	return name
}

// Allows reports whether the site may have the channel.
func (c *Config) Allows(channel string) bool {
	return c == nil || len(c.OnlyChannels) == 0 || slices.ContainsFunc(c.OnlyChannels, func(allowed string) bool {
		return pattern.MatchesChannel(allowed, channel)
	})
}

// Private reports whether users need a password to read the channel.
func (c *Config) Private(channel string) bool {
	private := new(bool)
	if c == nil {
		return false
	}
	for _, entry := range c.Channels {
		if pattern.MatchesChannel(entry.Match, channel) {
			override(&private, entry.Private)
		}
	}
	return *private
}

// ContextPath is the path under which the site's root is served, without a
// trailing slash, and not escaped: "" for the host's own root, and when no
// base URL is configured.
func (c *Config) ContextPath() string {
	if c == nil {
		return ""
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

// HasPages reports whether pages are written.
func (c *Config) HasPages() bool { return c == nil || c.Pages == nil || *c.Pages }

// Wait is how long a provenance file alone waits for its chart.
func (c *Config) Wait() time.Duration {
	if c == nil || c.ProvenanceWait == 0 {
		return defaultWait
	}
	return c.ProvenanceWait
}
