package feed

import (
	"encoding/json"
)

// validators are what a source tells of a version of the feed (RFC 9110, 8.8): those of HTTP, or in ETag those of a file.
type validators struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"` // Last-Modified, as it came
}

// A token is Look.Token: the validators, and a digest of what the feed said, which tells as much where there are none.
type token struct {
	validators
	Digest string `json:"digest"`
}

// parseToken reads a token; one that is none knows nothing.
func parseToken(text string) token {
	var t token
	if text == "" || json.Unmarshal([]byte(text), &t) != nil || t.Digest == "" {
		return token{}
	}
	return t
}

func (t token) String() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // three strings
	}
	return string(text)
}
