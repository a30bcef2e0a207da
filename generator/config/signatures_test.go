package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// load writes the files into a folder, and reads portolan.yaml in it.
func load(t *testing.T, files map[string][]byte) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(filepath.Join(dir, "portolan.yaml"))
}

func TestSignatures(t *testing.T) {
	ann, bob := charttest.NewSigner(), charttest.NewSigner()
	c, err := load(t, map[string][]byte{
		"keys/ann.asc": armoredKey(t, ann), "bob.gpg": bob.Keyring(),
		"portolan.yaml": []byte(`
channels:
- match: "**"
  signatures: {keyrings: [keys/ann.asc, bob.gpg], require: true}
- match: "*/dev"
  signatures: {require: false}
- match: bobs
  signatures: {keyrings: [bob.gpg]}
- match: open
  signatures: {keyrings: [], require: false}
`)})
	if err != nil {
		t.Fatal(err)
	}
	both := append(append([]byte{}, ann.Keyring()...), bob.Keyring()...)
	for channel, want := range map[string]struct {
		keys   int // bytes
		signed bool
	}{
		"stable": {len(both), true}, "42/dev": {len(both), false}, "bobs": {len(bob.Keyring()), true}, "open": {0, false},
	} {
		p := c.Policy(channel)
		got := 0
		if p.Keyring != nil {
			got = len(p.Keyring.Binary())
		}
		if p.Signed != want.signed || (got > 0) != (want.keys > 0) || got > want.keys {
			t.Errorf("%s: got keys of %d bytes, signed %t; want at most %d, %t", channel, got, p.Signed, want.keys, want.signed)
		}
	}
}

func armoredKey(t *testing.T, s *charttest.Signer) []byte {
	t.Helper()
	k := &check.Keyring{}
	if err := k.Add(s.Keyring()); err != nil {
		t.Fatal(err)
	}
	return k.Armored()
}

// What is wrong with a keyring is said with its name, its place and the fix.
func TestSignatureProblems(t *testing.T) {
	ann := charttest.NewSigner()
	for _, test := range []struct{ name, text, want string }{
		{"missing", "keyrings: [none.asc]", `channels[0].signatures.keyrings[0]: "none.asc" cannot be read: `},
		{"folder", "keyrings: [keys]", "must be a regular file"},
		{"secret", "keyrings: [keys/secret.gpg]", `portolan.yaml:3: channels[0].signatures.keyrings[0]: "keys/secret.gpg" holds a secret key`},
		{"huge", "keyrings: [keys/huge]", "larger than 1.0 MiB"},
		{"no keys", "keyrings: [portolan.yaml]", `"portolan.yaml" holds no public key; export the public key`},
		{"twice", "keyrings: [keys/ann.gpg, keys/ann.gpg]", `channels[0].signatures.keyrings: "keys/ann.gpg" holds the key ` + ann.Fingerprint() + `, which is in the channel's keyrings already`},
		{"many", "keyrings: [" + strings.Repeat("keys/ann.gpg, ", maxKeyrings+1) + "]", "has 17 files, and 16 are allowed"},
		{"required without keys", "require: true", "channels[0].signatures: require: true needs keyrings"},
		{"required with no keys", "keyrings: []\n    require: true", "channels[0].signatures: require: true needs keyrings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, map[string][]byte{
				"keys/ann.gpg": ann.Keyring(), "keys/secret.gpg": ann.SecretKeyring(), "keys/huge": make([]byte, check.MaxKeyring+1),
				"portolan.yaml": []byte("channels:\n- match: a\n  signatures: \n    " + test.text + "\n"),
			})
			if err == nil || !strings.Contains(strings.Replace(err.Error(), "portolan.yaml:4", "portolan.yaml:3", 1), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if os.IsNotExist(err) {
				t.Error("it looks as if there was no configuration")
			}
		})
	}
	if _, err := Parse([]byte("channels:\n- match: a\n  signatures: {keyrings: [keys/ann.gpg]}"), "README.md"); err == nil {
		t.Error("keys are left out in silence")
	}
}

// A channel that requires signatures and has no keys publishes nothing: no setting may
// turn the one off by leaving out the other.
func TestRequiredWithoutKeys(t *testing.T) {
	c, err := load(t, map[string][]byte{
		"ann.gpg":       charttest.NewSigner().Keyring(),
		"portolan.yaml": []byte("channels:\n- {match: a, signatures: {keyrings: [ann.gpg]}}\n- {match: b, signatures: {require: true}}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Policy("b"); !p.Signed || p.Keyring != nil {
		t.Errorf("got %+v", p)
	}
}
