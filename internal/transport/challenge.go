package transport

import (
	"net/http"
	"strings"

	"github.com/icholy/digest"
)

// choose returns the strongest scheme that a 401 offers and that convoke knows, "" for none; the challenge is that of
// Digest.
func choose(header http.Header) (scheme string, chosen *digest.Challenge) {
	best := 0
	for _, text := range split(header.Values("WWW-Authenticate")) {
		name, _, _ := strings.Cut(text, " ")
		if strings.EqualFold(name, Basic) && best < 1 {
			best, scheme, chosen = 1, Basic, nil
		}
		c, strength := parseDigest(text)
		if strength > best {
			best, scheme, chosen = strength, Digest, c
		}
	}
	return scheme, chosen
}

// parseDigest returns a strength of 0 for a challenge that is not Digest or cannot be answered.
func parseDigest(text string) (c *digest.Challenge, strength int) {
	c, err := digest.ParseChallenge(text)
	if err != nil {
		return nil, 0
	}
	for i := range c.QOP {
		c.QOP[i] = strings.ToLower(strings.TrimSpace(c.QOP[i]))
	}
	if !digest.CanDigest(c) || len(c.QOP) > 0 && !c.SupportsQOP("auth") {
		return nil, 0
	}
	if c.Algorithm == "" || strings.EqualFold(c.Algorithm, "MD5") {
		return c, 2
	}
	return c, 3
}

// split takes header lines apart into challenges: a line may hold several, and each of them commas (RFC 9110, 11.6.1).
func split(lines []string) []string {
	var all []string
	for _, line := range lines {
		for i, item := range commaList(line) {
			if i == 0 || opensChallenge(item) {
				all = append(all, item)
			} else {
				all[len(all)-1] += ", " + item
			}
		}
	}
	return all
}

// opensChallenge tells `Digest realm="x"` and `Negotiate` from a parameter such as `nonce="y"`.
func opensChallenge(item string) bool {
	end := strings.IndexAny(item, " \t=")
	return end < 0 || item[end] != '=' && !strings.HasPrefix(strings.TrimLeft(item[end:], " \t"), "=")
}

// commaList splits at commas outside of quoted strings, and drops empty items.
func commaList(line string) []string {
	var items []string
	var item strings.Builder
	flush := func() {
		if text := strings.TrimSpace(item.String()); text != "" {
			items = append(items, text)
		}
		item.Reset()
	}
	quoted, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted:
			flush()
			continue
		}
		item.WriteRune(r)
	}
	flush()
	return items
}
