package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
)

// tokenLength is that of base64url (RFC 4648, 5) of 32 bytes without padding.
const tokenLength = 43

// Token is the secret part of the address of an organizer's feed: 43 characters of base64url. The key is one for feeds
// alone. A higher version is another token, which revokes the one before.
func Token(key []byte, organizer string, version int) string {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, "feed|"+strings.ToLower(organizer)+"|"+strconv.Itoa(version))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Match finds a token among those that are valid, and returns where it stands or -1. It always compares with all of
// them, each in constant time.
func Match(token string, valid []string) int {
	found := -1
	for i, v := range valid {
		same := subtle.ConstantTimeCompare([]byte(token), []byte(v))
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	return found
}

// isToken tells whether a text looks like a token, which is no secret.
func isToken(text string) bool {
	if len(text) != tokenLength || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil
}
