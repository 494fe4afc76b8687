package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"convoke/calendar"
	"convoke/internal/calendars"
	"convoke/internal/config"
	"convoke/internal/keyring"
	"convoke/internal/people"
	"convoke/internal/terminal"
	"convoke/internal/transport"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// An app is what most commands need: configuration, ledger, keys, and an engine over them.
type app struct {
	cfg       *config.Config
	ledger    *sqlite.Ledger
	keys      keyring.Keyring
	people    *people.People
	cals      *calendars.Calendars
	engine    *sync.Engine
	publisher *sync.Engine // for feeds: whoever reads one has the platform asked nothing
	keyless   bool         // there is no key yet
	log       *slog.Logger
}

// A mode says how a command uses the ledger.
type mode int

const (
	reading mode = iota // beside a daemon; neither ledger nor key is made
	writing             // short transactions beside a daemon; ledger and key are made when missing
	copying             // a private copy of the ledger, for a preview
	patient             // the daemon: waits are kept
)

// load reads the configuration, and becomes the ledger's owner when started as root.
func (s *streams) load() (*config.Config, error) {
	cfg, err := s.read(config.Load)
	if err != nil {
		return nil, err
	}
	return cfg, becomeOwner(cfg.Database)
}

// read finds and reads the configuration. That there is none that can be read is a wrong usage.
func (s *streams) read(load func(path string) (*config.Config, error)) (*config.Config, error) {
	path, err := config.Find(s.config)
	if err != nil {
		return nil, usageError{err}
	}
	cfg, err := load(path)
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, s.knows(cfg)
}

// knows checks the organizer named on the command line.
func (s *streams) knows(cfg *config.Config) error {
	s.only = strings.ToLower(s.only)
	if s.only == "" || configured(cfg, s.only) {
		return nil
	}
	return usageError{fmt.Errorf("organizer %s is not in %s", s.only, cfg.File)}
}

func configured(cfg *config.Config, email string) bool {
	return slices.ContainsFunc(cfg.Organizers, func(o config.Organizer) bool { return o.Email == email })
}

// open loads the configuration and wires everything up.
func (s *streams) open(ctx context.Context, m mode) (*app, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(reachable(toWrite, ledgerFiles(cfg.Database)...), reachable(toRead, cfg.KeyFile, cfg.Stamp)); err != nil {
		return nil, err
	}
	return s.assemble(ctx, cfg, nil, m)
}

// assemble wires everything up for a configuration, over a ledger that is open already or is opened here.
func (s *streams) assemble(ctx context.Context, cfg *config.Config, ledger *sqlite.Ledger, m mode) (*app, error) {
	a := &app{cfg: cfg, ledger: ledger, log: s.logger()}
	if err := a.openKeys(m); err != nil {
		return nil, err
	}
	passed("keys opened")
	if err := a.openLedger(ctx, m); err != nil {
		return nil, err
	}
	passed("ledger opened")
	if err := a.wire(s, m); err != nil {
		if ledger == nil {
			a.ledger.Close()
		}
		return nil, err
	}
	return a, nil
}

func (a *app) openKeys(m mode) error {
	create := m == writing || m == patient
	if _, err := os.Stat(a.cfg.KeyFile); create && errors.Is(err, fs.ErrNotExist) {
		if err := stampInstall(a.cfg); err != nil {
			return err
		}
		passed("fresh install stamped")
	}
	keys, created, err := keyring.Open(a.cfg.KeyFile, create)
	if errors.Is(err, fs.ErrNotExist) && (m == reading || m == copying) {
		keys, err = keyring.Generate(), nil // nothing is sealed yet; what is made with these keys is not kept
		a.keyless = true
	}
	if created {
		a.log.Info("made the key of the seals; it belongs in the backup", "file", a.cfg.KeyFile)
	}
	a.keys = keys
	return err
}

// stampInstall marks a fresh install, before its key is made: there is nothing that a ledger could have forgotten. Where there was
// a key before, no new one is made.
func stampInstall(cfg *config.Config) error {
	if err := lostKey(cfg); err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Database); !errors.Is(err, fs.ErrNotExist) {
		return nil // no fresh one
	}
	return keyring.Stamp(cfg.Stamp).Write(sync.FreshInstall)
}

// wasUsed reports whether the stamp says that convoke has worked here before.
func wasUsed(cfg *config.Config) (bool, error) {
	said, err := keyring.Stamp(cfg.Stamp).Read()
	return err == nil && said != "" && said != sync.FreshInstall, err
}

// lostKey says so when the key is missing, and its stamp says that it was used.
func lostKey(cfg *config.Config) error {
	if used, err := wasUsed(cfg); !used {
		return err
	}
	return usageError{fmt.Errorf("the key %s is gone, and was used: a new one would not prove the seals in the events. Put its backup back; if it is lost for good, remove %s, and convoke makes a new one", cfg.KeyFile, cfg.Stamp)}
}

// needsKey refuses an app that was opened without its key, when there was one.
func (a *app) needsKey() error {
	if !a.keyless {
		return nil
	}
	return lostKey(a.cfg)
}

// lostLedger says so when the ledger is missing, and the stamp says that there was one.
func lostLedger(cfg *config.Config) error {
	if used, err := wasUsed(cfg); !used {
		return err
	}
	return fmt.Errorf("the ledger %s is gone, and one was in use: put its backup back; without one: convoke rebuild", cfg.Database)
}

func (a *app) openLedger(ctx context.Context, m mode) (err error) {
	switch {
	case a.ledger != nil:
		return nil
	case m == copying:
		a.ledger, err = sqlite.Copy(ctx, a.cfg.Database)
		return err
	case m == reading:
		if _, err := os.Stat(a.cfg.Database); errors.Is(err, fs.ErrNotExist) {
			if err := lostLedger(a.cfg); err != nil {
				return err
			}
			return fmt.Errorf("there is no ledger at %s yet; `convoke sync` or the daemon makes it", a.cfg.Database)
		}
	}
	a.ledger, err = sqlite.Open(ctx, a.cfg.Database, sqlite.Options{Log: a.log})
	return err
}

// A wiring is what everything is wired to.
type wiring struct {
	cfg     *config.Config
	ledger  store.Ledger
	witness sync.Witness
	pool    *transport.Pool
	now     func() time.Time
	uptime  func() time.Duration // nil: now is never set
}

func (a *app) wire(s *streams, m mode) (err error) {
	began := time.Now()
	w := wiring{a.cfg, a.ledger, keyring.Stamp(a.cfg.Stamp), transport.NewPool(), time.Now, func() time.Duration { return time.Since(began) }}
	if err := w.addPoints(); err != nil {
		return err
	}
	if a.people, err = people.New(a.cfg, w.ledger, a.keys, w.pool, userAgent(), m == patient, w.now); err != nil {
		return err
	}
	a.cals = calendars.New(a.cfg, w.pool, userAgent())
	a.engine, a.publisher = a.newEngine(w, m), a.newEngine(w, m)
	a.publisher.People = a.people.Known
	return nil
}

func (a *app) newEngine(w wiring, m mode) *sync.Engine {
	e := &sync.Engine{
		Ledger: w.ledger, People: a.people.All, Calendars: a.cals, Seals: calendar.NewSealer(a.keys.Seal()),
		Token: a.keys.MeetingToken, Witness: w.witness, Now: w.now, Uptime: w.uptime, Stamp: sync.Stamp, Workers: a.cfg.Limits.Workers, Patient: m == patient, Log: a.log,
	}
	if a.keyless { // nothing was ever made
		e.Witness = nil
	}
	return e
}

// logger logs to standard error: for the journal without times, which it has of its own.
func (s *streams) logger() *slog.Logger {
	if s.silent {
		return slog.New(slog.DiscardHandler)
	}
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if s.verbose {
		o.Level = slog.LevelDebug
	}
	journal := os.Getenv("JOURNAL_STREAM") != ""
	o.ReplaceAttr = func(groups []string, at slog.Attr) slog.Attr {
		switch {
		case at.Key == slog.TimeKey && len(groups) == 0 && journal:
			return slog.Attr{}
		case !s.verbose && telling(at):
			return slog.String(at.Key, short(address.ReplaceAllString(at.Value.String(), "…@$1")))
		case len(at.Value.String()) > longest:
			return slog.String(at.Key, short(at.Value.String()))
		}
		return at
	}
	return slog.New(slog.NewTextHandler(s.errTo, o))
}

// address finds e-mail addresses: the log has them only when asked to say more. In a path the @ may be encoded.
var address = regexp.MustCompile(`[^\s@"'<>(/:]+?(?:@|%40)([A-Za-z0-9.-]+\.[A-Za-z]{2,})`)

// telling reports whether an address may stand in an attribute of the log. A UID that looks like one is none; an href that
// stands for it, where there is no UID, may hold one.
func telling(at slog.Attr) bool {
	return at.Key == "error" || at.Key == "calendar" || (at.Key == "uid" && strings.Contains(at.Value.String(), "/"))
}

// quietly is the engine's log for commands that print what they did themselves: only what no report has.
func (s *streams) quietly() *slog.Logger {
	if s.verbose {
		return s.logger()
	}
	return slog.New(slog.DiscardHandler)
}

// progress shows long looks on a terminal.
func (a *app) progress(s *streams) *terminal.Progress {
	line := terminal.NewProgress(s.errTo)
	a.engine.Progress = func(p sync.Progress) {
		line.Say("%s, %s: %d events", p.Organizer, terminal.Plain(p.Calendar), p.Objects)
	}
	return line
}
