package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// MaxProvenance is the largest provenance file taken, in bytes. It repeats
// Chart.yaml, which has the same limit.
const MaxProvenance = 1 << 20

// Provenance is what a provenance file says of an archive. The signature is not
// verified: that needs keys, and [Keyring.Verify] does it.
type Provenance struct {
	File   string // name of the archive
	Digest string // SHA-256 of the archive, 64 hex digits
	Size   int64  // of the provenance file itself, in bytes
	KeyID  string // of the key that says it made it, 16 hex digits; "" if none does
}

// ReadProvenance reads a provenance file, whatever archive it is for. A fault of
// the file is a *Problem; any other error is r's own.
func ReadProvenance(r io.Reader) (prov *Provenance, err error) {
	defer func() {
		if v := recover(); v != nil {
			prov, err = nil, reject("internal", "reading the provenance file made portolan fail: %s", Foreign(fmt.Errorf("%v", v)))
		}
	}()
	data, err := io.ReadAll(io.LimitReader(r, MaxProvenance+1))
	if err != nil {
		return nil, err
	}
	if err := CheckProvenanceSize(int64(len(data))); err != nil {
		return nil, err
	}
	text, key, p := signedText(data)
	if p != nil {
		return nil, p
	}
	prov, p = parseSigned(text)
	if p != nil {
		return nil, p
	}
	prov.Size, prov.KeyID = int64(len(data)), key
	return prov, nil
}

// CheckProvenanceSize says that a provenance file of this size is refused for that,
// with the same *Problem as [ReadProvenance]; nil if it is not.
func CheckProvenanceSize(size int64) error {
	if size > MaxProvenance {
		return reject("prov-size", "the provenance file is larger than %s", sizeText(MaxProvenance))
	}
	return nil
}

// Fits says why Helm cannot use the provenance file for the archive of that file
// name and digest, with a *Problem; nil if it can.
func (p *Provenance) Fits(file, digest string) error {
	if p.File != file {
		return reject("prov-name", "the provenance file is for %s and the archive is %s", Quote(p.File), Quote(file))
	}
	if p.Digest != digest {
		return reject("prov-digest", "the provenance file is for an archive with SHA-256 %s and this one has %s", Quote(p.Digest), Quote(digest))
	}
	return nil
}

// decodeSigned takes a provenance file apart. Nothing but blanks may stand around what is
// signed: Helm would not read it, and a person might believe it signed.
func decodeSigned(data []byte) (*clearsign.Block, *Problem) {
	block, rest := clearsign.Decode(data)
	if block == nil {
		return nil, reject("prov-format", "the provenance file is not clear-signed text")
	}
	begin := bytes.Index(data, []byte("-----BEGIN PGP SIGNED MESSAGE-----"))
	if len(bytes.TrimSpace(rest)) > 0 || len(bytes.TrimSpace(data[:max(begin, 0)])) > 0 {
		return nil, reject("prov-format", "the provenance file holds text outside of what is signed")
	}
	return block, nil
}

// signedText returns what the signature covers, and the id of the key that it
// says made it.
func signedText(data []byte) (text []byte, keyID string, p *Problem) {
	block, p := decodeSigned(data)
	if p != nil {
		return nil, "", p
	}
	signature, err := packet.Read(block.ArmoredSignature.Body)
	if err != nil {
		return nil, "", reject("prov-format", "the signature of the provenance file cannot be read: %s", Foreign(err))
	}
	made, ok := signature.(*packet.Signature)
	if !ok {
		return nil, "", reject("prov-format", "the provenance file holds no signature")
	}
	// Reading to the end checks the armor's own checksum.
	if _, err := io.Copy(io.Discard, block.ArmoredSignature.Body); err != nil {
		return nil, "", reject("prov-format", "the signature of the provenance file cannot be read: %s", Foreign(err))
	}
	if made.IssuerKeyId != nil {
		keyID = fmt.Sprintf("%016X", *made.IssuerKeyId)
	}
	return block.Plaintext, keyID, nil
}

// parseSigned reads the two YAML documents that Helm writes, the metadata and
// the sums, at the mark where Helm cuts them (pkg/provenance/sign.go).
func parseSigned(text []byte) (*Provenance, *Problem) {
	if !utf8.Valid(text) {
		return nil, reject("prov-format", "the provenance file is not UTF-8")
	}
	parts := bytes.Split(text, []byte("\n...\n"))
	if len(parts) != 2 {
		return nil, reject("prov-format", "the provenance file has %d parts instead of metadata and sums", len(parts))
	}
	b := &bounds{left: maxCost}
	for _, part := range parts {
		if _, p := b.inspectYAML("the provenance file", part, true); p != nil {
			return nil, reject("prov-format", "%s", p.Message)
		}
	}
	if _, err := loadMetadata(parts[0], nil); err != nil {
		return nil, reject("prov-format", "Helm cannot read the metadata in the provenance file: %s", Foreign(err))
	}
	sums, err := loadSums(parts[1])
	if err != nil {
		return nil, reject("prov-format", "Helm cannot read the sums in the provenance file: %s", Foreign(err))
	}
	if len(sums) != 1 {
		return nil, reject("prov-files", "the provenance file names %d archives instead of one", len(sums))
	}
	for file, sum := range sums {
		digest, ok := strings.CutPrefix(sum, "sha256:")
		if raw, err := hex.DecodeString(digest); !ok || err != nil || len(raw) != sha256.Size || digest != strings.ToLower(digest) {
			return nil, reject("prov-files", "the provenance file gives %s not a SHA-256 but %s", Quote(file), Quote(sum))
		}
		return &Provenance{File: file, Digest: digest}, nil
	}
	return nil, nil // not reached: there is one
}
