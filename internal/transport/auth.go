package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	stdsync "sync"

	"github.com/icholy/digest"

	"convoke/internal/secret"
)

// The authentication schemes that convoke knows, as Client.Scheme returns them.
const (
	Basic  = "Basic"  // RFC 7617
	Digest = "Digest" // RFC 7616
)

// An authenticator remembers how the server wants the password, so that only the first request is asked for it.
type authenticator struct {
	username string
	password func() (secret.Secret, error)

	mu     stdsync.Mutex
	scheme string            // "" until the server has asked
	digest *digest.Challenge // the one in use; nil while there is none
	count  int               // how often its nonce was used
}

// Credentials as they were sent.
type sent struct {
	header string // Authorization; "" for none
	scheme string
	nonce  string // of Digest
}

func newAuthenticator(a *Auth) (*authenticator, error) {
	if a == nil {
		return nil, nil
	}
	if a.Username == "" || a.Password == nil {
		return nil, errors.New("a user name and a password are needed")
	}
	isControl := func(r rune) bool { return r < ' ' || r == 0x7f }
	if strings.ContainsFunc(a.Username, isControl) {
		return nil, errors.New("the user name holds a control character")
	}
	scheme := ""
	if a.Scheme == Basic {
		scheme = Basic // a Digest of an earlier life needs a new challenge
	}
	return &authenticator{username: a.Username, password: a.Password, scheme: scheme}, nil
}

func (a *authenticator) currentScheme() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.scheme
}

// credentials returns what to send along, nothing while the server has not asked. The password is read outside the lock.
func (a *authenticator) credentials(method, uri string) (sent, error) {
	if a.currentScheme() == "" {
		return sent{}, nil
	}
	password, err := a.password()
	if err != nil {
		return sent{}, fmt.Errorf("password of %q: %w", a.username, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.scheme == Basic && strings.Contains(a.username, ":"):
		return sent{}, errors.New("the server asks for Basic authentication, where a user name cannot hold a colon")
	case a.scheme == Basic:
		pair := base64.StdEncoding.EncodeToString([]byte(a.username + ":" + password.Reveal()))
		return sent{header: "Basic " + pair, scheme: Basic}, nil
	case a.digest != nil:
		return a.response(method, uri, password)
	}
	return sent{}, nil
}

// response answers the challenge once more: its nonce is used again, with a higher count (RFC 7616, 3.4).
func (a *authenticator) response(method, uri string, password secret.Secret) (sent, error) {
	a.count++
	cred, err := digest.Digest(a.digest, digest.Options{
		Method: method, URI: uri, Count: a.count, Username: a.username, Password: password.Reveal(),
	})
	if err != nil {
		return sent{}, err
	}
	return sent{header: cred.String(), scheme: Digest, nonce: a.digest.Nonce}, nil
}

// challenged takes in a 401 and reports whether the request is worth sending again. It is when the server asks for
// something else than it was given: for a password at all, for another scheme, or for a new nonce. Servers that let a
// nonce expire do not all say stale=true, so a new nonce is enough.
func (a *authenticator) challenged(header http.Header, used sent) bool {
	scheme, c := choose(header)
	again := scheme != "" && (scheme != used.scheme || scheme == Digest && c.Nonce != used.nonce)
	if !again {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.scheme, a.digest, a.count = scheme, c, 0
	return true
}

// refused takes in that the server did not accept an answer to its own challenge: a wrong password. The challenge is
// forgotten, so that the next request costs one failed try and not two; servers lock accounts after a few.
func (a *authenticator) refused(used sent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.digest != nil && a.digest.Nonce == used.nonce {
		a.digest = nil
	}
}
