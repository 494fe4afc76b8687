package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version and commit are set by the linker (-X main.version=1.2.3); without it, by what the module knows of itself.
var version, commit = "", ""

func newVersion(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			s.out.Printf("%s\n", versionText())
			return nil
		},
	}
}

// versionText is what version and --version print.
func versionText() string {
	v, commit := build()
	return fmt.Sprintf("convoke %s (commit %s, %s)", v, commit, runtime.Version())
}

// build tells version and commit of the program.
func build() (v, c string) {
	v, c = version, commit
	info, ok := debug.ReadBuildInfo()
	if ok && v == "" {
		v = info.Main.Version
	}
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && c == "" {
			c = s.Value[:min(12, len(s.Value))]
		}
	}
	if c == "" {
		c = "unknown"
	}
	return v, c
}

func userAgent() string {
	v, _ := build()
	return "convoke/" + v
}
