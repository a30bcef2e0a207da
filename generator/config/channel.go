package config

import (
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
)

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
// any of these keys keeps it, or if no key is about it. The newest version of a chart
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
