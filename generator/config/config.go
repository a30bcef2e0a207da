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

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/retain"
	"github.com/portolan-charts/portolan/publisher/action"
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

// Channel is the policy of the channels that it matches. What it does
// not set is left as it was.
type Channel struct {
	// A channel's name, or a pattern: * stands for one segment or a part of it, ** for any number of them.
	Match string `yaml:"match" jsonschema:"required" check:"channelPattern"`

	// What new content for a published version does: it takes its place, or it is refused.
	Duplicates string `yaml:"duplicates" jsonschema:"enum=replace,enum=reject,default=replace"`

	// How many versions of a chart its channel's index shows: the newest ones. The others stay at their URLs, in an index of older versions, in snapshots and on the pages. All are shown if it is not set.
	Keep int `yaml:"keep" jsonschema:"minimum=1,maximum=1000000"`

	// Whether each version can be read by oci:// as well. This needs a host of the site's own, whose root it is: see publisher/README.md.
	OCI *bool `yaml:"oci" jsonschema:"default=false"`

	// Which versions charts may have: semantic ones only, or whatever Helm can order.
	Versions string `yaml:"versions" jsonschema:"enum=strict,enum=helm,default=strict"`

	// The names, or patterns of names, that charts may have. All are allowed if it is empty.
	Charts []string `yaml:"charts" check:"chartPattern"`

	// Fields that Chart.yaml must have, for example maintainers.
	Require []string `yaml:"require" check:"chartField"`

	// Whether charts with warnings are published, or refused, for example those that no Helm can install.
	Warnings string `yaml:"warnings" jsonschema:"enum=accept,enum=reject,default=accept"`

	// How large a chart may be.
	Limits *Limits `yaml:"limits"`

	// Whose signatures the channel takes.
	Signatures *Signatures `yaml:"signatures"`

	// What may be asked for apart from uploads.
	Actions *Actions `yaml:"actions"`

	// What is asked of promotions to the channel.
	Promote *Promote `yaml:"promote"`

	// Which versions stay. 'portolan prune' yanks the others, and no run does.
	Retain *Retain `yaml:"retain"`

	// Whether users need a name and a password to read the channel. Pages then mark it, and their commands ask for both. This setting does not protect anything: the server that hands out the files does.
	Private *bool `yaml:"private" jsonschema:"default=false"`

	// Servers that are told of each generation that changes the channel's index. A later entry's list takes the place of an earlier one's; an empty one tells nobody.
	Notify []Receiver `yaml:"notify"`

	// What artifacthub-repo.yml tells Artifact Hub about the repository.
	ArtifactHub *ArtifactHub `yaml:"artifactHub"`
}

// Retain says how long, or how many, versions of a chart stay. A version stays if
// any of these keys keeps it, or if none is about it. The newest version of a chart
// always stays, and so does the newest that is not a prerelease.
type Retain struct {
	// Keeps prereleases that are younger, such as 30d. It is about no other versions.
	Prereleases time.Duration `yaml:"prereleases" min:"1h" max:"36500d"`

	// Keeps that many of the newest versions.
	Newest int `yaml:"newest" jsonschema:"minimum=1,maximum=1000000"`

	// Keeps that many of the newest versions of each minor version. It is about semantic versions.
	PerMinor int `yaml:"perMinor" jsonschema:"minimum=1,maximum=1000000"`
}

// Promote are gates: a promotion that one of them refuses is told which, and what
// opens it.
type Promote struct {
	// The channels, or patterns of their names, that versions may come from. All may be promoted from if it is empty.
	From []string `yaml:"from" check:"channelPattern"`

	// Whether the channel takes promotions only, and no uploads.
	Only *bool `yaml:"only" jsonschema:"default=false"`

	// How long a version must have been in the channel that it comes from.
	Soak time.Duration `yaml:"soak" min:"1m" max:"3650d"`

	// Whether a version needs a signature that was verified, with the keys of this channel or of the one that it comes from.
	Signed *bool `yaml:"signed" jsonschema:"default=false"`

	// With the value present, the channel must have what the version depends on, as far as that is on this site. This needs baseURL.
	Dependencies string `yaml:"dependencies" jsonschema:"enum=present"`
}

// Actions says which actions are carried out.
type Actions struct {
	// Those that the drop area may carry: yank, restore, deprecate, undeprecate, promote, rollback. All of them may be asked for if it is not set, and none if it is empty.
	Drop []string `yaml:"drop" check:"action"`
}

// Limits says how large a chart may be. Sizes are bytes, or text such as
// 20MiB. The maxima are what Helm itself can load.
type Limits struct {
	// The packed archive; 20MiB if it is not set.
	Packed strictyaml.Size `yaml:"packed" max:"100MiB"`

	// The unpacked archive, with the archives in it; 100MiB if it is not set.
	Unpacked strictyaml.Size `yaml:"unpacked" max:"100MiB"`

	// One file; 5MiB if it is not set. Helm before 4.2 loads no file above that.
	File strictyaml.Size `yaml:"file" max:"100MiB"`

	// Chart.yaml; 1MiB if it is not set.
	ChartYAML strictyaml.Size `yaml:"chartYAML" max:"5MiB"`

	// The number of files and folders.
	Entries int `yaml:"entries" jsonschema:"minimum=1,maximum=100000,default=10000"`

	// How deep charts may be nested in charts.
	Depth int `yaml:"depth" jsonschema:"minimum=1,maximum=10,default=10"`
}

// Signatures says whose signatures a channel takes. The public keys are published with the
// channel.
type Signatures struct {
	// Files with public keys, armored or binary, relative to this file. Provenance files are verified with them. What does not fit gets a warning, or is refused if signatures are required.
	Keyrings []string `yaml:"keyrings" check:"keyring"`

	// Whether charts without a good signature by one of the keys are refused.
	Require *bool `yaml:"require" jsonschema:"default=false"`

	keyring *check.Keyring // of the files; nil if none are named
}

// Gates are what a channel asks of promotions to it. See [Promote].
type Gates struct {
	From         []string // patterns of channels; all are allowed if it is empty
	Only         bool
	Soak         time.Duration
	Signed       bool
	Dependencies bool   // those that are on this site must be there
	Site         string // where the site's root is served, with Dependencies
}

// Values of [Policy.Duplicates].
const (
	Replace = "replace"
	Reject  = "reject"
)

// Policy is what the configuration asks of one channel.
type Policy struct {
	Duplicates string        // Replace or Reject
	Keep       int           // how many versions of a chart the index shows; 0 for all
	OCI        bool          // whether each version is in the registry as well
	Actions    []action.Kind // that may be asked for; nil if all may: see Takes
	Retain     retain.Rule
	Promote    Gates
	Checks     check.Options
	Keyring    *check.Keyring // whose signatures are verified; nil if none are
	Signed     bool           // whether only what is signed with it is published
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

// Policy returns what is asked of the channel.
func (c *Config) Policy(channel string) Policy {
	p := Policy{Duplicates: Replace, Checks: check.Options{Versions: "strict"}}
	if c == nil {
		return p
	}
	for _, entry := range c.Channels {
		if pattern.MatchesChannel(entry.Match, channel) {
			entry.apply(&p)
		}
	}
	if p.Promote.Dependencies {
		p.Promote.Site = c.BaseURL
	}
	return p
}

func (c Channel) apply(p *Policy) {
	override(&p.Duplicates, c.Duplicates)
	override(&p.Keep, c.Keep)
	if c.OCI != nil {
		p.OCI = *c.OCI
	}
	if g := c.Promote; g != nil {
		p.Promote = Gates{From: g.From, Only: isSet(g.Only), Soak: g.Soak, Signed: isSet(g.Signed), Dependencies: g.Dependencies != ""}
	}
	if c.Retain != nil {
		p.Retain = retain.Rule(*c.Retain)
	}
	override(&p.Checks.Versions, c.Versions)
	override(&p.Checks.Warnings, c.Warnings)
	if c.Charts != nil {
		p.Checks.Charts = c.Charts
	}
	if c.Require != nil {
		p.Checks.Require = c.Require
	}
	if c.Limits != nil {
		c.Limits.apply(&p.Checks.Limits)
	}
	if c.Signatures != nil {
		c.Signatures.apply(p)
	}
	if c.Actions != nil && c.Actions.Drop != nil {
		p.Actions = make([]action.Kind, len(c.Actions.Drop))
		for i, kind := range c.Actions.Drop {
			p.Actions[i] = action.Kind(kind)
		}
	}
}

// Takes reports whether an action may be asked for through the drop area.
func (p Policy) Takes(kind action.Kind) bool {
	return p.Actions == nil || slices.Contains(p.Actions, kind)
}

func (c *Limits) apply(l *check.Limits) {
	override(&l.Packed, int64(c.Packed))
	override(&l.Unpacked, int64(c.Unpacked))
	override(&l.File, int64(c.File))
	override(&l.ChartYAML, int64(c.ChartYAML))
	override(&l.Entries, c.Entries)
	override(&l.Depth, c.Depth)
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

func isSet(b *bool) bool { return b != nil && *b }

// override sets the field, unless the value is not set.
func override[T comparable](field *T, value T) {
	if value != *new(T) {
		*field = value
	}
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
