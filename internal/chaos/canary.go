package chaos

import (
	"net/http"
	stdsync "sync"
)

// A Canary is the host that redirects lead to. It answers everything with 200 and remembers it.
type Canary struct {
	mu   stdsync.Mutex
	hits []Hit
}

// A Hit is a request that reached the canary.
type Hit struct {
	Method, Path string
	Header       http.Header
}

// ServeHTTP remembers a request.
func (c *Canary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits = append(c.hits, Hit{r.Method, r.URL.Path, r.Header.Clone()})
	w.WriteHeader(http.StatusOK)
}

// Hits are the requests so far.
func (c *Canary) Hits() []Hit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Hit(nil), c.hits...)
}
