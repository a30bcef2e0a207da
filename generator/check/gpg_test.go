package check

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestGPG takes keys and signatures that GnuPG has made, as people make them: with a
// subkey, extended, revoked, and armored.
func TestGPG(t *testing.T) {
	file := testenv.Program(t, "gpg")
	home, err := os.MkdirTemp("", "gpg") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	gpg := func(stdin []byte, args ...string) []byte {
		t.Helper()
		c := exec.Command(file, append([]string{"--homedir", home, "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
		c.Stdin = bytes.NewReader(stdin)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("gpg %q: %v\n%s", args, err, stderr.String())
		}
		return out
	}
	verify := func(prov []byte) (*Signer, error) {
		t.Helper()
		k := &Keyring{}
		if err := k.Add(gpg(nil, "--armor", "--export")); err != nil {
			t.Fatal(err)
		}
		return k.Verify(prov, time.Now())
	}
	text := []byte(signedTerms)
	for _, kind := range []string{"rsa2048", "ed25519", "nistp256"} {
		gpg(nil, "--quick-generate-key", kind+" <"+kind+"@example.com>", kind, "sign,cert", "1d")
		gpg(nil, "--quick-add-uid", kind+"@example.com", "Another name of "+kind)
		fingerprint := string(bytes.Split(bytes.SplitN(gpg(nil, "--with-colons", "--list-keys", kind+"@example.com"), []byte("\nfpr:"), 2)[1], []byte(":"))[8])
		gpg(nil, "--quick-set-expire", fingerprint, "2y")
		gpg(nil, "--quick-add-key", fingerprint, "ed25519", "sign", "1y")
		for _, by := range []string{fingerprint + "!", kind + "@example.com"} { // the key itself, and its subkey
			if signer, err := verify(gpg(text, "--clear-sign", "--local-user", by)); err != nil || signer.Fingerprint != fingerprint {
				t.Errorf("%s by %s: %v, %v", kind, by, signer, err)
			}
		}
		_, err := verify(gpg(text, "--clear-sign", "--local-user", fingerprint, "--digest-algo", "SHA1", "--allow-weak-key-signatures"))
		wantRule(t, err, "signature-weak")
		signed := gpg(text, "--clear-sign", "--local-user", fingerprint+"!")
		revocation, err := os.ReadFile(filepath.Join(home, "openpgp-revocs.d", fingerprint+".rev"))
		if err != nil {
			t.Fatal(err)
		}
		gpg(bytes.Replace(revocation, []byte(":-----BEGIN"), []byte("-----BEGIN"), 1), "--import")
		_, err = verify(signed)
		wantRule(t, err, "signature-revoked")
	}
	if err := new(Keyring).Add(gpg(nil, "--export-secret-keys")); err == nil {
		t.Error("secret keys are taken")
	}
}
