// Command convoke turns a calendar into the way to book web meetings. This package wires the others together: one file
// for each subcommand, and app.go for what most of them need. Nothing is decided here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"convoke/internal/config"
	"convoke/internal/keyring"
	"convoke/internal/terminal"
	"convoke/internal/wording"
	"convoke/store"
)

func main() {
	syscall.Umask(0o077) // the ledger, its journal and the key are nobody else's
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone    = 0
	exitSome    = 1 // some of it failed; the rest was done
	exitUsage   = 2 // wrong usage or configuration
	exitLocked  = 3 // another instance holds the ledger
	exitDamaged = 4 // the ledger is damaged or newer than the program
)

// run is the whole program, but for the process around it, which may be a test.
func run(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &streams{out: terminal.New(out), err: terminal.New(errOut), errTo: errOut}
	root := newRoot(s)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	addCompletion(root)
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away ends no pass in the middle of a call
	err := root.ExecuteContext(ctx)
	if unprinted := s.out.Err(); err == nil && unprinted != nil {
		err = fmt.Errorf("not all could be printed: %w", unprinted)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	if err != nil && !errors.Is(err, errSome) {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			s.err.Printf("%s %s\n", s.err.Bad("convoke:"), line)
		}
	}
	return exitCode(err)
}

// streams are where a command prints.
type streams struct {
	out, err *terminal.Out
	errTo    io.Writer
	config   string // -c
	only     string // --organizer
	verbose  bool
	silent   bool // no log, whatever happens
}

// errSome ends a command that has told already what failed.
var errSome = errors.New("some of it failed")

// errInterrupted ends a command that was told to stop.
var errInterrupted = errors.New("interrupted")

// usageError is a call that makes no sense, or a configuration that cannot be used.
type usageError struct{ error }

func exitCode(err error) int {
	var usage usageError
	var words *wording.Error // a template that fails
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.As(err, &words), errors.Is(err, keyring.ErrMalformed):
		return exitUsage
	case errors.Is(err, store.ErrLocked):
		return exitLocked
	case errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrNewer):
		return exitDamaged
	}
	return exitSome
}

func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "convoke",
		Short: "Book in your normal calendar; the web meeting follows",
		Long: `convoke watches calendars. When an organizer types @meet into an event, it makes the meeting on the platform and
writes the join details into the event; moves, new titles and deletions follow.

Exit codes: 0 done; 1 some of it failed, the rest was done; 2 wrong usage or configuration; 3 another convoke holds
the ledger; 4 the ledger is damaged or newer than this program.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, arg []string) error {
			if len(arg) == 0 {
				return c.Help()
			}
			return unknownCommand(c, arg[0])
		},
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.PersistentFlags().StringVarP(&s.config, "config", "c", "", "configuration file (default /etc/convoke/config.toml, then ./config.toml)")
	root.PersistentFlags().BoolVarP(&s.verbose, "verbose", "v", false, "log more: also passes that did nothing, and addresses where errors hold them")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see: %s --help", err, c.CommandPath())}
	})
	for _, add := range []func(*streams) *cobra.Command{
		newRun, newReload, newSync, newPlan, newCheck, newStatus, newWhy, newOrganizer, newApprove, newResolve, newRebuild, newEject, newDemo, newVersion,
	} {
		c := add(s)
		root.AddCommand(c)
		if c.Flags().Lookup("organizer") != nil {
			_ = c.RegisterFlagCompletionFunc("organizer", s.organizers) // the flag is there
		}
	}
	return root
}

// unknownCommand is the error for a command that is none, with those that may have been meant.
func unknownCommand(c *cobra.Command, name string) error {
	c.SuggestionsMinimumDistance = 2
	hint := ""
	if near := c.SuggestionsFor(name); len(near) > 0 {
		hint = ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("unknown command %q%s; see: %s --help", name, hint, c.CommandPath())}
}

// organizers are the addresses of the configuration, for a shell that completes one.
func (s *streams) organizers(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var addresses []string
	if path, err := config.Find(s.config); err == nil {
		if cfg, err := config.LoadWithoutSecrets(path); err == nil {
			for _, o := range cfg.Organizers {
				addresses = append(addresses, o.Email)
			}
		}
	}
	return addresses, cobra.ShellCompDirectiveNoFileComp
}

// addCompletion adds cobra's command, which would answer a shell that it does not know with its help. It prints to where the root
// prints by now.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, arg []string) error {
			if len(arg) > 0 {
				return usageError{fmt.Errorf("no completion for %q, but for bash, fish, powershell and zsh", arg[0])}
			}
			return usageError{fmt.Errorf("which shell? see: %s --help", c.CommandPath())}
		}
	}
}

// args wraps cobra's checks of arguments, so that a wrong number of them is a wrong usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, a []string) error {
		if err := check(c, a); err != nil {
			return usageError{fmt.Errorf("%w; see: %s --help", err, c.CommandPath())}
		}
		return nil
	}
}

// one wants a single argument, and says what it is.
func one(what string) cobra.PositionalArgs {
	return args(func(_ *cobra.Command, a []string) error {
		switch len(a) {
		case 0:
			return fmt.Errorf("needs %s", what)
		case 1:
			return nil
		}
		return fmt.Errorf("takes %s and nothing else, not also %q", what, a[1])
	})
}
