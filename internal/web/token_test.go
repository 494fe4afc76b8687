package web_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"convoke/internal/web"
)

func TestToken(t *testing.T) {
	base := web.Token(key, "alice@example.com", 1)
	assert.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`), base)
	// Part of every address that was ever given out: it must not change.
	assert.Equal(t, "RqBRNolqN4D7cdrF6tyfUpByFTJNBy7S2wU3geZVXYg", base)
	for _, c := range []struct {
		name, token string
		same        bool
	}{
		{"again", web.Token(key, "alice@example.com", 1), true},
		{"case of the address", web.Token(key, "Alice@Example.com", 1), true},
		{"revoked", web.Token(key, "alice@example.com", 2), false},
		{"another organizer", web.Token(key, "bob@example.com", 1), false},
		{"another key", web.Token(bytes.Repeat([]byte{8}, 32), "alice@example.com", 1), false},
		{"no confusion of organizer and version", web.Token(key, "alice@example.com|1", 1), false},
	} {
		assert.Equal(t, c.same, c.token == base, c.name)
	}
}

func TestMatch(t *testing.T) {
	valid := []string{"aaa", "bbb", "ccc"}
	for token, want := range map[string]int{"aaa": 0, "bbb": 1, "ccc": 2, "ddd": -1, "": -1, "aa": -1, "aaaa": -1} {
		assert.Equal(t, want, web.Match(token, valid), token)
	}
	assert.Equal(t, -1, web.Match("aaa", nil))
}
