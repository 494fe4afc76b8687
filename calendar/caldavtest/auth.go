package caldavtest

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/icholy/digest"
)

const (
	realm = "caldavtest"
	nonce = "b1946ac92492d2347c6235b4d2611184"
)

// authenticate returns the user who asks, or answers 401 and returns nil.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, c config) *user {
	name, ok := "", false
	if c.digest {
		name, ok = s.digestUser(r)
	} else {
		name, ok = s.basicUser(r)
	}
	if ok {
		return s.user(name)
	}
	challenge := `Basic realm="` + realm + `"`
	if c.digest {
		challenge = challengeFor().String()
	}
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, "who are you?", http.StatusUnauthorized)
	return nil
}

func (s *Server) user(name string) *user {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[name]
}

func (s *Server) basicUser(r *http.Request) (string, bool) {
	name, password, ok := r.BasicAuth()
	u := s.user(name)
	return name, ok && u != nil && same(u.password, password)
}

// digestUser checks a digest (RFC 7616) by computing it again.
func (s *Server) digestUser(r *http.Request) (string, bool) {
	got, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	if err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), digest.Prefix) {
		return "", false
	}
	u := s.user(got.Username)
	if u == nil || got.Nonce != nonce || got.URI != r.RequestURI {
		return "", false
	}
	want, err := digest.Digest(challengeFor(), digest.Options{
		Method: r.Method, URI: got.URI, Username: u.name, Password: u.password, Count: got.Nc, Cnonce: got.Cnonce,
	})
	return u.name, err == nil && same(want.Response, got.Response)
}

func challengeFor() *digest.Challenge {
	return &digest.Challenge{Realm: realm, Nonce: nonce, Algorithm: "MD5", QOP: []string{"auth"}}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
