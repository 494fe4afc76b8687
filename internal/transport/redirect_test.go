package transport

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// redirecting answers /from with a redirect and everything else with ok.
func redirecting(code int, location func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/from" {
			ok(w, req)
			return
		}
		w.Header().Set("Location", location())
		w.WriteHeader(code)
	}
}

func TestRedirectKeepsMethodBodyAndHeaders(t *testing.T) {
	for _, code := range []int{301, 302, 307, 308} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"} {
			t.Run(fmt.Sprint(code, method), func(t *testing.T) {
				home := serve(t, redirecting(code, func() string { return "to/?x=1#fragment" }))
				c := newClient(t, Options{Origin: home.URL, Redirects: true, Auth: &Auth{"alice", password(canary), Basic},
					Header: map[string]string{"X-Api-Key": canary}})
				req := request(t, method, home.URL+"/from", "<propfind/>")
				req.Header.Set("Depth", "1")
				req.Header.Set("Content-Type", "application/xml")
				resp, err := c.Do(req)
				require.NoError(t, err)
				resp.Body.Close()

				assert.Equal(t, 200, resp.StatusCode)
				assert.Equal(t, home.URL+"/to/?x=1", resp.Request.URL.String())
				require.Len(t, home.seen(), 2)
				last := home.seen()[1]
				assert.Equal(t, method, last.Method)
				assert.Equal(t, "1", last.Header.Get("Depth"))
				assert.Equal(t, "application/xml", last.Header.Get("Content-Type"))
				assert.Equal(t, canary, last.Header.Get("X-Api-Key"))
				assert.NotEmpty(t, last.Header.Get("Authorization"))
				assert.Equal(t, "<propfind/>", home.bodies[1])
			})
		}
	}
}

func TestRedirectIsReturnedAsItIs(t *testing.T) {
	for _, tc := range []struct {
		name, method string
		code         int
		location     string
		follow       bool
	}{
		{"of a PUT", "PUT", 301, "/to", true},
		{"of a POST", "POST", 307, "/to", true},
		{"of a DELETE", "DELETE", 308, "/to", true},
		{"when switched off", "GET", 302, "/to", false},
		{"see other", "PROPFIND", 303, "/to", true},
		{"not modified", "GET", 304, "/to", true},
		{"without Location", "GET", 301, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			home := serve(t, redirecting(tc.code, func() string { return tc.location }))
			c := newClient(t, Options{Origin: home.URL, Redirects: tc.follow, Retry: true})
			resp, _ := do(t, c, tc.method, home.URL+"/from", "x")
			assert.Equal(t, tc.code, resp.StatusCode)
			assert.Len(t, home.seen(), 1)
		})
	}
}

func TestRedirectElsewhereGetsNoRequest(t *testing.T) {
	other := serve(t, ok)
	for name, location := range map[string]string{ // HOME is the host and port of the redirecting server
		"another host":             other.URL + "/to",
		"another name":             "//localhost:1/to",
		"the metadata service":     "http://169.254.169.254/latest/",
		"another scheme":           "file:///etc/passwd",
		"https":                    "https://HOME/to",
		"with a password":          "http://alice:" + canary + "@HOME/to",
		"something that is no URL": "http://[" + canary,
	} {
		t.Run(name, func(t *testing.T) {
			home := serve(t, func(w http.ResponseWriter, req *http.Request) {
				redirecting(307, func() string { return strings.ReplaceAll(location, "HOME", req.Host) })(w, req)
			})
			c := newClient(t, Options{Origin: home.URL, Redirects: true, Retry: true, Auth: &Auth{"alice", password(canary), Basic}})
			_, err := c.Do(request(t, "PROPFIND", home.URL+"/from", "<x/>"))
			require.ErrorContains(t, err, "redirect")
			assert.NotContains(t, err.Error(), canary)
			assert.Len(t, home.seen(), 1)
			assert.Empty(t, other.seen())
		})
	}
}

func TestRedirectToAnAllowedOriginTakesNoCredentials(t *testing.T) {
	other := serve(t, ok)
	home := serve(t, redirecting(302, func() string { return other.URL + "/to" }))
	c := newClient(t, Options{Origin: home.URL, AllowOrigins: []string{other.URL}, Redirects: true,
		Auth: &Auth{"alice", password(canary), Basic}, Header: map[string]string{"X-Api-Key": canary}})
	resp, _ := do(t, c, "PROPFIND", home.URL+"/from", "<x/>")
	assert.Equal(t, 200, resp.StatusCode)
	require.Len(t, other.seen(), 1)
	assert.Equal(t, "PROPFIND", other.seen()[0].Method)
	assert.NotContains(t, fmt.Sprint(other.seen()[0].Header), canary)
	assert.Empty(t, other.seen()[0].Header.Get("Authorization"))
}

func TestRedirectFromTLSToPlainHTTP(t *testing.T) {
	plain := serve(t, ok)
	secure := httptest.NewTLSServer(redirecting(301, func() string { return plain.URL + "/to" }))
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600))
	// Even where the plain one is allowed by itself.
	c := newClient(t, Options{Origin: secure.URL, AllowOrigins: []string{plain.URL}, CAFile: ca, Redirects: true})
	_, err := c.Do(request(t, "PROPFIND", secure.URL+"/from", "<x/>"))
	require.ErrorIs(t, err, ErrPlain)
	assert.Empty(t, plain.seen())
}

func TestRedirectsEnd(t *testing.T) {
	home := serve(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, req.URL.Path+"x", http.StatusFound)
	})
	c := newClient(t, Options{Origin: home.URL, Redirects: true, Retry: true})
	_, err := c.Do(request(t, "GET", home.URL+"/", ""))
	require.ErrorIs(t, err, ErrRedirect)
	assert.Len(t, home.seen(), 1+maxRedirects)
}
