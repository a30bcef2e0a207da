package check

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"

	"github.com/portolan-charts/portolan/generator/charttest"
)

func TestProvenance(t *testing.T) {
	signer := charttest.NewSigner()
	archive := charttest.Simple("mychart", "0.1.0")
	digest := check(t, archive).Digest
	good := signer.Sign("mychart-0.1.0.tgz", archive)
	head := "apiVersion: v2\nname: mychart\n\n...\n"
	sum := "sha256:" + digest
	large := "# " + strings.Repeat("x", MaxProvenance) + "\n" + head + "files:\n  mychart-0.1.0.tgz: " + sum + "\n"
	for _, test := range []struct {
		name, rule string
		data       []byte
	}{
		{"good", "", good},
		{"other file", "prov-name", signer.Sign("mychart-0.2.0.tgz", archive)},
		{"path", "prov-name", signer.Sign("charts/mychart-0.1.0.tgz", archive)},
		{"other content", "prov-digest", signer.Sign("mychart-0.1.0.tgz", archive[1:])},
		{"empty", "prov-format", nil},
		{"text", "prov-format", []byte("hello")},
		{"too large", "prov-size", signer.SignText(large)},
		{"no signature", "prov-format", good[:bytes.Index(good, []byte("-----BEGIN PGP SIGNATURE"))]},
		{"damaged signature", "prov-format", bytes.Replace(good, []byte("-----BEGIN PGP SIGNATURE-----\n"), []byte("-----BEGIN PGP SIGNATURE-----\nAAAA"), 1)},
		{"text before", "prov-format", append([]byte("trust me\n"), good...)},
		{"text after", "prov-format", append(bytes.Clone(good), "\ntrust me\n"...)},
		{"two of them", "prov-format", append(append(bytes.Clone(good), '\n'), good...)},
		{"blanks around", "", append([]byte("\n\n"), append(bytes.Clone(good), "\n\n"...)...)},
		{"no sums", "prov-format", signer.SignText("name: mychart\n")},
		{"three parts", "prov-format", signer.SignText(head + "files: {}\n...\nfiles: {}\n")},
		{"no files", "prov-files", signer.SignText(head + "images: {}\n")},
		{"two files", "prov-files", signer.SignText(head + "files:\n  a.tgz: " + sum + "\n  mychart-0.1.0.tgz: " + sum + "\n")},
		{"twice", "prov-format", signer.SignText(head + "files:\n  mychart-0.1.0.tgz: sha256:00\n  mychart-0.1.0.tgz: " + sum + "\n")},
		{"other hash", "prov-files", signer.SignText(head + "files:\n  mychart-0.1.0.tgz: sha512:" + digest + "\n")},
		{"capitals", "prov-files", signer.SignText(head + "files:\n  mychart-0.1.0.tgz: sha256:" + strings.ToUpper(digest) + "A\n")},
		{"bad metadata", "prov-format", signer.SignText("- a\n\n...\nfiles:\n  mychart-0.1.0.tgz: " + sum + "\n")},
		{"bad sums", "prov-format", signer.SignText(head + "files: [a]\n")},
		{"control characters", "prov-format", signer.SignText(head + "files:\n  \"\x1b[31m\": " + sum + "\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := ReadProvenance(bytes.NewReader(test.data))
			if err == nil {
				err = p.Fits("mychart-0.1.0.tgz", digest)
			}
			if test.rule != "" {
				wantRule(t, err, test.rule)
				checkHarmless(t, err.Error())
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReadProvenance(t *testing.T) {
	archive := charttest.Simple("mychart", "0.1.0")
	data := charttest.NewSigner().Sign("mychart-0.1.0.tgz", archive)
	got, err := ReadProvenance(bytes.NewReader(data))
	want := Provenance{File: "mychart-0.1.0.tgz", Digest: check(t, archive).Digest, Size: int64(len(data))}
	if err != nil {
		t.Fatal(err)
	}
	if want.KeyID = got.KeyID; *got != want || !regexp.MustCompile(`^[0-9A-F]{16}$`).MatchString(got.KeyID) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestProvenanceSourceError(t *testing.T) {
	broken := errors.New("connection reset")
	if _, err := ReadProvenance(iotest.ErrReader(broken)); err != broken {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// The signatures that charttest makes are good ones.
func TestSigner(t *testing.T) {
	signer := charttest.NewSigner()
	block, _ := clearsign.Decode(signer.Sign("a.tgz", []byte("x")))
	ring, err := openpgp.ReadKeyRing(bytes.NewReader(signer.Keyring()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := block.VerifySignature(ring, nil); err != nil {
		t.Error(err)
	}
}

// Real provenance files, of the folder prov in the corpus.
func TestRealProvenance(t *testing.T) {
	dir := os.Getenv("PORTOLAN_CORPUS")
	files, _ := filepath.Glob(filepath.Join(dir, "prov", "*.prov"))
	if dir == "" || len(files) == 0 {
		t.Skip("PORTOLAN_CORPUS names no folder with prov/*.prov")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ReadProvenance(bytes.NewReader(data))
		if err != nil || p.File != strings.TrimSuffix(filepath.Base(file), ".prov") {
			t.Errorf("%s: %+v, %v", file, p, err)
			continue
		}
		archive, err := os.ReadFile(filepath.Join(dir, p.File))
		if err != nil {
			continue
		}
		if err := p.Fits(p.File, check(t, archive).Digest); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
