package pages

import "time"

// The documents in api folders are for programs. Fields may be added to them, but
// no field is ever removed or given another meaning. Unknown values are left out.
// URLs are relative to the document, unless they are called absolute.

// SiteDoc is the site's api/index.json.
type SiteDoc struct {
	Schema   string          `json:"$schema"`
	Title    string          `json:"title" jsonschema_description:"The site's title"`
	URL      string          `json:"url,omitempty" jsonschema_description:"Absolute URL of the site"`
	Channels []ChannelDigest `json:"channels" jsonschema_description:"Sorted by name"`
}

// ChannelDigest is a channel in the list of a site's channels.
type ChannelDigest struct {
	Name       string    `json:"name" jsonschema_description:"For example group/app/stable"`
	Repository string    `json:"repository,omitempty" jsonschema_description:"Absolute URL to add to Helm"`
	OCI        string    `json:"oci,omitempty" jsonschema_description:"Address in the registry; with / and a chart's name added, it is the chart's"`
	Generation int       `json:"generation"`
	Changed    time.Time `json:"changed" jsonschema_description:"When this generation was made"`
	Charts     int       `json:"charts" jsonschema_description:"Number of charts, without those of which all versions are yanked"`
	Versions   int       `json:"versions" jsonschema_description:"Total number of versions of its charts, without yanked ones"`
	Private    bool      `json:"private,omitempty" jsonschema_description:"Reading it takes a name and a password"`
	API        string    `json:"api" jsonschema_description:"URL of the channel's document"`
	Page       string    `json:"page" jsonschema_description:"URL of the channel's page"`
}

// ChannelDoc is a channel's api/index.json.
type ChannelDoc struct {
	Schema     string         `json:"$schema"`
	Channel    string         `json:"channel"`
	Repository string         `json:"repository,omitempty" jsonschema_description:"Absolute URL to add to Helm"`
	OCI        string         `json:"oci,omitempty" jsonschema_description:"Address in the registry; with / and a chart's name added, it is the chart's"`
	Generation int            `json:"generation"`
	Changed    time.Time      `json:"changed" jsonschema_description:"When this generation was made"`
	Versions   int            `json:"versions" jsonschema_description:"Total number of versions of its charts, without yanked ones"`
	Charts     []ChartSummary `json:"charts" jsonschema_description:"Sorted by name; without those of which all versions are yanked"`
}

// ChartSummary is a chart in the list of a channel's charts: its newest version.
type ChartSummary struct {
	Name        string    `json:"name"`
	Version     string    `json:"version" jsonschema_description:"The newest version that is not a prerelease; the newest of all if there are only prereleases. Yanked ones do not count, unless all are"`
	AppVersion  string    `json:"appVersion,omitempty"`
	Description string    `json:"description,omitempty"`
	Keywords    []string  `json:"keywords,omitempty"`
	Maintainers []string  `json:"maintainers,omitempty" jsonschema_description:"Their names; at most 5"`
	Values      []string  `json:"values,omitempty" jsonschema_description:"Keys in values.yaml that tell most about the chart, such as ingress.enabled; as many as fit in 200 bytes"`
	Icon        string    `json:"icon,omitempty" jsonschema_description:"Absolute URL"`
	Created     time.Time `json:"created" jsonschema_description:"When the version was published"`
	Digest      string    `json:"digest" jsonschema_description:"SHA-256 of the archive in hex"`
	Manifest    string    `json:"manifest,omitempty" jsonschema_description:"Digest of the version's manifest in the registry: sha256: and hex"`
	Type        string    `json:"type,omitempty" jsonschema_description:"application or library"`
	Deprecated  bool      `json:"deprecated,omitempty"`
	Prerelease  bool      `json:"prerelease,omitempty"`
	Signed      bool      `json:"signed,omitempty"`
	Versions    int       `json:"versions" jsonschema_description:"Number of versions of the chart, without yanked ones"`
	API         string    `json:"api" jsonschema_description:"URL of the chart's document"`
	Page        string    `json:"page" jsonschema_description:"URL of the chart's page"`

	line string // as the document has it; "" if not known
}

// ChartDoc is a chart's document in its channel, api/charts/<name>.json.
type ChartDoc struct {
	Schema      string           `json:"$schema"`
	Channel     string           `json:"channel"`
	Repository  string           `json:"repository,omitempty" jsonschema_description:"Absolute URL to add to Helm"`
	OCI         string           `json:"oci,omitempty" jsonschema_description:"Address in the registry, for helm pull. With @ and a version's manifest added, it is pinned to that version"`
	Name        string           `json:"name"`
	Version     string           `json:"version" jsonschema_description:"The newest version that is not a prerelease; the newest of all if there are only prereleases. Yanked ones do not count, unless all are"`
	Page        string           `json:"page" jsonschema_description:"URL of the chart's page"`
	Deprecation *DeprecationDoc  `json:"deprecation,omitempty" jsonschema_description:"Present if an action deprecated the chart: its versions are marked as deprecated, too"`
	Values      []string         `json:"values,omitempty" jsonschema_description:"Keys in the version's values.yaml that tell most about the chart, such as ingress.enabled; as many as fit in 200 bytes"`
	Keyring     string           `json:"keyring,omitempty" jsonschema_description:"URL of the public keys with which the signatures of versions were verified, as helm --keyring reads them"`
	Versions    []VersionSummary `json:"versions" jsonschema_description:"Newest first, also yanked ones"`
}

// DeprecationDoc is what an action says of a chart that it deprecated.
type DeprecationDoc struct {
	Message   string    `json:"message,omitempty"`
	Successor string    `json:"successor,omitempty" jsonschema_description:"Name of the chart to use instead"`
	Time      time.Time `json:"time"`
}

// YankedDoc says why a version is yanked, and since when.
type YankedDoc struct {
	Reason string    `json:"reason"`
	Time   time.Time `json:"time"`
}

// VersionSummary is a version in a chart's document.
type VersionSummary struct {
	Version     string     `json:"version"`
	AppVersion  string     `json:"appVersion,omitempty"`
	KubeVersion string     `json:"kubeVersion,omitempty"`
	Created     time.Time  `json:"created" jsonschema_description:"When it was published"`
	Digest      string     `json:"digest" jsonschema_description:"SHA-256 of the archive in hex"`
	Manifest    string     `json:"manifest,omitempty" jsonschema_description:"Digest of the version's manifest in the registry: sha256: and hex"`
	Size        int64      `json:"size,omitempty" jsonschema_description:"Size of the archive in bytes"`
	Deprecated  bool       `json:"deprecated,omitempty"`
	Prerelease  bool       `json:"prerelease,omitempty"`
	Signed      bool       `json:"signed,omitempty"`
	Signer      *Signer    `json:"signer,omitempty" jsonschema_description:"Who signed it, as it was verified with the channel's keys when it was published"`
	Promoted    *Promotion `json:"promoted,omitempty" jsonschema_description:"Present if it was promoted from another channel"`
	Older       bool       `json:"older,omitempty" jsonschema_description:"True if the repository's index does not list this version, but newer ones, or because it is yanked; its archive stays at its URL"`
	Yanked      *YankedDoc `json:"yanked,omitempty" jsonschema_description:"Present if the version is yanked: all/index.yaml alone lists it; its URL, digest and tag stay"`
	Archive     string     `json:"archive" jsonschema_description:"URL of the archive. With .prov added, it is the URL of the provenance file"`
	Page        string     `json:"page" jsonschema_description:"URL of the version's page"`
}

// Promotion is where a version was promoted from, and when.
type Promotion struct {
	From string    `json:"from" jsonschema_description:"Name of the channel"`
	Time time.Time `json:"time"`
}

// Signer is the owner of the key that made a version's provenance file.
type Signer struct {
	Fingerprint string `json:"fingerprint" jsonschema_description:"Of the primary key, in hex"`
	Identity    string `json:"identity,omitempty" jsonschema_description:"What the key calls its owner, such as Ann <ann@example.com>"`
}

// ChangesDoc is a channel's api/changes.json. It names the generation that the
// channel's pages show.
type ChangesDoc struct {
	Schema      string          `json:"$schema"`
	Channel     string          `json:"channel"`
	Generation  int             `json:"generation" jsonschema_description:"The generation that the pages show; 0 while the first ones are being made"`
	Look        string          `json:"look" jsonschema_description:"Hash of the templates and settings that the pages were made with; empty if they differ between pages"`
	Generations []GenerationDoc `json:"generations" jsonschema_description:"Newest first; at most 100"`

	Progress map[string]string `json:"progress,omitempty" jsonschema_description:"Present while pages of a newer generation are being made: which charts have theirs already"`
}

// GenerationDoc is one generation, and what it changed.
type GenerationDoc struct {
	Generation int        `json:"generation"`
	Time       time.Time  `json:"time"`
	Events     []EventDoc `json:"events" jsonschema_description:"Sorted by chart; at most 100"`
	More       int        `json:"more,omitempty" jsonschema_description:"Number of events that are left out"`
	RolledBack int        `json:"rolledBack,omitempty" jsonschema_description:"The generation that the channel was rolled back to"`
}

// EventDoc is what a generation did to one version.
type EventDoc struct {
	Chart   string `json:"chart"`
	Version string `json:"version" jsonschema_description:"Empty if the event is about the whole chart"`
	What    string `json:"what" jsonschema:"enum=added,enum=replaced,enum=removed,enum=yanked,enum=restored,enum=deprecated,enum=undeprecated"`

	Action string `json:"action,omitempty" jsonschema_description:"The action that did it, such as yank, promote, rollback or takedown; empty for an upload"`
	Reason string `json:"reason,omitempty" jsonschema_description:"Of the action; at most 120 characters"`
	From   string `json:"from,omitempty" jsonschema_description:"The channel that the version was promoted from"`
}

// The values of EventDoc.What.
const (
	added        = "added"
	replaced     = "replaced"
	removed      = "removed"
	yanked       = "yanked"
	restored     = "restored"
	deprecated   = "deprecated"
	undeprecated = "undeprecated"
)
