package check

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// A Signer is whose key made a signature.
type Signer struct {
	Fingerprint string // of the primary key, in capital hex digits
	Identity    string // that the key names, such as "Ann <ann@example.com>"; printable, at most 200 bytes
}

const (
	// maxSigners is how many signatures of a provenance file are looked at. Helm makes one.
	maxSigners = 8

	// maxIdentity is how much of an identity is told, in bytes.
	maxIdentity = 200

	// clockLead is how far the clock of a signer may be ahead of the store's.
	clockLead = 15 * time.Minute
)

// Verify returns who signed a provenance file that arrived at that time. A fault is a
// *Problem. Of several signatures the first one by a key of the keyring counts, as for Helm.
//
// Expiry is judged as it was at that time, so that the answer stays the same; but a key that
// is revoked is refused whenever it signed.
func (k *Keyring) Verify(prov []byte, at time.Time) (signer *Signer, err error) {
	defer func() {
		if v := recover(); v != nil {
			signer, err = nil, reject("internal", "verifying the provenance file made portolan fail: %s", Foreign(fmt.Errorf("%v", v)))
		}
	}()
	block, p := decodeSigned(prov)
	if p != nil {
		return nil, p
	}
	made, raw, p := k.find(block)
	if p != nil {
		return nil, p
	}
	if signer, p = k.judge(block.Bytes, made, raw, at); p != nil {
		return nil, p
	}
	return signer, nil
}

// Revokes reports whether a provenance file that arrived at that time is signed with a key
// that is revoked, as the keyring has it. A nil Keyring revokes nothing.
func (k *Keyring) Revokes(prov []byte, at time.Time) bool {
	if k == nil {
		return false
	}
	_, err := k.Verify(prov, at)
	p := (*Problem)(nil)
	return errors.As(err, &p) && p.Rule == "signature-revoked"
}

// find returns the signature that counts, and its packet.
func (k *Keyring) find(block *clearsign.Block) (made *packet.Signature, raw []byte, p *Problem) {
	stranger := "it does not name"
	packets := packet.NewOpaqueReader(block.ArmoredSignature.Body)
	for range maxSigners {
		next, err := packets.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil, reject("signature-unknown", "the provenance file is signed with the key %s, which is not among those of the channel", stranger)
		}
		if err != nil || next.Tag != tagSignature {
			return nil, nil, reject("signature-invalid", "the provenance file holds something else than signatures")
		}
		parsed, err := next.Parse()
		s, ok := parsed.(*packet.Signature)
		if err != nil || !ok || s.IssuerKeyId == nil {
			continue // it is of a kind that nobody reads
		}
		if len(k.keys.KeysByIdUsage(*s.IssuerKeyId, packet.KeyFlagSign)) > 0 {
			var b bytes.Buffer
			write(&b, next)
			return s, b.Bytes(), nil
		}
		stranger = fmt.Sprintf("%016X", *s.IssuerKeyId)
	}
	return nil, nil, reject("signature-invalid", "the provenance file has more than %d signatures", maxSigners)
}

// judge verifies a signature.
func (k *Keyring) judge(text []byte, made *packet.Signature, raw []byte, at time.Time) (*Signer, *Problem) {
	by := fmt.Sprintf("%016X", *made.IssuerKeyId)
	switch made.Hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
	default:
		return nil, reject("signature-weak", "the signature by the key %s is made with %s, which can be forged", by, made.Hash)
	}
	if made.CreationTime.After(at) && made.CreationTime.Sub(at) <= clockLead {
		at = made.CreationTime
	}
	config := &packet.Config{Time: func() time.Time { return at }}
	_, key, err := openpgp.VerifyDetachedSignature(k.keys, bytes.NewReader(text), bytes.NewReader(raw), config)
	when := at.UTC().Format(time.RFC3339)
	switch {
	case err == nil:
		return signerOf(key), nil
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return nil, reject("signature-revoked", "the key %s, which signed the provenance file, is revoked", by)
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return nil, reject("signature-expired", "the key %s, which signed the provenance file, was not valid when that arrived, %s", by, when)
	case errors.Is(err, pgperrors.ErrSignatureExpired):
		return nil, reject("signature-expired", "the signature by the key %s is of %s, and was not valid when it arrived, %s", by, made.CreationTime.UTC().Format(time.RFC3339), when)
	}
	return nil, reject("signature-invalid", "the signature by the key %s does not fit the provenance file: %s", by, Foreign(err))
}

// signerOf tells who owns the key. What that says of its owner is a stranger's text.
func signerOf(key *openpgp.Entity) *Signer {
	s := &Signer{Fingerprint: fmt.Sprintf("%X", key.PrimaryKey.Fingerprint)}
	if primary := key.PrimaryIdentity(); primary != nil {
		s.Identity = strings.TrimSpace(printable(strings.ToValidUTF8(primary.Name, "\uFFFD"), ""))
	}
	if len(s.Identity) > maxIdentity {
		cut := maxIdentity - len("…")
		for !utf8.RuneStart(s.Identity[cut]) {
			cut--
		}
		s.Identity = s.Identity[:cut] + "…"
	}
	return s
}
