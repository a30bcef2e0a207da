package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token that portolan makes is a prefix, 256 random bits, and a checksum over
// both, the latter two in base 62 and of fixed length. The prefix lets scanners
// find tokens that leaked; the checksum lets them, and the shim, tell a token
// from what merely looks like one.
const (
	tokenPrefix  = "ptl_"
	randomDigits = 43 // 62^43 > 2^256
	sumDigits    = 6  // 62^6 > 2^32
	tokenLength  = len(tokenPrefix) + randomDigits + sumDigits
)

// digest is the SHA-256 of a token. It needs neither salt nor slowness: tokens
// are random, so there is nothing to guess them from.
type digest = [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// HashToken is what stands in an auth file for a token.
func HashToken(secret string) string {
	d := digestOf(secret)
	return hashPrefix + hex.EncodeToString(d[:])
}

// digest is what HashToken made text of.
func (t *Token) digest() (d digest) {
	hex.Decode(d[:], []byte(strings.TrimPrefix(t.Hash, hashPrefix))) // 64 digits, as the parser saw to
	return d
}

// hashPrefix says in an auth file which hash follows.
const hashPrefix = "sha256:"

// MakeToken makes a new token.
func MakeToken() string {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	text := tokenPrefix + base62(new(big.Int).SetBytes(random), randomDigits)
	return text + checksum(text)
}

func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	return base62(big.NewInt(int64(sum)), sumDigits)
}

// base62 writes a number with this many digits.
func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

// looksMade reports whether a secret claims to be a token of portolan's making.
func looksMade(secret string) bool { return strings.HasPrefix(secret, tokenPrefix) }

// checksumFits reports whether a token of portolan's making is whole.
func checksumFits(secret string) bool {
	if len(secret) != tokenLength {
		return false
	}
	end := tokenLength - sumDigits
	return checksum(secret[:end]) == secret[end:]
}
