package keyring

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixed is the keyring of the key 00 01 02 … 1f.
func fixed(t *testing.T) Keyring {
	t.Helper()
	key := make([]byte, keySize)
	for i := range key {
		key[i] = byte(i)
	}
	k, err := derive(key)
	require.NoError(t, err)
	return k
}

// The derived keys are part of the format of seals, tokens and feeds that are out there: a change breaks them all.
// The values were computed by another implementation of HKDF and HMAC (Python's hmac and hashlib).
func TestDerivedKeysNeverChange(t *testing.T) {
	k := fixed(t)
	for name, tc := range map[string]struct {
		key  []byte
		want string
	}{
		"seal":   {k.Seal(), "91597c0b1e3f516b4df79e646f273e1ebc6133a9d43716268c6b7d1e132449ee"},
		"token":  {k.Token(), "db1561fd19dc995c7d31f42a05557ab95813833ed7a00969bfd272a495abd1fb"},
		"feed":   {k.Feed(), "7d81a880f44114790c129054182bbfda66d0d529551f02461841e9e467ad62e4"},
		"hook":   {k.Hook(), "82da3318eb4e3d2d9313fb5e224ccb7f011b02bf06b9f54a5ca6b0f8dafb5ff2"},
		"secret": {k.Secret(), "e95a9a8c73a6988168855842350d2ffa409a9ecbee559e573095148c4035e439"},
	} {
		assert.Equal(t, tc.want, hex.EncodeToString(tc.key), name)
	}
	assert.Equal(t, "IAISF5N3ZBBFZO4KR2M6", k.MeetingToken("alice@example.com", "uid-1", 1))
}

func TestMeetingToken(t *testing.T) {
	k := fixed(t)
	token := k.MeetingToken("alice@example.com", "uid-1", 1)
	assert.Regexp(t, `^[A-Z2-7]{20}$`, token)
	assert.Equal(t, token, k.MeetingToken("Alice@Example.com", "uid-1", 1), "addresses are compared without case")

	for name, other := range map[string]string{
		"organizer":  k.MeetingToken("bob@example.com", "uid-1", 1),
		"UID":        k.MeetingToken("alice@example.com", "uid-2", 1),
		"UID's case": k.MeetingToken("alice@example.com", "UID-1", 1),
		"generation": k.MeetingToken("alice@example.com", "uid-1", 2),
		"key":        Generate().MeetingToken("alice@example.com", "uid-1", 1),
	} {
		assert.NotEqual(t, token, other, "another %s", name)
	}
}

func TestHideAndReveal(t *testing.T) {
	k := Generate()
	for _, plain := range []string{"", "x", "/feeds/abc?token=1"} {
		hidden := k.Hide([]byte(plain), "feed alice@example.com")
		got, err := k.Reveal(hidden, "feed alice@example.com")
		require.NoError(t, err)
		assert.Equal(t, plain, string(got))
		if plain != "" {
			assert.NotContains(t, string(hidden), "feeds")
		}
		assert.NotEqual(t, hidden, k.Hide([]byte(plain), "feed alice@example.com"), "a nonce was used twice")
	}
}

func TestRevealRefuses(t *testing.T) {
	k := Generate()
	const label = "feed alice@example.com"
	hidden := k.Hide([]byte("path"), label)
	flip := func(i int) []byte {
		b := bytes.Clone(hidden)
		b[i] ^= 1
		return b
	}
	for name, tc := range map[string]struct {
		ring   Keyring
		hidden []byte
		label  string
	}{
		"another label":      {k, hidden, "feed bob@example.com"},
		"another key":        {Generate(), hidden, label},
		"another form":       {k, flip(0), label},
		"a changed nonce":    {k, flip(1), label},
		"a changed text":     {k, flip(13), label},
		"a changed tag":      {k, flip(len(hidden) - 1), label},
		"half of it":         {k, hidden[:len(hidden)/2], label},
		"only its form":      {k, hidden[:1], label},
		"nothing":            {k, nil, label},
		"a plain text":       {k, []byte("path"), label},
		"something appended": {k, append(bytes.Clone(hidden), 0), label},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.ring.Reveal(tc.hidden, tc.label)
			require.ErrorIs(t, err, ErrHidden)
			assert.Nil(t, got)
		})
	}
}

func TestKeyringIsNeverPrinted(t *testing.T) {
	k := fixed(t)
	nested := struct{ K, k Keyring }{k, k}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, value := range []any{k, &k, nested} {
			got := fmt.Sprintf(verb, value)
			assert.NotContains(t, got, hex.EncodeToString(k.Seal())[:8], verb)
			assert.NotContains(t, got, fmt.Sprint(k.Seal()[:4])[1:10], verb)
		}
		assert.Equal(t, "<secret>", fmt.Sprintf(verb, k))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "k", k)
	assert.Contains(t, log.String(), "k=<secret>")
	j, err := json.Marshal(k)
	require.NoError(t, err)
	assert.JSONEq(t, `"<secret>"`, string(j))
}
