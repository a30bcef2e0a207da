package generator

import (
	"time"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// content is one chart version's content, published or about to be.
type content struct {
	digest      string
	fingerprint string // "" if it is not known
	provenance  string // SHA-256 of the provenance file; "" if absent
	created     time.Time
	missing     bool // it is published, but its archive is gone
}

// same reports whether two archives hold the same files with the same bytes.
func (c content) same(d content) bool {
	return c.digest == d.digest || c.fingerprint != "" && c.fingerprint == d.fingerprint
}

// ruling is what the policy says of an upload of a version.
type ruling struct {
	verdict verdict.Verdict
	rule    string // why, where the verdict alone does not say
}

// Rules of verdicts other than rejected.
const (
	ruleSameContent = "same-content" // unchanged: the same files with the same bytes
	ruleSignature   = "signature"    // accepted, replaced or unchanged: it brought the provenance file
	ruleLater       = "later-upload" // superseded
	ruleForced      = "forced"       // replaced in spite of duplicates: reject
	ruleRestored    = "restored"     // replaced: the published archive was missing
)

// rulingFor says whether the upload u may take the place of the published
// content, which is nil if the version is new. It knows no more than the two
// contents: that a later upload was decided before is judged elsewhere.
func rulingFor(p config.Policy, current *content, u content, force bool) ruling {
	switch {
	case current == nil:
		return ruling{verdict.Accepted, ""}
	case current.same(u):
		return rulingForSame(p, *current, u, force)
	case p.Duplicates != config.Reject:
		return ruling{verdict.Replaced, ""}
	case force:
		return ruling{verdict.Replaced, ruleForced}
	}
	return ruling{verdict.Rejected, "version-exists"}
}

// rulingForSame decides about an upload of what is published already: only its
// signature can be new.
func rulingForSame(p config.Policy, current, u content, force bool) ruling {
	repacked := current.digest != u.digest
	switch {
	case current.missing && !repacked:
		return ruling{verdict.Replaced, ruleRestored}
	case u.provenance == "" || u.provenance == current.provenance:
		return ruling{verdict.Unchanged, ruleSameContent}
	case current.provenance != "" && repacked:
		// It signs other bytes than those that are published, which
		// have a signature already: as good as the same.
		return ruling{verdict.Unchanged, ruleSameContent}
	case current.provenance != "":
		return ruling{verdict.Rejected, "provenance-differs"}
	case repacked && p.Duplicates == config.Reject && !force:
		return ruling{verdict.Rejected, "provenance-repacked"}
	}
	return ruling{verdict.Replaced, ruleSignature}
}
