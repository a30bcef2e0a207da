package templates

import (
	"html/template"
	"slices"
	"strings"
	"time"
)

// Frame is what every page shows around its own content.
type Frame struct {
	Site        Site
	Title       string // of the page; the site's title is added to it
	Description string // one sentence, for search engines and previews of links
	Path        string // of the page, below the site's root: stable/index.html
	Root        string // path from the page's folder to the site's root, such as ../; may be ""
	Canonical   string // absolute URL; "" if the site's URL is not known
	Crumbs      []Link // breadcrumbs from the site's index to this page, without the page itself
	Feed        string // URL of its Atom feed; "" if it has none
}

// Site is what all pages of a site have in common. Paths are below its root.
type Site struct {
	Title       string
	Description string
	URL         string // absolute, without a trailing slash; "" if not known
	Logo        string // path of an image; "" if absent
	Style       string // path of the stylesheet
	Script      string // path of the script
	Search      string // path of the script that searches all channels, loaded when somebody searches
	Unpack      string // path of the script that reads archives, loaded when a page shows a file from one
	Compare     string // path of the script that compares versions, loaded by the page that does
	Channels    string // path of the script that says which version is in which channel, loaded when somebody asks
	Footer      []Link
}

// Link is a link whose URL has been checked: it is relative, or http, https or mailto.
type Link struct {
	Text string
	URL  string
}

// HomePage is the site's index.html.
type HomePage struct {
	Frame
	Channels []Channel
}

// Project is channels whose names begin with the same segments.
type Project struct {
	Name     string // group/app; "" for channels with a name of one segment
	Channels []Channel
}

// Projects returns the channels by project, in the order in which they are first
// named. Channels without one come first: below a project, they would seem to be part of it.
func (p HomePage) Projects() []Project {
	var all []Project
	at := map[string]int{}
	if slices.ContainsFunc(p.Channels, func(c Channel) bool { return c.Project() == "" }) {
		all, at[""] = append(all, Project{}), 0
	}
	for _, c := range p.Channels {
		name := c.Project()
		i, ok := at[name]
		if !ok {
			i = len(all)
			at[name] = i
			all = append(all, Project{Name: name})
		}
		all[i].Channels = append(all[i].Channels, c)
	}
	return all
}

// Channel is a channel, as its pages and the site's index show it.
type Channel struct {
	Name       string // group/app/stable
	RepoName   string // name for the repository in Helm: acme-group-app-stable
	URL        string // absolute, of the repository; "" if the site's URL is not known
	OCI        string // of the channel in the registry, which charts' names follow: oci://charts.example.com/stable; "" if it is not there
	Private    bool   // users need a name and a password to read it
	Link       string // URL of its page
	Snapshot   string // URL of this generation's snapshot, relative to the page
	Generation int
	Changed    time.Time // when this generation was made
	Charts     int
	Versions   int
	Older      *OlderVersions // nil if the repository lists all versions
}

// Project returns the segments of the name before the last one, or "" if it has
// only one.
func (c Channel) Project() string { return c.Name[:max(0, strings.LastIndexByte(c.Name, '/'))] }

// Segment returns the last segment of the name.
func (c Channel) Segment() string { return c.Name[strings.LastIndexByte(c.Name, '/')+1:] }

// OlderVersions are the versions that the repository does not list because there are newer
// ones, or because they are yanked, and the repository that does.
type OlderVersions struct {
	Repository
	Versions int
	Yanked   int  // versions that are yanked, which are not among the others
	All      bool // it lists all others as well; if not, it is this generation's alone
}

// Repository is a repository beside that of the channel.
type Repository struct {
	URL  string // absolute; "" if the site's URL is not known
	Link string // URL of its index, relative to the page
}

// ChannelPage is a channel's index.html, and page-2.html and so on after it.
type ChannelPage struct {
	Frame
	Channel  Channel
	Charts   []ChartEntry // on this page, sorted by name
	Keywords []Keyword    // the channel's most frequent keywords, sorted by name
	Search   string       // URL of the search index
	Changes  string       // URL of the activity page
	Pages    []PageLink   // nil if there is only one page
}

// PageLink links to one page of a list that has several.
type PageLink struct {
	Number  int
	URL     string
	Label   string // range of its content, such as "a … c"; may be ""
	Current bool
}

// Keyword is a keyword, and the number of charts that have it.
type Keyword struct {
	Word  string
	Count int
}

// ChartEntry is a chart in a list, described by its newest version.
type ChartEntry struct {
	Name        string
	Version     string
	AppVersion  string
	Description string
	Created     time.Time
	Keywords    []string
	Link        string // URL of its page
	Badges
}

// Badges are the properties of a chart that lists show as badges.
type Badges struct {
	Deprecated bool
	Library    bool
	Signed     bool
	Prerelease bool
}

// ChartPage is the overview of one version: how to install it, its README, and what its
// Chart.yaml says. A chart's own page is the overview of its newest version.
type ChartPage struct {
	Frame
	Release

	APIVersion  string
	IconLink    string // an http or https URL of an image elsewhere, for a link only; or ""
	Keywords    []string
	Sources     []Link
	Maintainers []Maintainer
	Links       []Link // from the chart's annotations
	API         string // URL of the chart's description in JSON
	Badge       string // URL of the chart's badge, an SVG image

	README       *Text     // nil if the chart has none
	Contents     []Heading // of the README, in its order
	Dependencies []Dependency
	Images       []Image
	ImagesFrom   string // where the images come from: "derived from values.yaml"
}

// Maintainer is a maintainer of a chart.
type Maintainer struct {
	Name  string
	Email string // a mailto URL, or ""
	URL   string // an http or https URL, or ""
}

// Text is a text from an archive, rendered and made safe.
type Text struct {
	HTML template.HTML
	Note string // why it is shown as plain text or only in part; "" if it is not
}

// ValueLink links to a key in the values file.
type ValueLink struct {
	Path   string // image.tag
	Anchor string // the id of its element
}

// Dependency is a chart that a chart depends on.
type Dependency struct {
	Name       string
	Alias      string
	Version    string // a range of versions
	Repository string // as the chart names it
	URL        string // of the repository; "" if it is not safe in a link
	Condition  string
	Link       string // URL of the chart's page; "" if it is not in the same channel
}

// Image is a container image that a chart declares.
type Image struct {
	Name  string
	Image string
}

// ChangeGroup is the changes of one kind that a chart declares.
type ChangeGroup struct {
	Kind    string // added, changed, deprecated, removed, fixed or security; "" for any other
	Changes []Change
}

// Change is one change.
type Change struct {
	Description string
	Links       []Link
}

// Comparison is the differences from an earlier version.
type Comparison struct {
	Version string // the earlier one
	Link    string // URL of its page
	Same    bool   // there are no differences

	AppVersion  *Pair
	KubeVersion *Pair
	Type        *Pair

	ValuesAdded   []ValueChange
	ValuesRemoved []ValueChange
	ValuesChanged []ValueChange // another default
	ValuesMore    int           // number of changes of values that are not listed
	ValuesNote    string        // why values could not be compared; "" if they were

	CRDsAdded, CRDsRemoved, CRDsChanged                         []string
	DependenciesAdded, DependenciesRemoved, DependenciesChanged []DependencyChange
}

// Pair is a value in two versions.
type Pair struct{ Before, After string }

// ValueChange is a value that differs between two versions.
type ValueChange struct {
	Path   string
	Anchor string // of its row on the page of values; "" if that lacks the value
	Before string // may be cut; "" if the earlier version lacks the value
	After  string
}

// DependencyChange is a dependency that differs between two versions.
type DependencyChange struct {
	Name   string
	Before string // its range of versions, and its repository if that differs
	After  string
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
	Older      bool // the repository's index does not list it
	Yanked     bool
	Badges
}

// VersionsPage lists a chart's newest versions, or is one page of the list of all if
// there are many.
type VersionsPage struct {
	Frame
	Channel   Channel
	Name      string
	ChartLink string // URL of the chart's page
	Tabs      []Tab
	Versions  []VersionEntry // newest first
	Total     int            // number of the chart's versions; 0 on a page of the list of all, which later versions do not change
	Pages     []PageLink     // of the list of all; nil if this page has all
}

// ActivityPage is a channel's activity: what its last generations did.
type ActivityPage struct {
	Frame
	Channel     Channel
	Generations []Generation // newest first
	Older       int          // number of generations that are not listed
}

// Generation is one generation of a channel, and what it changed.
type Generation struct {
	Number   int
	Time     time.Time
	Snapshot string // URL, relative to the page; "" if it was removed
	URL      string // absolute, of the snapshot as a repository; "" if the site's URL is not known
	Events   []Event
	More     int // number of events that are not listed

	RolledBack int // the generation that the channel was rolled back to; 0 if it was not
}

// Event is what a generation did to one version, or to a chart if the version is "".
type Event struct {
	Chart   string
	Version string
	What    string // added, replaced, removed, yanked, restored, deprecated or undeprecated
	Action  string // that did it: promote, rollback, takedown, …; "" for an upload
	Reason  string // of the action
	From    string // the channel that it was promoted from
	Link    string // URL of its page; "" if the page was removed
}

// MissingPage is 404.html, which web servers show for any page that does not
// exist. Its links are absolute paths, since it may be shown at any path.
type MissingPage struct {
	Frame
}
