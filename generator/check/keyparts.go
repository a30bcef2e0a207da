package check

import (
	"bytes"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Tags of the packets that keys consist of (RFC 9580, section 5).
const (
	tagSignature    = 2
	tagSecretKey    = 5
	tagPublicKey    = 6
	tagSecretSubkey = 7
	tagMarker       = 10
	tagTrust        = 12
	tagUserID       = 13
	tagPublicSubkey = 14
	tagAttribute    = 17
	tagPadding      = 21
)

// keyParts takes a key from a file apart. It keeps the key, its identities and the
// subkeys that can sign, each with the signatures that the key itself made. What others
// signed, pictures and subkeys for encryption it leaves out: nobody needs them to verify
// anything, and there can be any number.
type keyParts struct {
	primary     *packet.PublicKey
	packet      bytes.Buffer // of the key
	revocations bytes.Buffer // of the key, which must follow it
	rest        bytes.Buffer
	part        []byte // the last identity or subkey, as long as nothing has signed it
	left        bool   // the last part is left out
	signatures  int
}

func beginKey(p *packet.OpaquePacket) (*keyParts, error) {
	if p.Tag != tagPublicKey {
		if p.Tag == tagSecretKey || p.Tag == tagSecretSubkey {
			return nil, errSecret
		}
		return nil, fmt.Errorf("is not a file of public keys; %s", howToExport)
	}
	k := &keyParts{}
	parsed, err := p.Parse()
	k.primary, _ = parsed.(*packet.PublicKey)
	if err != nil || k.primary == nil {
		return nil, fmt.Errorf("holds a key that cannot be read: %s; leave it out", Foreign(err))
	}
	write(&k.packet, p)
	return k, k.checkStrength(k.primary)
}

func write(to *bytes.Buffer, p *packet.OpaquePacket) {
	if err := p.Serialize(to); err != nil {
		panic(err) // a buffer takes all
	}
}

// name is the key's fingerprint.
func (k *keyParts) name() string { return fmt.Sprintf("%X", k.primary.Fingerprint) }

// bytes are the packets that were kept, in the order in which Helm reads them.
func (k *keyParts) bytes() []byte {
	return bytes.Join([][]byte{k.packet.Bytes(), k.revocations.Bytes(), k.rest.Bytes()}, nil)
}

// add adds the key's next packet.
func (k *keyParts) add(p *packet.OpaquePacket) error {
	switch p.Tag {
	case tagSecretKey, tagSecretSubkey:
		return errSecret
	case tagUserID:
		k.begin(p, false)
	case tagAttribute:
		k.begin(p, true)
	case tagPublicSubkey:
		parsed, err := p.Parse()
		subkey, ok := parsed.(*packet.PublicKey)
		signs := err == nil && ok && subkey.PubKeyAlgo.CanSign()
		k.begin(p, !signs)
		if signs {
			return k.checkStrength(subkey)
		}
	case tagSignature:
		return k.addSignature(p)
	case tagMarker, tagTrust, tagPadding:
	default:
		return fmt.Errorf("holds more than public keys; %s", howToExport)
	}
	return nil
}

// begin begins an identity or a subkey, which is kept once the key has signed it.
func (k *keyParts) begin(p *packet.OpaquePacket, leave bool) {
	var part bytes.Buffer
	write(&part, p)
	k.part, k.left = part.Bytes(), leave
}

// addSignature keeps a signature that the key made on itself. No revocation is passed over:
// what cannot be judged is an error.
func (k *keyParts) addSignature(p *packet.OpaquePacket) error {
	parsed, err := p.Parse()
	s, ok := parsed.(*packet.Signature)
	own := err == nil && ok && s.CheckKeyIdOrFingerprint(k.primary)
	kind := packet.SignatureType(0)
	if len(p.Contents) > 2 {
		if kind = packet.SignatureType(p.Contents[1]); p.Contents[0] < 4 {
			kind = packet.SignatureType(p.Contents[2])
		}
	}
	to := &k.rest
	switch {
	case kind == packet.SigTypeKeyRevocation && own:
		to = &k.revocations
	case kind == packet.SigTypeKeyRevocation, kind == packet.SigTypeSubkeyRevocation && !k.left && !own:
		return fmt.Errorf("holds the key %s with a revocation that cannot be checked; leave the key out", k.name())
	case !own || k.left:
		return nil
	default:
		to.Write(k.part)
		k.part = nil
	}
	write(to, p)
	k.signatures++
	return nil
}

// Bounds of a key, in bits. Shorter ones can be broken, and longer ones take long.
const (
	minKeyBits = 2048
	maxKeyBits = 8192
)

// checkStrength refuses keys whose signatures are worth little, or cost much.
func (k *keyParts) checkStrength(key *packet.PublicKey) error {
	switch key.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
		if bits, err := key.BitLength(); err != nil || bits < minKeyBits || bits > maxKeyBits {
			return fmt.Errorf("holds the key %s with %d bits, and RSA keys must have %d to %d; use another key", k.name(), bits, minKeyBits, maxKeyBits)
		}
	case packet.PubKeyAlgoECDSA, packet.PubKeyAlgoEdDSA, packet.PubKeyAlgoEd25519, packet.PubKeyAlgoEd448:
	default:
		return fmt.Errorf("holds the key %s, which is neither an RSA nor an ECDSA or EdDSA key; use another key", k.name())
	}
	return nil
}
