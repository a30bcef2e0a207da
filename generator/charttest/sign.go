package charttest

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// A Signer signs archives with its own key, which is not stored anywhere.
type Signer struct {
	entity *openpgp.Entity
	config *packet.Config
}

// SignerIdentity is whose keys those of [Signer] are.
const SignerIdentity = "Portolan Test (throwaway) <test@example.com>"

// NewSigner returns a Signer with a new key, so signatures are not reproducible.
func NewSigner() *Signer { return NewSignerAt(time.Now()) }

// NewSignerAt is NewSigner for somebody whose clock stands still.
func NewSignerAt(now time.Time) *Signer {
	s := &Signer{config: &packet.Config{RSABits: 2048, DefaultHash: crypto.SHA512, Time: func() time.Time { return now }}}
	var err error
	s.entity, err = openpgp.NewEntity("Portolan Test", "throwaway", "test@example.com", s.config)
	must(err)
	return s
}

// Fingerprint is that of the key, in capital hex digits.
func (s *Signer) Fingerprint() string { return fmt.Sprintf("%X", s.entity.PrimaryKey.Fingerprint) }

// SecretKeyring returns the key, in the form that `helm package --sign --keyring` reads.
func (s *Signer) SecretKeyring() []byte {
	var buf bytes.Buffer
	must(s.entity.SerializePrivate(&buf, s.config))
	return buf.Bytes()
}

// Keyring returns the public key, in the binary form that
// `helm pull --verify --keyring` reads.
func (s *Signer) Keyring() []byte {
	var buf bytes.Buffer
	must(s.entity.Serialize(&buf))
	return buf.Bytes()
}

// Revoke revokes the key, as the public key says from then on.
func (s *Signer) Revoke() { must(s.entity.RevokeKey(packet.KeyCompromised, "", s.config)) }

// Sign returns the provenance file of an archive, as `helm package --sign`
// writes it.
func (s *Signer) Sign(file string, archive []byte) []byte {
	sum := sha256.Sum256(archive)
	return s.SignText(fmt.Sprintf("apiVersion: v2\nname: test\nversion: 0.0.0\n\n...\nfiles:\n  %s: sha256:%s\n", file, hex.EncodeToString(sum[:])))
}

// SignText returns text, clear-signed.
func (s *Signer) SignText(text string) []byte {
	var buf bytes.Buffer
	w, err := clearsign.Encode(&buf, s.entity.PrivateKey, s.config)
	must(err)
	_, err = w.Write([]byte(text))
	must(err)
	must(w.Close())
	return buf.Bytes()
}
