package check

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// now is when the uploads of these tests arrive.
var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// at is the configuration of somebody whose clock says so.
func at(t time.Time) *packet.Config {
	return &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return t }}
}

// newKey makes a key, with a subkey that signs if the config names none.
func newKey(t testing.TB, name string, c *packet.Config) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity(name, "", strings.ToLower(name)+"@example.com", c)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func addSubkey(t testing.TB, key *openpgp.Entity, c *packet.Config) *openpgp.Subkey {
	t.Helper()
	if err := key.AddSigningSubkey(c); err != nil {
		t.Fatal(err)
	}
	return &key.Subkeys[len(key.Subkeys)-1]
}

func public(t testing.TB, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, key := range keys {
		if err := key.Serialize(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func ringOf(t testing.TB, keys ...*openpgp.Entity) *Keyring {
	t.Helper()
	k := &Keyring{}
	if err := k.Add(public(t, keys...)); err != nil {
		t.Fatal(err)
	}
	return k
}

const signedTerms = "name: mychart\n\n...\nfiles:\n  mychart-0.1.0.tgz: sha256:00\n"

// signed is a text that all of the keys have signed.
func signed(t testing.TB, c *packet.Config, keys ...*packet.PrivateKey) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := clearsign.EncodeMulti(&b, keys, c)
	if err == nil {
		_, err = w.Write([]byte(signedTerms))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// signedBy is the text with a signature of one's own making, which clearsign would not write.
func signedBy(t testing.TB, key *packet.PrivateKey, sig *packet.Signature) []byte {
	t.Helper()
	h := sig.Hash.New()
	h.Write([]byte(strings.ReplaceAll(strings.TrimSuffix(signedTerms, "\n"), "\n", "\r\n")))
	id := key.KeyId
	sig.Version, sig.PubKeyAlgo, sig.IssuerKeyId, sig.CreationTime = key.Version, key.PubKeyAlgo, &id, now
	c, salted := at(now), false // since there is no salt for SHA-1
	c.NonDeterministicSignaturesViaNotation = &salted
	if err := sig.Sign(h, key, c); err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if err := sig.Serialize(&body); err != nil {
		t.Fatal(err)
	}
	return clearSigned(t, body.Bytes())
}

// clearSigned is the text with these packets for a signature.
func clearSigned(t testing.TB, packets []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("-----BEGIN PGP SIGNED MESSAGE-----\n\n" + signedTerms)
	w, err := armor.Encode(&b, "PGP SIGNATURE", nil)
	if err == nil {
		_, err = w.Write(packets)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerify(t *testing.T) {
	past := now.AddDate(-1, 0, 0)
	ann, bob := newKey(t, "Ann", at(past)), newKey(t, "Bob", at(past))
	annSub := addSubkey(t, ann, at(past))

	short := at(past)
	short.KeyLifetimeSecs = 3600
	dated := newKey(t, "Dated", short)
	datedSub := newKey(t, "DatedSub", at(past))
	old := addSubkey(t, datedSub, short)

	revoked, revokedSub := newKey(t, "Revoked", at(past)), newKey(t, "RevokedSub", at(past))
	gone := addSubkey(t, revokedSub, at(past))
	if err := revoked.RevokeKey(packet.KeyRetired, "", at(now)); err != nil {
		t.Fatal(err)
	}
	if err := revokedSub.RevokeSubkey(gone, packet.KeyCompromised, "", at(now)); err != nil {
		t.Fatal(err)
	}
	ring := ringOf(t, ann, dated, datedSub, revoked, revokedSub)

	brief := at(now.Add(-time.Hour))
	brief.SigLifetimeSecs = 60
	altered := bytes.Replace(signed(t, at(now), ann.PrivateKey), []byte("mychart-0.1.0"), []byte("mychart-0.2.0"), 1)
	for _, test := range []struct {
		name string
		prov []byte
		want string // who signed, or the rule that is broken
	}{
		{"key", signed(t, at(now), ann.PrivateKey), "Ann"},
		{"subkey", signed(t, at(now), annSub.PrivateKey), "Ann"},
		{"a signature as text", signedBy(t, ann.PrivateKey, &packet.Signature{SigType: packet.SigTypeText, Hash: crypto.SHA256}), "Ann"},
		{"while the key was valid", signed(t, at(past.Add(time.Minute)), dated.PrivateKey), "signature-expired"},
		{"a stranger", signed(t, at(now), bob.PrivateKey), "signature-unknown"},
		{"a stranger first", signed(t, at(now), bob.PrivateKey, ann.PrivateKey), "Ann"},
		{"the first of the channel's counts", signed(t, at(now), revoked.PrivateKey, ann.PrivateKey), "signature-revoked"},
		{"expired key", signed(t, at(now), dated.PrivateKey), "signature-expired"},
		{"expired subkey", signed(t, at(now), old.PrivateKey), "signature-expired"},
		{"expired signature", signed(t, brief, ann.PrivateKey), "signature-expired"},
		{"a clock that is ahead", signed(t, at(now.Add(clockLead)), ann.PrivateKey), "Ann"},
		{"from the future", signed(t, at(now.Add(clockLead+time.Second)), ann.PrivateKey), "signature-expired"},
		{"revoked key", signed(t, at(past), revoked.PrivateKey), "signature-revoked"},
		{"revoked subkey", signed(t, at(past), gone.PrivateKey), "signature-revoked"},
		{"key of a revoked subkey", signed(t, at(now), revokedSub.PrivateKey), "RevokedSub"},
		{"SHA-1", signedBy(t, ann.PrivateKey, &packet.Signature{SigType: packet.SigTypeBinary, Hash: crypto.SHA1}), "signature-weak"},
		{"other text", altered, "signature-invalid"},
		{"a signature of something else", signedBy(t, ann.PrivateKey, &packet.Signature{SigType: packet.SigTypeGenericCert, Hash: crypto.SHA256}), "signature-invalid"},
		{"a key for a signature", clearSigned(t, public(t, ann)), "signature-invalid"},
		{"nothing for a signature", clearSigned(t, nil), "signature-unknown"},
		{"no signed text", []byte("hello"), "prov-format"},
		{"many signatures", signed(t, at(now), append(slicesRepeat(bob.PrivateKey, maxSigners), ann.PrivateKey)...), "signature-invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			signer, err := ring.Verify(test.prov, now)
			if !strings.Contains(test.want, "-") {
				if err != nil {
					t.Fatal(err)
				}
				if want := test.want + " <" + strings.ToLower(test.want) + "@example.com>"; signer.Identity != want {
					t.Errorf("got %q, want %q", signer.Identity, want)
				}
				return
			}
			wantRule(t, err, test.want)
			checkHarmless(t, err.Error())
		})
	}
	if signer, err := ring.Verify(signed(t, at(past.Add(time.Minute)), dated.PrivateKey), past.Add(time.Hour)); err != nil || signer.Fingerprint != fmt.Sprintf("%X", dated.PrimaryKey.Fingerprint) {
		t.Errorf("a signature that arrived while its key was valid: %v, %v", signer, err)
	}
	if _, err := (&Keyring{}).Verify(signed(t, at(now), ann.PrivateKey), now); err == nil {
		t.Error("an empty keyring takes a signature")
	}
}

func slicesRepeat(key *packet.PrivateKey, n int) []*packet.PrivateKey {
	all := make([]*packet.PrivateKey, n)
	for i := range all {
		all[i] = key
	}
	return all
}

// What a key says of its owner is shown on pages.
func TestSignerIdentity(t *testing.T) {
	key := newKey(t, "Eve\x1b[31m\u202e\n"+strings.Repeat("é", 300), at(now))
	signer, err := ringOf(t, key).Verify(signed(t, at(now), key.PrivateKey), now)
	if err != nil {
		t.Fatal(err)
	}
	checkHarmless(t, signer.Identity)
	if len(signer.Identity) > maxIdentity || !strings.HasPrefix(signer.Identity, "Eve[31m é") || !strings.HasSuffix(signer.Identity, "é…") {
		t.Errorf("got %q of %d bytes", signer.Identity, len(signer.Identity))
	}
}

// The same identity is told each time, also if two were signed in the same second.
func TestPrimaryIdentity(t *testing.T) {
	key := newKey(t, "Ann", at(now))
	for _, name := range []string{"Bea", "Cleo", "Ada"} {
		if err := key.AddUserId(name, "", "", at(now)); err != nil {
			t.Fatal(err)
		}
	}
	prov := signed(t, at(now), key.PrivateKey)
	for range 20 {
		signer, err := ringOf(t, key).Verify(prov, now)
		if err != nil || signer.Identity != "Ann <ann@example.com>" {
			t.Fatalf("got %v, %v", signer, err)
		}
	}
}

// FuzzVerify checks that whatever is signed, or said to be, is judged, and in time.
func FuzzVerify(f *testing.F) {
	ann, bob := newKey(f, "Ann", at(now)), newKey(f, "Bob", at(now))
	ring := ringOf(f, ann)
	good := signed(f, at(now), ann.PrivateKey)
	f.Add(good)
	f.Add(signed(f, at(now), bob.PrivateKey, ann.PrivateKey))
	f.Add(clearSigned(f, public(f, ann)))
	f.Add(signedBy(f, ann.PrivateKey, &packet.Signature{SigType: packet.SigTypeText, Hash: crypto.SHA1}))
	f.Fuzz(func(t *testing.T, prov []byte) {
		signer, err := ring.Verify(prov, now)
		if (signer == nil) == (err == nil) {
			t.Fatalf("got %v and %v", signer, err)
		}
		if err != nil {
			checkHarmless(t, err.Error())
			return
		}
		if block, _ := clearsign.Decode(prov); !bytes.Equal(block.Plaintext, []byte(signedTerms[:len(signedTerms)-1])) && !bytes.Equal(block.Plaintext, []byte(signedTerms)) {
			t.Fatalf("nobody signed %q", block.Plaintext)
		}
	})
}

// TestVerifyCost verifies files that are made to take long.
func TestVerifyCost(t *testing.T) {
	ann := newKey(t, "Ann", at(now))
	ring := ringOf(t, ann)
	block, _ := clearsign.Decode(signed(t, at(now), ann.PrivateKey))
	one, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		t.Fatal(err)
	}
	var bomb bytes.Buffer
	w, err := packet.SerializeCompressed(nopCloser{&bomb}, packet.CompressionZLIB, nil)
	if err == nil {
		_, err = w.Write(make([]byte, 64<<20))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	foreign := bytes.Replace(one, binary.BigEndian.AppendUint64(nil, ann.PrimaryKey.KeyId), make([]byte, 8), 1)
	long := append([]byte("-----BEGIN PGP SIGNED MESSAGE-----\n\n"), bytes.Repeat([]byte("- x \t\n"), MaxProvenance/8)...)
	for name, prov := range map[string][]byte{
		"many signatures":          clearSigned(t, bytes.Repeat(one, 700_000/len(one))),
		"many foreign signatures":  clearSigned(t, bytes.Repeat(foreign, 700_000/len(foreign))),
		"a compressed packet":      clearSigned(t, bomb.Bytes()),
		"a long text":              append(long, signed(t, at(now), ann.PrivateKey)[len("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"):]...),
		"a packet without an end":  clearSigned(t, append([]byte{0xc2, 0xff, 0xff, 0xff, 0xff, 0xff}, make([]byte, 700_000)...)),
		"parts of a packet":        clearSigned(t, append([]byte{0xc2}, bytes.Repeat([]byte{0xe0, 0}, 350_000)...)),
		"empty packets":            clearSigned(t, bytes.Repeat([]byte{0xc2, 0}, 350_000)),
		"a signature with a bloat": clearSigned(t, append([]byte{0xc2, 0xff, 0, 10, 0, 0}, append(one[2:], make([]byte, 10<<16)...)...)),
	} {
		if len(prov) > MaxProvenance {
			t.Fatalf("%s has %d bytes, and is not read at all", name, len(prov))
		}
		testenv.Cheap(t, name, func() {
			if signer, err := ring.Verify(prov, now); err == nil && name != "many signatures" {
				t.Errorf("%s: %v", name, signer)
			}
		})
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
