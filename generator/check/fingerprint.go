package check

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// fingerprintVersion is put before every fingerprint. Those of different
// versions are never equal, so a better one may come.
const fingerprintVersion = "1:"

// fingerprint sums up what the archive's files are called and hold. Order,
// times, modes, compression and repeated entries do not count, so a chart that
// was packaged twice from the same files has one fingerprint and two digests.
func (t *tree) fingerprint() string {
	h := sha256.New()
	for _, f := range t.sorted {
		// The length before each path keeps paths and sums apart.
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(f.Path)))
		h.Write(n[:])
		h.Write([]byte(f.Path))
		sum := t.files[f.Path].sum
		h.Write(sum[:])
	}
	return fingerprintVersion + hex.EncodeToString(h.Sum(nil))
}
