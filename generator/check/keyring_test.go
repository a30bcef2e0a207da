package check

import (
	"bytes"
	"crypto/dsa" //lint:ignore SA1019 a key of this kind must be refused
	"math/big"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/portolan-charts/portolan/ci/testenv"
)

func armored(t *testing.T, kind string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, kind, map[string]string{"Comment": "made by a test"})
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

func TestKeyringAdd(t *testing.T) {
	ann, bob := newKey(t, "Ann", at(now)), newKey(t, "Bob", at(now))
	two := append(armored(t, openpgp.PublicKeyType, public(t, ann)), "and Bob's:\r\n"...)
	two = append(two, bytes.ReplaceAll(armored(t, openpgp.PublicKeyType, public(t, bob)), []byte("\n"), []byte("\r\n"))...)
	for name, file := range map[string][]byte{
		"binary":             public(t, ann, bob),
		"armored":            armored(t, openpgp.PublicKeyType, public(t, ann, bob)),
		"two armored blocks": two,
	} {
		k := &Keyring{}
		if err := k.Add(file); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, key := range []*openpgp.Entity{ann, bob} {
			if _, err := k.Verify(signed(t, at(now), key.PrivateKey), now); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		again := &Keyring{}
		if err := again.Add(k.Armored()); err != nil || !bytes.Equal(again.Binary(), k.Binary()) {
			t.Errorf("%s: what it publishes armored is not what it publishes: %v", name, err)
		}
	}
	k := ringOf(t, ann)
	if err := k.Add(public(t, bob)); err != nil {
		t.Error(err)
	}
	if ring, err := openpgp.ReadKeyRing(bytes.NewReader(k.Binary())); err != nil || len(ring) != 2 {
		t.Errorf("got %d keys, %v; want those of both files", len(ring), err)
	}
}

// Nobody needs these to verify anything, and there may be any number of them.
func TestKeyringLeavesOut(t *testing.T) {
	ann := newKey(t, "Ann", at(now)) // and a subkey for encryption
	var many []*openpgp.Entity
	for range 3 {
		other := newKey(t, "Other", at(now))
		if err := ann.SignIdentity("Ann <ann@example.com>", other, at(now)); err != nil {
			t.Fatal(err)
		}
		many = append(many, other)
	}
	sub := addSubkey(t, ann, at(now))
	k := ringOf(t, ann)
	ring, err := openpgp.ReadKeyRing(bytes.NewReader(k.Binary()))
	if err != nil {
		t.Fatal(err)
	}
	identity := ring[0].PrimaryIdentity()
	if len(identity.Signatures) != 1 || len(ring[0].Subkeys) != 1 || ring[0].Subkeys[0].PublicKey.KeyId != sub.PublicKey.KeyId {
		t.Errorf("got %d signatures and %d subkeys, want one of each", len(identity.Signatures), len(ring[0].Subkeys))
	}
	if err := k.Add(public(t, many...)); err != nil {
		t.Error(err)
	}
}

func TestKeyringAddProblems(t *testing.T) {
	ann := newKey(t, "Ann", at(now))
	var secret bytes.Buffer
	if err := ann.SerializePrivate(&secret, at(now)); err != nil {
		t.Fatal(err)
	}
	weak, err := openpgp.NewEntity("Weak", "", "", &packet.Config{RSABits: 1024, MinRSABits: 1024})
	if err != nil {
		t.Fatal(err)
	}
	long := new(big.Int).Lsh(big.NewInt(1), 2047)
	var old bytes.Buffer
	if err := packet.NewDSAPublicKey(now, &dsa.PublicKey{Parameters: dsa.Parameters{P: long, Q: long, G: long}, Y: long}).Serialize(&old); err != nil {
		t.Fatal(err)
	}
	good := armored(t, openpgp.PublicKeyType, public(t, ann))
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "holds no public key"},
		{"text", []byte("hello"), "holds no public key"},
		{"binary noise", []byte("\xff\x00\xff"), "is not a file of public keys"},
		{"secret", secret.Bytes(), "holds a secret key"},
		{"armored secret", armored(t, openpgp.PrivateKeyType, secret.Bytes()), "holds a secret key"},
		{"secret in public armor", armored(t, openpgp.PublicKeyType, secret.Bytes()), "holds a secret key"},
		{"secret after public", append(public(t, newKey(t, "Bob", at(now))), secret.Bytes()...), "holds a secret key"},
		{"keybox", append([]byte("\x00\x00\x00\x20\x01\x01\x00\x02KBXf"), make([]byte, 50)...), "is a keybox"},
		{"message", armored(t, "PGP MESSAGE", public(t, ann)), `holds a block "PGP MESSAGE"`},
		{"cut off", good[:len(good)/2], "ends in the middle of a key"},
		{"damaged", bytes.Replace(good, []byte("\n\n"), []byte("\n\n!!!!"), 1), "is damaged"},
		{"cut packet", public(t, ann)[:100], "damaged"},
		{"a signature first", clearSigned(t, nil), `holds a block "PGP SIGNED MESSAGE"`},
		{"twice", append(public(t, ann), public(t, ann)...), "which is in the channel's keyrings already"},
		{"short key", public(t, weak), "with 1024 bits"},
		{"DSA", old.Bytes(), "neither an RSA nor an ECDSA or EdDSA key"},
		{"compressed", append(public(t, ann), 0xc8, 1, 0), "holds more than public keys"},
		{"no identity", public(t, &openpgp.Entity{PrimaryKey: ann.PrimaryKey}), "cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := (&Keyring{}).Add(test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			checkHarmless(t, err.Error())
		})
	}
}

// A revocation that others made for a key cannot be checked, and must not get lost.
func TestKeyringForeignRevocation(t *testing.T) {
	ann, bob := newKey(t, "Ann", at(now)), newKey(t, "Bob", at(now))
	if err := bob.RevokeKey(packet.KeyCompromised, "", at(now)); err != nil {
		t.Fatal(err)
	}
	ann.Revocations = bob.Revocations
	if err := (&Keyring{}).Add(public(t, ann)); err == nil || !strings.Contains(err.Error(), "a revocation that cannot be checked") {
		t.Errorf("got %v", err)
	}
}

// A keyring is the slower to read the more its keys have signed, so that is bounded, and
// no key may be so long that a signature of it takes long.
func TestKeyringCost(t *testing.T) {
	c := at(now)
	c.Algorithm, c.Curve = packet.PubKeyAlgoECDSA, packet.CurveBrainpoolP512
	slow := newKey(t, "Slow", c)
	self := slow.PrimaryIdentity().SelfSignature
	slow.Subkeys = nil
	with := func(n int) []byte {
		id := *slow.PrimaryIdentity()
		id.Signatures = nil
		for range n {
			id.Signatures = append(id.Signatures, self)
		}
		key := *slow
		key.Identities = map[string]*openpgp.Identity{id.Name: &id}
		return public(t, &key)
	}
	testenv.Cheap(t, "most signatures", func() {
		if err := (&Keyring{}).Add(with(maxKeySignatures)); err != nil {
			t.Error(err)
		}
	})
	if err := (&Keyring{}).Add(with(maxKeySignatures + 1)); err == nil || !strings.Contains(err.Error(), "export-minimal") {
		t.Errorf("got %v", err)
	}
}

// FuzzKeyring checks that what is taken from a file of keys is what is published, and
// read from there again.
func FuzzKeyring(f *testing.F) {
	ann := newKey(f, "Ann", at(now))
	addSubkey(f, ann, at(now))
	f.Add(public(f, ann))
	f.Add(ringOf(f, ann, newKey(f, "Bob", at(now))).Armored())
	f.Fuzz(func(t *testing.T, file []byte) {
		k := &Keyring{}
		if err := k.Add(file); err != nil {
			checkHarmless(t, err.Error())
			return
		}
		again := &Keyring{}
		if err := again.Add(k.Binary()); err != nil || !bytes.Equal(again.Binary(), k.Binary()) {
			t.Errorf("it publishes %q, from which it reads %q, %v", k.Binary(), again.Binary(), err)
		}
	})
}
