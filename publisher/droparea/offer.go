package droparea

import "github.com/portolan-charts/portolan/publisher/verdict"

// Offer is a chart, or a provenance file alone, that was checked and is not in the inbox
// yet.
type Offer struct {
	Name, Version string   // "" of a provenance file alone
	Names         []string // that the chart may have: more than one only of a provenance file alone
	File          string   // what the archive is called
	Digest        string   // SHA-256 of the archive, in hex
	Fingerprint   string   // of the archive's paths and content; "" of a provenance file alone
	Provenance    string   // SHA-256 of the provenance file, in hex; "" if absent
	Manifest      string   // SHA-256 of the manifest with which it is pushed to a registry, in hex; "" otherwise
	Signature     *Refusal // why it may not publish anything with its signature, or without one; nil if it may
	Warnings      []verdict.Warning
}

// Refusal is the rule that an offer breaks.
type Refusal struct {
	Rule    string // stable code
	Message string // a sentence that names the thing and the rule
	Fix     string
}
