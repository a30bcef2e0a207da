package templates

import (
	"html/template"
	"time"
)

// Frame is what every page shows around its own content.
type Frame struct {
	Site        Site
	Title       string // of the page; the site's own is added to it
	Description string // one sentence, for search engines and previews of links
	Path        string // of the page, below the site's root: stable/index.html
	Root        string // leads from the page's folder to the site's root: ../ or nothing
	Canonical   string // absolute URL; "" if the site's is not known
	Crumbs      []Link // the way from the site's index to this page, which is not in it
	Feed        string // URL of its Atom feed; "" if it has none
}

// Site is what all pages of a site have in common. Paths are below its root.
type Site struct {
	Title       string
	Description string
	URL         string // absolute, without a slash at its end; "" if not known
	Logo        string // path of an image; "" if there is none
	Style       string // path of the stylesheet
	Script      string // path of the script
	Footer      []Link
}

// Link is a link whose URL was checked: it is relative, or http, https or mailto.
type Link struct {
	Text string
	URL  string
}

// HomePage is the site's index.html.
type HomePage struct {
	Frame
	Channels []Channel
}

// Channel is a channel, as all its pages and the site's index show it.
type Channel struct {
	Name       string // group/app/stable
	RepoName   string // what to call the repository in Helm: group-app-stable
	URL        string // absolute, of the repository; "" if the site's is not known
	Link       string // URL of its page
	Snapshot   string // URL of this generation as a repository of its own, relative to the page
	Generation int
	Changed    time.Time // when this generation was made
	Charts     int
	Versions   int
	Older      *OlderVersions // nil if the repository has all of them
}

// OlderVersions are those that the repository does not list: a repository of
// their own.
type OlderVersions struct {
	Versions int
	URL      string // absolute, of that repository; "" if the site's is not known
	Link     string // URL of its index, relative to the page
}

// ChannelPage is a channel's index.html, and page-2.html and so on after it.
type ChannelPage struct {
	Frame
	Channel  Channel
	Charts   []ChartEntry // of this page, by name
	Keywords []Keyword    // the most frequent of the channel, by name
	Search   string       // URL of the search index, see the script
	Changes  string       // URL of the activity page
	Pages    []PageLink   // nil if there is one page only
}

// PageLink leads to one page of a list that has several.
type PageLink struct {
	Number  int
	URL     string
	Label   string // what it holds: "a … c", or ""
	Current bool
}

// Keyword is a keyword of charts, and how many have it.
type Keyword struct {
	Word  string
	Count int
}

// ChartEntry is a chart in a list: its newest version.
type ChartEntry struct {
	Name        string
	Version     string
	AppVersion  string
	Description string
	Created     time.Time
	Keywords    []string
	Link        string // URL of its page
	Icon        string // absolute URL, for a link only; "" if it has none
	Badges
}

// Badges are the states that a list shows of a chart.
type Badges struct {
	Deprecated bool
	Library    bool
	Signed     bool
	Prerelease bool
}

// ChartPage is a chart's page, which shows its newest version and lists all, or
// the page of one version.
type ChartPage struct {
	Frame
	Channel Channel
	Badges

	Name        string
	Version     string
	AppVersion  string
	Description string
	APIVersion  string
	KubeVersion string
	Home        string // an http or https URL, or ""
	Icon        string // likewise
	License     string
	Keywords    []string
	Sources     []Link
	Maintainers []Maintainer
	Links       []Link // more of them, from the chart's annotations
	Created     time.Time
	Digest      string // SHA-256 of the archive, in hex
	Size        int64  // of the archive, in bytes; 0 if not known
	File        string // the archive's name
	Archive     string // its URL, relative to the page
	Prov        string // URL of the provenance file; "" if it is not signed
	KeyID       string // of the key that signed it, in hex; "" if not known

	Newest    bool   // of all the chart's versions
	Older     bool   // the index does not list it, but newer ones
	ChartLink string // URL of the chart's page; on that one, "index.html"
	API       string // URL of the chart's description in JSON
	Badge     string // URL of the chart's badge, an SVG image

	README       *Text // nil if there is none
	Values       *Values
	Resources    []Resource
	CRDs         []CRD
	Dependencies []Dependency
	Images       []Image
	Changes      []ChangeGroup // as the chart tells them
	Against      *Comparison   // with the version before; nil if there is none
	Versions     *VersionList  // on the chart's page only
}

// Maintainer is somebody who maintains a chart.
type Maintainer struct {
	Name  string
	Email string // a mailto URL, or ""
	URL   string // an http or https URL, or ""
}

// Text is a text from an archive, rendered and made safe.
type Text struct {
	HTML template.HTML
	Note string // why it is shown as plain text, or in part; "" if it is not
}

// Values is a chart's values.yaml, and what its schema says of it.
type Values struct {
	File  *Text       // highlighted; an element with an id for each key path. Nil if there is no values.yaml
	Table []ValueRow  // from values.schema.json; nil if there is none
	Note  string      // on the table: why it is not whole
	Keys  []ValueLink // the top-level keys of the file, in its order
}

// ValueLink leads to a key in the values file.
type ValueLink struct {
	Path   string // image.tag
	Anchor string // the id of its element
}

// ValueRow is a value that a schema describes.
type ValueRow struct {
	Path        string
	Anchor      string // of the key in the values file; "" if it is not there
	Type        string
	Default     string // JSON; "" if there is none
	Required    bool
	Description string
}

// Resource is a kind of object that templates make.
type Resource struct {
	Kind  string   // "" for files of which that is not known
	Files []string // below templates/
}

// CRD is a custom resource definition that a chart brings.
type CRD struct {
	Kind     string // "" if it cannot be read
	Group    string
	Versions []string
	File     string
}

// Dependency is a chart that a chart depends on.
type Dependency struct {
	Name       string
	Alias      string
	Version    string // a range of versions
	Repository string // as the chart names it
	URL        string // of the repository, if that can be a link; or ""
	Condition  string
	Link       string // URL of the chart's page, if it is in the same channel; or ""
}

// Image is a container image that a chart says it uses.
type Image struct {
	Name  string
	Image string
}

// ChangeGroup is changes of one kind, as a chart tells them.
type ChangeGroup struct {
	Kind    string // added, changed, deprecated, removed, fixed, security; "" for none of these
	Changes []Change
}

// Change is one change.
type Change struct {
	Description string
	Links       []Link
}

// Comparison is what differs from an earlier version.
type Comparison struct {
	Version string // the earlier one
	Link    string // URL of its page
	Same    bool   // nothing of what is compared differs

	AppVersion  *Pair
	KubeVersion *Pair
	Type        *Pair

	ValuesAdded   []ValueChange
	ValuesRemoved []ValueChange
	ValuesChanged []ValueChange // another default
	ValuesMore    int           // changes of values that are not listed, there are so many
	ValuesNote    string        // why values could not be compared

	CRDsAdded, CRDsRemoved, CRDsChanged                         []string
	DependenciesAdded, DependenciesRemoved, DependenciesChanged []DependencyChange
}

// Pair is a value in two versions.
type Pair struct{ Before, After string }

// ValueChange is a value that two versions do not have in common.
type ValueChange struct {
	Path   string
	Anchor string // in the values file of the page's version; "" if it is not there
	Before string // shortened; "" if it was not there
	After  string
}

// DependencyChange is a dependency that two versions do not have in common.
type DependencyChange struct {
	Name   string
	Before string // its range of versions, and its repository if that differs as well
	After  string
}

// VersionList is versions of a chart, newest first.
type VersionList struct {
	Versions []VersionEntry
	Total    int        // of the chart, with those that are not here
	Older    []PageLink // pages with more of them; nil if these are all
}

// VersionEntry is a version in a list.
type VersionEntry struct {
	Version    string
	AppVersion string
	Created    time.Time
	Digest     string // SHA-256, in hex
	Size       int64  // bytes; 0 if not known
	Link       string // URL of its page
	Newest     bool
	Older      bool // the index does not list it
	Badges
}

// VersionsPage is a page with the older versions of a chart that has many.
type VersionsPage struct {
	Frame
	Channel   Channel
	Name      string
	ChartLink string
	Versions  []VersionEntry
	Pages     []PageLink
}

// ChangesPage is a channel's activity: what its last generations did.
type ChangesPage struct {
	Frame
	Channel     Channel
	Generations []Generation // newest first
	Older       int          // generations that are not listed
}

// Generation is one generation of a channel, and what it changed.
type Generation struct {
	Number   int
	Time     time.Time
	Snapshot string // URL, relative to the page; "" if it is not kept any more
	URL      string // absolute, of the snapshot as a repository; "" if the site's is not known
	Events   []Event
	More     int // events that are not listed
}

// Event is what a generation did to one version.
type Event struct {
	Chart   string
	Version string
	What    string // added, replaced or removed
	Link    string // URL of its page; "" if there is none any more
}

// MissingPage is 404.html, which web servers show in the place of any page. Its
// links are absolute paths, since it may be shown anywhere.
type MissingPage struct {
	Frame
}
