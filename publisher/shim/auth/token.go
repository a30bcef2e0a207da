package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token made by portolan has a prefix, 256 random bits, and a checksum over both.
// The bits and the checksum are in base 62, with a fixed length. The prefix lets
// scanners find leaked tokens, and the checksum lets them and the shim distinguish a
// token from text that only looks like one.
const (
	tokenPrefix  = "ptl_"
	randomDigits = 43 // 62^43 > 2^256
	sumDigits    = 6  // 62^6 > 2^32
	tokenLength  = len(tokenPrefix) + randomDigits + sumDigits
)

// digest is the SHA-256 of a token. It does not need a salt or a slow hash: tokens
// are random, so they cannot be guessed.
type digest = [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// HashToken returns the hash that an auth file has for a token.
func HashToken(secret string) string {
	d := digestOf(secret)
	return hashPrefix + hex.EncodeToString(d[:])
}

// digest returns the digest in the token's hash.
func (t *Token) digest() (d digest) {
	hex.Decode(d[:], []byte(strings.TrimPrefix(t.Hash, hashPrefix))) // the parser has checked the 64 digits
	return d
}

// hashPrefix begins every hash in an auth file.
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

// base62 returns a number in base 62, with leading zeros up to this many digits.
func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

// looksMade reports whether a secret looks like a token made by portolan.
func looksMade(secret string) bool { return strings.HasPrefix(secret, tokenPrefix) }

// checksumFits reports whether a token made by portolan has the right length and
// checksum.
func checksumFits(secret string) bool {
	if len(secret) != tokenLength {
		return false
	}
	end := tokenLength - sumDigits
	return checksum(secret[:end]) == secret[end:]
}
