// Package web is the daemon's HTTP listener: the feeds that convoke publishes, metrics, and a health check. It is made to stand
// open to the network: it answers to its own names only, changes nothing on any request, and tells nobody without the
// secret address of a feed that there is one. It knows nothing of calendars and meetings.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// DefaultAddr is where the daemon listens when nothing else is configured: on this machine only.
const DefaultAddr = "127.0.0.1:8330"

// Limits of a connection. Whoever reads a large feed over a slow line has WriteTimeout for it.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 5 * time.Second
	maxHeader         = 16 << 10
	maxConnections    = 256
)

// A FeedSource knows the feeds that are published.
type FeedSource interface {
	// Feed returns the feed with a token (see Token), and its strong ETag with the quotes (RFC 9110, 8.8.3). ok is false
	// when no feed has that token: then nothing may depend on how much of it was right, so compare with Match. The
	// token belongs neither into logs nor into errors.
	Feed(ctx context.Context, token string) (ics []byte, etag string, ok bool, err error)
}

// Options are what a Server needs.
type Options struct {
	Addr      string       // host:port; "" for DefaultAddr
	PublicURL string       // how people outside reach the server; "" when they do not
	Feeds     FeedSource   // nil when nothing is published
	Metrics   http.Handler // of GET /metrics; nil for none
	Log       *slog.Logger // nil for slog.Default

	// Health tells what is wrong with the daemon; nil when running is all there is to say.
	Health func(context.Context) error
}

// A Server answers HTTP requests.
type Server struct {
	listener *lent
	http     *http.Server
}

// New checks the options and takes the address, so that Run cannot fail for either.
func New(o Options) (*Server, error) { return start(o, nil) }

// Next is New for a server that takes the place of this one, on the address that it has whatever o says: nobody is turned away
// meanwhile. Its Run begins when that of this one has ended.
func (s *Server) Next(o Options) (*Server, error) { return start(o, s) }

func start(o Options, before *Server) (*Server, error) {
	if o.Addr == "" {
		o.Addr = DefaultAddr
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	handler, err := newHandler(o)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	var listener *lent
	if before != nil {
		listener = before.listener.lend()
	} else {
		l, err := net.Listen("tcp", o.Addr)
		if err != nil {
			return nil, fmt.Errorf("web: %w; is another program there? change listen, or set it to \"\"", err)
		}
		listener = &lent{TCPListener: l.(*net.TCPListener)}
	}
	s := &Server{
		listener: listener,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeader,
			ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug), // scanners and broken connections
		},
	}
	var idle silent
	s.http.ConnState = idle.changed
	s.http.RegisterOnShutdown(idle.end)
	return s, nil
}

// Addr is the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close gives the address back without Run, or ends Run at once.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), ignoreClosed(s.listener.TCPListener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Run answers requests until ctx ends; those that are under way have a few seconds more. It is called once.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	if err := s.listener.begin(); err != nil {
		return fmt.Errorf("web: %w", err)
	}
	go func() { failed <- s.http.Serve(limit(s.listener, maxConnections)) }()
	select {
	case err := <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("web: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(grace)
	if err != nil {
		err = errors.Join(fmt.Errorf("web: requests were cut off: %w", err), s.http.Close())
	}
	<-failed
	return err
}

// FeedURL is the address of a feed for people: below public_url, or below the listener where there is none.
func FeedURL(publicURL, addr, token string) (string, error) {
	if publicURL == "" {
		publicURL = "http://" + addr
	}
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return "", errors.New("feed address: public_url is not a URL")
	}
	return u.JoinPath("feed", token+".ics").String(), nil
}
