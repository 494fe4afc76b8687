package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/config"
)

// The key is missing, and the ledger and its stamp are not: that is no fresh install.
func TestStampOfMissingKey(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{KeyFile: filepath.Join(dir, "k", "convoke.key"), Stamp: filepath.Join(dir, "convoke.stamp"), Database: filepath.Join(dir, "ledger.db")}
	const was = "convoke-stamp-1 18c09c621302d903 100 0"
	require.NoError(t, os.WriteFile(cfg.Stamp, []byte(was), 0o600))
	a := &app{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	err := a.openKeys(writing) // the folder of the key is not there: nothing can be made
	t.Log(err)
	got, _ := os.ReadFile(cfg.Stamp)
	assert.Equal(t, was, string(got))
}
