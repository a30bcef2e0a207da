package check

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// MaxKeyring is the largest file of public keys taken, in bytes.
const MaxKeyring = 1 << 20

// maxKeySignatures is how many signatures the keys of a keyring may have from themselves.
// Each is verified, which takes up to a few milliseconds.
const maxKeySignatures = 500

// A Keyring is the public keys whose signatures are taken. The zero Keyring has none.
type Keyring struct {
	keys       openpgp.EntityList
	public     bytes.Buffer
	signatures int
}

const (
	howToExport = "export the public key: gpg --armor --export NAME"
	howToShrink = "export it with 'gpg --armor --export-options export-minimal --export NAME'"
)

// Add adds the keys of a file, which may be armored or binary. What is wrong with a
// file is said in words that may follow its name.
func (k *Keyring) Add(file []byte) error {
	binary, err := dearmor(file)
	if err != nil {
		return err
	}
	var parts *keyParts
	packets := packet.NewOpaqueReader(bytes.NewReader(binary))
	for {
		p, err := packets.Next()
		switch {
		case errors.Is(err, io.EOF) && parts == nil:
			return fmt.Errorf("holds no public key; %s", howToExport)
		case errors.Is(err, io.EOF):
			return k.addKey(parts)
		case err != nil:
			return fmt.Errorf("is not a file of public keys, or is damaged; %s", howToExport)
		case p.Tag == tagPublicKey && parts != nil:
			if err := k.addKey(parts); err != nil {
				return err
			}
			parts = nil
		}
		if parts == nil {
			parts, err = beginKey(p)
		} else {
			err = parts.add(p)
		}
		if err != nil {
			return err
		}
		if parts.signatures+k.signatures > maxKeySignatures {
			return fmt.Errorf("makes more than %d signatures of keys on themselves; %s, or use fewer keys", maxKeySignatures, howToShrink)
		}
	}
}

// addKey adds one key, if signatures can be made with it.
func (k *Keyring) addKey(parts *keyParts) error {
	name, public := parts.name(), parts.bytes()
	key, err := openpgp.ReadEntity(packet.NewReader(bytes.NewReader(public)))
	if err != nil {
		return fmt.Errorf("holds the key %s, which cannot be read: %s; %s", name, Foreign(err), howToExport)
	}
	onlyPrimary(key)
	if self, _ := key.PrimarySelfSignature(); self == nil || !canSign(key) {
		return fmt.Errorf("holds the key %s, with which nothing can be signed; leave it out", name)
	}
	if slices.ContainsFunc(k.keys, func(other *openpgp.Entity) bool {
		return bytes.Equal(other.PrimaryKey.Fingerprint, key.PrimaryKey.Fingerprint)
	}) {
		return fmt.Errorf("holds the key %s, which is in the channel's keyrings already; keep the newest copy only", name)
	}
	k.keys = append(k.keys, key)
	k.public.Write(public)
	k.signatures += parts.signatures
	return nil
}

// onlyPrimary leaves the key its primary identity alone. Which one that is would
// otherwise be left to chance if two were signed in the same second.
func onlyPrimary(key *openpgp.Entity) {
	if len(key.Identities) == 0 {
		return
	}
	primary := slices.MinFunc(slices.Collect(maps.Values(key.Identities)), func(a, b *openpgp.Identity) int {
		if a.SelfSignature == nil || b.SelfSignature == nil {
			return cmp.Or(order(b.SelfSignature != nil, a.SelfSignature != nil), cmp.Compare(a.Name, b.Name))
		}
		return cmp.Or(
			cmp.Compare(len(a.Revocations), len(b.Revocations)),
			order(isPrimary(b), isPrimary(a)),
			b.SelfSignature.CreationTime.Compare(a.SelfSignature.CreationTime),
			cmp.Compare(a.Name, b.Name))
	})
	key.Identities = map[string]*openpgp.Identity{primary.Name: primary}
}

func isPrimary(i *openpgp.Identity) bool {
	return i.SelfSignature.IsPrimaryId != nil && *i.SelfSignature.IsPrimaryId
}

// order compares two truths: false comes first.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// canSign reports whether the key or a subkey of it may sign.
func canSign(key *openpgp.Entity) bool {
	list := openpgp.EntityList{key}
	ids := []uint64{key.PrimaryKey.KeyId}
	for _, sub := range key.Subkeys {
		ids = append(ids, sub.PublicKey.KeyId)
	}
	return slices.ContainsFunc(ids, func(id uint64) bool { return len(list.KeysByIdUsage(id, packet.KeyFlagSign)) > 0 })
}

// Binary returns the keys as Helm reads them, in the order in which they were added. Of
// each it has what is needed to verify signatures, and not what others say of it.
func (k *Keyring) Binary() []byte { return bytes.Clone(k.public.Bytes()) }

// Armored returns [Keyring.Binary] as text.
func (k *Keyring) Armored() []byte {
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err == nil {
		_, err = w.Write(k.public.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes all
	}
	return append(text.Bytes(), '\n')
}

var (
	armorBegin = []byte("-----BEGIN ")
	armorEnd   = []byte("-----END ")
)

// dearmor returns the packets of a file. An armored one may have several blocks, since
// people put files together, and text around them.
func dearmor(file []byte) ([]byte, error) {
	switch {
	case bytes.Contains(file[:min(len(file), 32)], []byte("KBXf")):
		return nil, fmt.Errorf("is a keybox, which GnuPG alone reads; %s", howToExport)
	case len(file) > 0 && file[0]&0x80 != 0:
		return file, nil
	}
	var packets []byte
	for {
		begin := bytes.Index(file, armorBegin)
		if begin < 0 {
			return packets, nil
		}
		file = file[begin:]
		end := bytes.Index(file, armorEnd)
		if end < 0 {
			return nil, fmt.Errorf("ends in the middle of a key; %s", howToExport)
		}
		block, err := armor.Decode(bytes.NewReader(file[:end+len(armorEnd)]))
		switch {
		case err != nil:
			return nil, fmt.Errorf("is damaged: %s; %s", Foreign(err), howToExport)
		case block.Type == openpgp.PrivateKeyType:
			return nil, errSecret
		case block.Type != openpgp.PublicKeyType:
			return nil, fmt.Errorf("holds a block %s, which is no public key; %s", Quote(block.Type), howToExport)
		}
		some, err := io.ReadAll(block.Body)
		if err != nil {
			return nil, fmt.Errorf("is damaged: %s; %s", Foreign(err), howToExport)
		}
		packets, file = append(packets, some...), file[end+len(armorEnd):]
	}
}

var errSecret = fmt.Errorf("holds a secret key, and everybody could read it on the site; keep it out of the repository, and %s", howToExport)
