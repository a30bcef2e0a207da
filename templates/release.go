package templates

import (
	"html/template"
	"slices"
	"strings"
	"time"
)

// Release is what the pages of one version of a chart show above their own content: the
// title, the facts that decide, and the bar with links to the version's other pages. It
// says nothing that other versions change: what does, the script reads from versions.json.
type Release struct {
	Channel Channel
	Badges

	Name        string
	Version     string
	AppVersion  string
	Description string
	KubeVersion string
	License     string
	Home        string       // an http or https URL, or ""
	Source      string       // the first of the chart's sources that is a URL, or ""
	Icon        template.URL // a data: URL of an image that is safe to show; "" if absent
	Created     time.Time
	From        string    // the channel that it was promoted from; "" if it was not
	Promoted    time.Time // when it was
	Digest      string    // SHA-256 of the archive, in hex
	Size        int64     // of the archive, in bytes; 0 if not known
	File        string    // the archive's name
	Archive     string    // its URL, relative to the page
	Prov        string    // URL of the provenance file; "" if the version is not signed
	KeyID       string    // of the key that signed it, in hex; "" if not known
	Signer      *Signer   // nil if nobody has verified who signed it
	Keyring     string    // URL of the keys that it can be verified with, relative to the page; "" if there are none
	OCI         *OCI      // the version in the registry; nil if it is not there

	Yanked      *Notice // why the version is yanked; nil if it is not
	AllYanked   bool    // this is the chart's page, and all its versions are yanked
	InAll       bool    // only the channel's repository of all versions lists this one
	Deprecation *Notice // what an action says of a chart that it deprecated; nil if none did

	Note   string   // why the page shows only what the index says; "" if it shows more
	Faults []string // why no Helm can install this version; nil if nothing is known against it

	Top       template.HTML // all that is above the bar, if it was rendered before: see [Set.Top]
	Tabs      []Tab
	Versions  string // URL of the chart's versions.json
	List      string // URL of the list of all versions
	ChartLink string // URL of the chart's page

	Alone Repository // of the chart alone; zero if that does not list this version
}

// Repository is the repository to install the version from: that of the channel, or that
// of all its versions.
func (r Release) Repository() Channel {
	c := r.Channel
	if !r.InAll {
		return c
	}
	c.RepoName += "-all"
	if c.URL != "" {
		c.URL += "/all"
	}
	c.Link = c.Link[:strings.LastIndexByte(c.Link, '/')+1] + "all/index.yaml"
	return c
}

// Notice is why somebody yanked a version, or deprecated a chart.
type Notice struct {
	Text      string // may be "" for a chart, or after a rollback
	Time      time.Time
	Rollback  int  // the generation that was rolled back to, which did not list the version; 0 if it was yanked itself
	Successor Link // the chart to use instead; its URL is "" if the channel does not have it, and its text if none is named
}

// Signer is who signed a version, as portolan has verified it.
type Signer struct {
	Fingerprint string // of the primary key, in hex
	Identity    string // that the key names; may be ""
}

// OCI is a version in the registry.
type OCI struct {
	Host   string // charts.example.com, with a port if it has one
	Chart  string // its address: oci://charts.example.com/stable/web
	Tag    string // the version, with _ for +
	Digest string // of its manifest: sha256: and hex
	Plain  bool   // it is read without TLS
}

// Pinned is the version's own address, which always leads to the same bytes.
func (o OCI) Pinned() string { return o.Chart + "@" + o.Digest }

// Tab is a page in the bar: of a version, or of a chart.
type Tab struct {
	Name    string // Overview, Values, Templates, Changes, Versions, Changelog, Compare
	URL     string
	Count   int // of what the page shows; 0 if that is not counted, or nothing
	Current bool
}

// Heading is a heading of a README, for its contents.
type Heading struct {
	Text   string
	Anchor string
	Level  int // 1 for the highest that the README uses
}

// ValuesPage is the values of one version: values.yaml, its comments and its schema, as
// one table.
type ValuesPage struct {
	Frame
	Release
	Groups []ValueGroup
	Count  int    // of rows
	Raw    string // URL of values.yaml; "" if absent
	Schema string // URL of values.schema.json; "" if absent
	Note   string // why the table is missing or not complete; "" if it is complete

	Body template.HTML // all of this, if it was rendered before: see [Set.Body]
}

// ValueGroup is the values below one key of the top level, or that key alone.
type ValueGroup struct {
	Section string // a heading above this group and those after it; "" if none begins here
	Path    string // the key
	Anchor  string // of the group; the only row of a group has it
	Text    string // what a comment says about the key; "" if nothing
	Rows    []ValueReference
}

// Single reports whether the group is a key without others below it.
func (g ValueGroup) Single() bool { return len(g.Rows) == 1 && g.Rows[0].Path == g.Path }

// ValueReference is one value that a chart can be given.
type ValueReference struct {
	Path     string // image.tag
	Anchor   string // the id of the row
	Type     string // from the schema, a comment, or the default
	Default  string // on one line, may be cut; "" if not known
	Enum     string // the values that the schema allows; "" if any
	Required bool
	Text     string // from a comment or the schema; may be cut
	Line     int    // in values.yaml, from 1; 0 if the file lacks the key
}

// TemplatesPage is the templates and custom resource definitions of one version.
type TemplatesPage struct {
	Frame
	Release
	Kinds []TemplateKind
	Files []SourceFile // in the order of Kinds, each once
	CRDs  []SourceFile
	More  int    // number of files that are not listed
	Note  string // why something is left out; "" if nothing is

	Listing *Listing // of these files, if it was rendered before: see [Set.Listing]
}

// Listing is how a page lists files.
type Listing struct{ Kinds, Files template.HTML }

// Partial reports whether the page has no room for the text of some files.
func (p TemplatesPage) Partial() bool {
	without := func(f SourceFile) bool { return f.HTML == "" }
	return slices.ContainsFunc(p.Files, without) || slices.ContainsFunc(p.CRDs, without)
}

// sameFiles reports whether two pages list the same files.
func (p TemplatesPage) sameFiles(o TemplatesPage) bool {
	return p.More == o.More && slices.Equal(p.Files, o.Files) && slices.Equal(p.CRDs, o.CRDs) &&
		slices.EqualFunc(p.Kinds, o.Kinds, func(a, b TemplateKind) bool { return a.Kind == b.Kind && slices.Equal(a.Files, b.Files) })
}

// TemplateKind is a kind of object that templates create, and the files that do.
type TemplateKind struct {
	Kind  string // "" for helpers, notes and files whose kind is not known
	Files []ValueLink
}

// SourceFile is a file of the archive with its text.
type SourceFile struct {
	Path   string // below the chart's folder: templates/deployment.yaml
	Anchor string
	Kinds  string // Deployment, Service
	About  string // of a definition: group and versions
	Size   int64  // bytes
	Lines  int
	HTML   template.HTML // highlighted; "" if the page has no room for it: the script then reads it from the archive
}

// ChangesPage is what one version changes.
type ChangesPage struct {
	Frame
	Release
	Upgrade []UpgradeNote // what an upgrade needs to know, most important first
	Said    []ChangeGroup // from the chart's annotations
	Against *Difference   // from the version before; nil if this is the first
	Compare string        // URL of the page that compares any two versions
}

// UpgradeNote is something that may break an upgrade.
type UpgradeNote struct {
	Kind string // removed, retyped, required, crd, kubernetes, dependency, image, type, chart or app
	Text string
	Link string // URL of the place that shows it; may be ""
}

// Difference is the differences between two versions of a chart.
type Difference struct {
	Comparison
	Compare string // URL of the page that compares them in the browser, with nothing left out

	ValuesRetyped []ValueChange

	ImagesAdded, ImagesRemoved []string
	ImagesChanged              []DependencyChange
	ImagesFrom                 string // where the images come from, in both versions

	OnlyVersion bool // nothing but the version and the app's version differs, and what follows from them

	Files []FileDifference // templates and definitions that differ, by path
	Other []string         // paths of other files that differ
	More  int              // number of files that are not listed
}

// FileDifference is how a file differs.
type FileDifference struct {
	Path           string
	From           string // its earlier path, if it was renamed
	Anchor         string
	What           string // added, removed, changed or renamed
	Added, Removed int    // lines
	HTML           template.HTML
	Note           string // why no differences are shown; "" if they are
	Left           bool   // they are left out here, for room or time
}

// ChangelogPage lists what each version of a chart changed.
type ChangelogPage struct {
	Frame
	Channel   Channel
	Name      string
	ChartLink string
	Tabs      []Tab
	Versions  []ChangelogEntry // newest first
	Older     string           // URL of the list of all versions, if older ones are left out; "" if not
}

// ChangelogEntry is a version in a changelog.
type ChangelogEntry struct {
	VersionEntry
	Changes string // URL of the page of its changes
	Said    []ChangeGroup
	More    int // number of changes that are not listed
}

// ComparePage compares any two versions of a chart, in the browser.
type ComparePage struct {
	Frame
	Channel   Channel
	Name      string
	ChartLink string
	Tabs      []Tab
	Versions  string // URL of the chart's versions.json
	List      string // URL of the list of all versions
}

func (ValuesPage) template() string    { return "values.html" }
func (TemplatesPage) template() string { return "templates.html" }
func (ChangesPage) template() string   { return "changes.html" }
func (ChangelogPage) template() string { return "changelog.html" }
func (ComparePage) template() string   { return "compare.html" }
