// Package keyring holds convoke's one key, from which all others are derived: those of seals, meeting tokens, feeds,
// hooks and stored secrets. The key lives in key_file, never in the ledger, and is the same on every node. The package
// does not know what a seal or a feed looks like, except for the token by which a meeting is found again.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

const (
	keySize     = 32 // bytes, of the key and of every derived one
	tokenLength = 20 // base32 characters: 100 bits
	sealed      = 1  // first byte of what Hide returns: the form of the rest
)

// ErrHidden means that a hidden text was made with another key or under another label, or was changed since.
var ErrHidden = errors.New("hidden with another key or for another use, or damaged")

// A Keyring gives out keys. The zero Keyring has none: use Open or Generate. It never prints its keys; they stand
// behind a function, because fmt looks through pointers and does not call the methods of unexported fields.
type Keyring struct{ keys func() *keys }

type keys struct{ seal, token, feed, hook, secret []byte }

// Generate makes a keyring that is nowhere on disk: for a demonstration, a preview or a test.
func Generate() Keyring {
	k, err := derive(newKey())
	if err != nil {
		panic(err) // HKDF refuses short keys only
	}
	return k
}

func newKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// derive splits the key (HKDF with SHA-256, RFC 5869). The info strings are part of the format of everything that was
// ever made with them: they never change.
func derive(key []byte) (Keyring, error) {
	var split keys
	for info, into := range map[string]*[]byte{
		"convoke 1 seal":   &split.seal,
		"convoke 1 token":  &split.token,
		"convoke 1 feed":   &split.feed,
		"convoke 1 hook":   &split.hook,
		"convoke 1 secret": &split.secret,
	} {
		derived, err := hkdf.Key(sha256.New, key, nil, info, keySize)
		if err != nil {
			return Keyring{}, fmt.Errorf("derive keys: %w", err)
		}
		*into = derived
	}
	return Keyring{keys: func() *keys { return &split }}, nil
}

// Seal returns the key of the seals in events, 32 bytes. The caller must not change it.
func (k Keyring) Seal() []byte { return k.keys().seal }

// Token returns the key of meeting tokens, 32 bytes; see MeetingToken.
func (k Keyring) Token() []byte { return k.keys().token }

// Feed returns the key of the addresses of published feeds, 32 bytes.
func (k Keyring) Feed() []byte { return k.keys().feed }

// Hook returns the key of the addresses of hooks, 32 bytes.
func (k Keyring) Hook() []byte { return k.keys().hook }

// Secret returns the key of stored secrets, 32 bytes; see Hide.
func (k Keyring) Secret() []byte { return k.keys().secret }

// MeetingToken returns the reference under which the meeting of an event is found again on the platform: 20 characters
// of base32 (RFC 4648, 6). The same organizer, UID and generation give the same token for as long as the key lives, so
// a daemon that lost its ledger computes it again. Generation is 1, 2 … where an event needed another meeting.
func (k Keyring) MeetingToken(organizer, uid string, generation int) string {
	mac := hmac.New(sha256.New, k.keys().token)
	io.WriteString(mac, "token|"+strings.ToLower(organizer)+"|"+uid+"|"+strconv.Itoa(generation))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:tokenLength]
}

// Hide encrypts a secret for the ledger (AES-256-GCM with a random nonce). The label says what it is and whose, "feed
// alice@example.com": a row that was copied to another place does not open there.
func (k Keyring) Hide(plain []byte, label string) []byte {
	return k.aead().Seal([]byte{sealed}, nil, plain, []byte(label))
}

// Reveal opens what Hide made under the same label, or fails with ErrHidden.
func (k Keyring) Reveal(hidden []byte, label string) ([]byte, error) {
	if len(hidden) == 0 || hidden[0] != sealed {
		return nil, fmt.Errorf("stored secret %q: %w", label, ErrHidden)
	}
	plain, err := k.aead().Open(nil, nil, hidden[1:], []byte(label))
	if err != nil {
		return nil, fmt.Errorf("stored secret %q: %w", label, ErrHidden)
	}
	return plain, nil
}

func (k Keyring) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.keys().secret)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the cipher is AES
	}
	return aead
}

// Format prints <secret> for every verb.
func (k Keyring) Format(f fmt.State, _ rune) { io.WriteString(f, "<secret>") }

// LogValue returns <secret>, for log/slog.
func (k Keyring) LogValue() slog.Value { return slog.StringValue("<secret>") }

// MarshalText returns <secret>.
func (k Keyring) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }
