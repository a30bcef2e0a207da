package publisher

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	// newestFormat is the newest format of records that this code knows. It stops at
	// records with a newer one, since it cannot know what they promise. A record has
	// the lowest format that can say what it says: see [Record.format].
	newestFormat = 5

	// MaxVerdicts is the most uploads that one record decides.
	MaxVerdicts = 10_000

	// MaxLines is how many bytes of index lines one record may add before further
	// uploads have to wait for the next record.
	MaxLines = 64 << 20

	maxRecord = 512 << 20 // bytes; portolan does not write larger ones
)

// Record is one entry of a channel's log: one generation. It says what was decided, and
// holds everything needed to derive the index from the previous one, so that its readers
// need not decide anything again. The log is public: a record holds ids and rule codes,
// nothing about uploaders, and no text from an archive except the index lines.
type Record struct {
	Format     int        `json:"format"`
	Generation int        `json:"generation"`
	Parent     string     `json:"parent"`          // SHA-256 of the record before, in hex; "" in the first
	Base       int        `json:"base"`            // the newest earlier generation that changed the index; 0 for none
	Floor      int        `json:"floor,omitempty"` // the oldest generation that is kept; 0 if all are. It never decreases
	Nonce      string     `json:"nonce"`           // makes the record unique to its writer
	Time       time.Time  `json:"time"`            // never before the parent's, nor before an arrival it decides
	Decisions  []Decision `json:"decisions"`

	Actions []ActionDecision `json:"actions,omitempty"`
	State   *StateFile       `json:"state,omitempty"` // the newest one; nil if no action has made any

	Change *Change `json:"change,omitempty"` // nil if the index stays as it is

	// Registry is what it says of the registry apart from the manifests of what it
	// decides; nil if it says nothing else.
	Registry *RegistryChange `json:"registry,omitempty"`
}

// Decision is the verdict on one upload.
type Decision struct {
	Upload      string          `json:"upload"`
	Arrival     time.Time       `json:"arrival"`
	Chart       string          `json:"chart,omitempty"`   // empty if it could not be read, or is not a valid name
	Version     string          `json:"version,omitempty"` // as Chart
	Verdict     verdict.Verdict `json:"verdict"`
	Rule        string          `json:"rule,omitempty"` // why it was rejected; or how it was decided, if that is not obvious
	Digest      string          `json:"digest,omitempty"`
	Fingerprint string          `json:"fingerprint,omitempty"`
	Size        int64           `json:"size,omitempty"` // of the archive, in bytes
	Provenance  string          `json:"provenance,omitempty"`
	Manifest    string          `json:"manifest,omitempty"` // SHA-256 of its manifest in the registry; "" if it has none

	Restores   bool `json:"restores,omitempty"`   // the version was yanked, and this content is shown again
	Deprecated bool `json:"deprecated,omitempty"` // its chart is deprecated by an action, and Chart.yaml says so, too
}

// Change is the difference between two indexes, line by line, with the SHA-256 of the
// result.
type Change struct {
	Header  string `json:"header"` // the first line of the new index
	Removed []Line `json:"removed,omitempty"`
	Added   []Line `json:"added,omitempty"`
	// Shown has the charts of which head does not list all versions. Of a chart that
	// gets or loses a line and is not in Shown, head lists all; of any other chart,
	// the versions that it listed before.
	Shown []Shown `json:"shown,omitempty"`

	SHA256 string `json:"sha256"`          // of the new index, in hex
	Size   int64  `json:"size"`            // of the new index, in bytes
	Older  *Sum   `json:"older,omitempty"` // the new older index; nil if all versions are in head
}

// Line is a release's line in the index.
type Line struct {
	Chart string `json:"chart"`
	At    int    `json:"at"` // its place among all the chart's lines: of a removed line before the change, of an added line after it
	Text  string `json:"line"`
}

// IndexGeneration is the index's generation once this record is applied.
func (r *Record) IndexGeneration() int {
	if r.Change != nil {
		return r.Generation
	}
	return r.Base
}

// format is 2 from the first floor on: a program that knows only format 1 would take
// pruned files for lost ones, so it has to stop and say that it is too old. It is 3 if
// head does not list all versions, or lists them again: a program that knows only format
// 2 would lose the others. It is 4 if the channel is in the registry: a program that knows
// only format 3 would publish versions without it. It is 5 from the first action on: a
// program that knows only format 4 would show what is yanked.
func (r *Record) format() int {
	if r.State != nil || len(r.Actions) > 0 {
		return 5
	}
	if r.inRegistry() {
		return 4
	}
	if r.Change != nil && (r.Change.Older != nil || len(r.Change.Shown) > 0) {
		return 3
	}
	if r.Floor > 0 {
		return 2
	}
	return 1
}

var errNewerFormat = errors.New("written by a newer portolan: install that one")

// parseRecord reads the record of the given generation.
func parseRecord(b []byte, generation int) (*Record, error) {
	var r Record
	err := decodeRecord(b, &r)
	if r.Format > newestFormat || err != nil && newerFormat(b) {
		return nil, errNewerFormat
	}
	if err != nil {
		return nil, fmt.Errorf("not a commit record: %v", err)
	}
	return &r, r.check(generation)
}

func decodeRecord(b []byte, r *Record) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return err
	}
	if len(bytes.TrimSpace(b[d.InputOffset():])) > 0 {
		return errors.New("something follows it")
	}
	return nil
}

// newerFormat reports whether a record that has unknown fields, or fields of other types,
// says that its format is newer.
func newerFormat(b []byte) bool {
	var version struct {
		Format int `json:"format"`
	}
	return json.Unmarshal(b, &version) == nil && version.Format > newestFormat
}

// check returns an error if the record is not valid by itself.
func (r *Record) check(generation int) error {
	switch {
	case r.Format != r.format():
		return fmt.Errorf("format %d, not %d", r.Format, r.format())
	case r.Generation != generation:
		return fmt.Errorf("says that it is generation %d", r.Generation)
	case r.Base < 0 || r.Base >= r.Generation:
		return fmt.Errorf("base %d is not an earlier generation", r.Base)
	case r.Floor < 0 || r.Floor > r.Base:
		return fmt.Errorf("floor %d is not an earlier generation that changed the index", r.Floor)
	case (r.Parent == "") != (generation == 1):
		return fmt.Errorf("parent %q does not fit generation %d", r.Parent, generation)
	case r.Nonce == "":
		return errors.New("no nonce")
	case r.Time.IsZero():
		return errors.New("no time")
	case len(r.Decisions) == 0 && len(r.Actions) == 0 && r.Change == nil && r.Floor == 0:
		return errors.New("decides nothing")
	}
	for _, d := range r.Decisions {
		if d.Arrival.After(r.Time) {
			return fmt.Errorf("decides upload %s before it arrived", d.Upload)
		}
		if d.Verdict.Publishes() && r.Change == nil {
			return fmt.Errorf("upload %s is %s, but the index stays as it is", d.Upload, d.Verdict)
		}
	}
	return errors.Join(r.checkActions(), r.checkRegistry())
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
