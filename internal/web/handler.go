package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Wrong tokens cannot be guessed, but they make work and log lines. The limit is for all who ask, since behind a proxy they
// cannot be told apart; who has the right token never meets it.
const (
	wrongRate  = rate.Limit(1) // a second
	wrongBurst = 20
)

// A handler holds the routes.
type handler struct {
	feeds  FeedSource
	health func(context.Context) error
	log    *slog.Logger
	wrong  *rate.Limiter
}

func newHandler(o Options) (http.Handler, error) {
	names, err := newNames(o.Addr, o.PublicURL)
	if err != nil {
		return nil, err
	}
	h := &handler{feeds: o.Feeds, health: o.Health, log: o.Log, wrong: rate.NewLimiter(wrongRate, wrongBurst)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", h.serveHealth)
	mux.HandleFunc("GET /feed/{file}", h.serveFeed)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	routes := http.NewCrossOriginProtection().Handler(below(o.PublicURL, mux))
	return h.recovered(withHeaders(names.only(routes))), nil
}

// below lets the routes also be found under the path of public_url, for a proxy that leaves the path as it is.
func below(publicURL string, routes http.Handler) http.Handler {
	u, err := url.Parse(publicURL)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return routes
	}
	prefix := strings.TrimRight(u.Path, "/")
	stripped := http.StripPrefix(prefix, routes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, prefix+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		routes.ServeHTTP(w, r)
	})
}

// withHeaders sets what every answer has.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// recovered keeps what a panic says out of the log of net/http: it could hold a token.
func (h *handler) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				h.log.Error("request failed: a defect of convoke, please report it")
				http.Error(w, "internal error", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (h *handler) serveHealth(w http.ResponseWriter, r *http.Request) {
	if h.health != nil {
		if err := h.health(r.Context()); err != nil {
			h.log.Warn("health check failed", "error", err)
			http.Error(w, "not well: see the log", http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}

// serveFeed serves GET and HEAD. Whatever is wrong with an address, the answer is the same.
func (h *handler) serveFeed(w http.ResponseWriter, r *http.Request) {
	token, named := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !named || !isToken(token) || h.feeds == nil {
		h.notFound(w, r)
		return
	}
	ics, etag, ok, err := h.feeds.Feed(r.Context(), token)
	switch {
	case err != nil:
		h.log.Error("feed failed", "error", strings.ReplaceAll(err.Error(), token, "<token>"))
		http.Error(w, "the feed cannot be served at the moment", http.StatusServiceUnavailable)
	case !ok:
		h.notFound(w, r)
	default:
		serveICS(w, r, ics, etag)
	}
}

// serveICS leaves conditions and ranges to net/http. The file's name keeps the token out of folders of downloads.
func serveICS(w http.ResponseWriter, r *http.Request, ics []byte, etag string) {
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="calendar.ics"`)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(ics))
}

// notFound answers a wrong token, and after many of them only that there were too many.
func (h *handler) notFound(w http.ResponseWriter, r *http.Request) {
	if !h.wrong.Allow() {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many wrong addresses", http.StatusTooManyRequests)
		return
	}
	h.log.Info("no feed has this address; it may have been revoked", "from", r.RemoteAddr)
	http.NotFound(w, r)
}
